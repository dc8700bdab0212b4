"""A panic ends what sounds; what has not begun is played as if there had been none."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.midi.input import CONTINUE, PULSE, SONG_POSITION, START, STOP
from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, Kind
from lstm_composer.runtime.music.notes import tick_seconds
from lstm_composer.runtime.playback.panic import START_SECONDS
from lstm_composer.runtime.transport.transport import TransportEvent, TransportEventKind
from tests.support.quick import examples

Make = Callable[..., Any]
Heard = list[tuple[float, Kind, int, int, int, int]]
LEADS = pytest.mark.parametrize("lead", [0.0, 0.1])

ALL_CHANNELS = [bytes([0xB0 | channel, number, 0]) for channel in range(16) for number in (120, 123)]
RESETS = [bytes([0xB0 | channel, number, 0]) for channel in range(16) for number in (121, 64)]
NOTE_OFFS = [bytes([0x80 | channel, pitch, 0]) for channel in range(16) for pitch in range(128)]


class Run:
    """A DAW's script played to us; `heard` is what left by the port, by time."""

    def __init__(self, engine: Engine, stage: Make, lead: float, *, own: bool) -> None:
        self.stage = stage(engine, sync="auto" if own else "midi", lead_seconds=lead, voices=2)
        self.started: list[float] = []
        follow = self.stage.dispatcher._follow

        def watch(move: TransportEvent) -> None:
            if move.kind is TransportEventKind.START:
                self.started.append(self.stage.clock.now())
            follow(move)

        self.stage.dispatcher._follow = watch

    def comes(self, seconds: float, *message: int) -> None:
        """Have a message about the clock come in."""
        self.stage.at_seconds(seconds, lambda: self.stage.port.receive(bytes(message), seconds))

    def pulses(self, seconds: float, count: int, bpm: float) -> float:
        """Have pulses come in; returns when the next one would."""
        for number in range(count):
            self.comes(seconds + number * tick_seconds(bpm), PULSE)
        return seconds + count * tick_seconds(bpm)

    def sent(self, seconds: float, messages: Sequence[bytes], read_after: float = 0.0) -> None:
        """Have channel messages come in, which are read a little later, as by a thread of its own."""

        def put() -> None:
            for message in messages:
                self.stage.steering.submit(message, seconds)

        self.stage.at_seconds(seconds, put)
        self.stage.at_seconds(seconds + read_after, self.stage.steering.apply_pending)

    def heard(self, until: float) -> Heard:
        self.stage.at_seconds(until, self.stage.stop.set, self.stage.session.requests.look)
        self.stage.play()
        assert self.stage.left_on() == set()
        return [(when, one.kind, one.tick, one.channel, one.number, one.value) for one, when in self.stage.port.sent]


def starts(heard: Heard) -> Heard:
    return [one for one in heard if one[1] is Kind.NOTE_ON]


Start = Callable[..., Heard]


@pytest.fixture(scope="module")
def started(tiny: Engine, stage: Make) -> Start:
    """Have a DAW start and send messages around its first pulse: what is heard; without any, it is played once."""

    @cache
    def start(
        messages: Sequence[bytes] = (), *, lead: float, own: bool, read_after: float = 0.0, order: str = ""
    ) -> Heard:
        one = Run(tiny, stage, lead, own=own)
        for name, status in (("before", START), ("between", PULSE)):
            if order == name:
                one.sent(1.0, messages, read_after)
            one.comes(1.0, status)
        if order == "after":
            one.sent(1.0, messages, read_after)
        end = one.pulses(1.0 + tick_seconds(120), 200, 120)
        one.comes(end, STOP)
        return one.heard(end + 0.5)

    return start


@LEADS
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("read_after", [0.0, 0.06, 0.3])
@pytest.mark.parametrize("order", ["before", "between", "after"])
def test_a_panic_that_arrives_with_start_costs_nothing(
    started: Start, *, lead: float, own: bool, read_after: float, order: str
) -> None:
    messages = (*ALL_CHANNELS, *RESETS, *NOTE_OFFS)
    plain, panicked = (
        started(lead=lead, own=own),
        started(messages, lead=lead, own=own, read_after=read_after, order=order),
    )
    # What sounded by our own tempo before the start may be ended in either way.
    assert [one for one in panicked if one[0] > 1.0] == [one for one in plain if one[0] > 1.0]
    assert starts(panicked) == starts(plain)
    assert starts(plain)[-1][2] > 150


@LEADS
def test_what_sounds_is_ended_at_once_and_all_notes_off_is_said(tiny: Engine, stage: Make, lead: float) -> None:
    one = Run(tiny, stage, lead, own=False)
    one.comes(1.0, START)
    end = one.pulses(1.0, 200, 120)
    one.sent(2.0, ALL_CHANNELS)
    heard = one.heard(end)
    sounding: set[tuple[int, int]] = set()
    for when, kind, _, channel, number, _ in heard:
        if when > 2.0 + 1e-6:
            break
        (sounding.add if kind is Kind.NOTE_ON else sounding.discard)((channel, number))
    assert sounding == set()
    said = [(channel, when) for when, kind, _, channel, number, _ in heard if kind is Kind.CONTROL and when < end - 0.1]
    assert {channel for channel, _ in said} == {1, 2}
    assert {when for _, when in said} == {2.0}
    assert sum(one[1] is Kind.CONTROL and one[4] == ALL_NOTES_OFF and one[0] == 2.0 for one in heard) == 2


MOVES = st.one_of(
    st.tuples(st.just("pulses"), st.integers(1, 120), st.sampled_from([60.0, 97.0, 120.0, 140.0, 240.0])),
    st.tuples(st.sampled_from(["start", "start", "stop", "continue"]), st.just(0), st.just(0.0)),
    st.tuples(st.just("locate"), st.integers(0, 255), st.just(0.0)),
    st.tuples(st.just("wait"), st.integers(0, 20), st.just(0.1)),
)
PANICS = st.lists(st.tuples(st.floats(0.4, 8.0), st.sampled_from([0.0, 0.01, 0.2]), st.integers(1, 32)), max_size=6)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(moves=[("start", 0, 0.0), ("pulses", 90, 120.0)], panics=[(0.52, 0.0, 1)], lead=0.1, own=False)
@example(
    moves=[("pulses", 79, 120.0), ("start", 0, 0.0), ("wait", 10, 0.1), ("pulses", 119, 140.0)],
    panics=[(5.359375, 0.2, 1)],
    lead=0.1,
    own=False,
)
@given(moves=st.lists(MOVES, max_size=8), panics=PANICS, lead=st.sampled_from([0.0, 0.1]), own=st.booleans())
def test_panics_at_any_moment(
    tiny: Engine,
    stage: Make,
    moves: list[tuple[str, int, float]],
    panics: list[tuple[float, float, int]],
    *,
    lead: float,
    own: bool,
) -> None:
    def run(panics: list[tuple[float, float, int]]) -> tuple[Heard, Run, float]:
        one = Run(tiny, stage, lead, own=own)
        now = 0.5
        for kind, number, value in moves:
            now += 0.001
            if kind == "pulses":
                now = one.pulses(now, number, value)
            elif kind == "wait":
                now += number * value
            elif kind == "locate":
                one.comes(now, SONG_POSITION, number & 0x7F, number >> 7)
            else:
                one.comes(now, {"start": START, "stop": STOP, "continue": CONTINUE}[kind])
        for seconds, read_after, count in panics:
            one.sent(seconds, ALL_CHANNELS[:count], read_after)
        return one.heard(now + 1.0), one, now

    plain, _, end = run([])
    panicked, played, _ = run(panics)
    # What lies beyond the last pulse is played or not as it was given to the port before the clock was missed.
    certain = sum(when < end for when, *_ in starts(plain))
    expected, found = starts(plain)[:certain], starts(panicked)[:certain]
    assert [one[1:] for one in found] == [one[1:] for one in expected]
    # Given anew, a note has its time by what is known of the tempo by then.
    assert [one[0] for one in found] == pytest.approx([one[0] for one in expected], abs=0.02)
    assert played.stage.dispatcher.missed_notes == played.stage.dispatcher.lost_notes == 0
    for seconds, read_after, _ in panics:
        if any(0 <= seconds - start < START_SECONDS for start in played.started):
            continue  # it came with the start
        assert lasting(panicked, seconds, seconds + read_after) == set()


def lasting(heard: Heard, first: float, last: float) -> set[tuple[int, int]]:
    """What had begun at one time and still sounds after another."""
    begun: dict[tuple[int, int], float] = {}
    for when, kind, _, channel, number, _ in heard:
        if when > last + 1e-6:
            break
        if kind is Kind.NOTE_ON:
            begun[channel, number] = when
        elif kind is Kind.NOTE_OFF:
            del begun[channel, number]
    return {key for key, when in begun.items() if when < first}
