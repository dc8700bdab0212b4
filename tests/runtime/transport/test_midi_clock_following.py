"""The dispatcher led by a MIDI clock, on a clock that brings the messages in at their times."""

import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.midi.input import CONTINUE, PULSE, SONG_POSITION, START, STOP
from lstm_composer.runtime.midi.messages import Kind, Sent
from lstm_composer.runtime.music.notes import Note, tick_seconds
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.playback.outbox import Outbox
from lstm_composer.runtime.playback.requests import Requests
from lstm_composer.runtime.testing import FakeClock, RecordingPort
from lstm_composer.runtime.transport.external import ClockInbox, ExternalSyncTransport
from lstm_composer.runtime.transport.transport import InternalTransport
from tests.support.quick import examples

BEAT, BAR = 24, 96
LENGTH = 16 * BAR
Script = list[tuple[float, bytes]]


class Room(FakeClock):
    """Time, in which messages come in as a script says, and which ends with it."""

    def __init__(self, script: Script, inbox: ClockInbox, seconds_after: float = 1.0) -> None:
        super().__init__(0.0)
        self._script = sorted(script, key=lambda one: one[0])
        self._inbox = inbox
        self._end = max((seconds for seconds, _ in script), default=0.0) + seconds_after
        self.stop = threading.Event()

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        while self._script and self._script[0][0] <= deadline_seconds:
            seconds, message = self._script.pop(0)
            self.jump(max(0.0, seconds - self.now()))
            self._inbox.put(message, seconds)
            if stop.is_set():
                return False
        if deadline_seconds > self._end:
            self.stop.set()
        return super().wait_until(deadline_seconds, stop)


@dataclass
class Song:
    """Quarter notes, a beat long but for a tick, each bar on pitches of its own."""

    end_tick: int | None = None
    taken: int = 0
    located: list[int] = field(default_factory=list)

    def take_before(self, tick: int) -> list[Note]:
        onsets = range(-(-self.taken // BEAT) * BEAT, min(tick, LENGTH), BEAT)
        self.taken = max(self.taken, tick)
        return [Note(onset, 40 + onset // BAR, BEAT - 1, 80) for onset in onsets]

    def finished(self) -> bool:
        return False

    def locate(self, tick: int) -> None:
        self.located.append(tick)
        self.taken = tick

    def wait_until_made(self, tick: int, timeout_seconds: float) -> bool:
        return tick >= 0 and timeout_seconds > 0


def perform(script: Script, *, lead_seconds: float = 0.0, own: bool = False) -> tuple[list[Sent], Song, RecordingPort]:
    inbox, song, sent = ClockInbox(), Song(), list[Sent]()
    room = Room(script, inbox)
    port = RecordingPort(room, lead_seconds=lead_seconds)
    conductor = ExternalSyncTransport(inbox, InternalTransport(0.0, 120.0) if own else None, 120.0)
    dispatcher = Dispatcher(Outbox(port, sent.append), conductor, song, [1], requests=Requests(room, inbox.wake))
    dispatcher.run(room.stop)
    return sent, song, port


def pulses(start: float, count: int, bpm: float) -> Script:
    return [(start + number * tick_seconds(bpm), bytes([PULSE])) for number in range(count)]


def at(seconds: float, *message: int) -> Script:
    return [(seconds, bytes(message))]


def onsets(port: RecordingPort) -> list[tuple[int, float]]:
    return [(one.tick, when) for one, when in port.sent if one.kind is Kind.NOTE_ON]


def left_on(port: RecordingPort) -> set[int]:
    sounding: set[int] = set()
    for message, _ in port.sent:
        if message.kind is Kind.NOTE_ON:
            assert message.number not in sounding, "struck while it sounds"
            sounding.add(message.number)
        elif message.kind is Kind.NOTE_OFF:
            sounding.remove(message.number)
    return sounding


LEADS = pytest.mark.parametrize("lead", [0.0, 0.1])


@LEADS
def test_nothing_is_played_until_the_first_pulse_after_start(lead: float) -> None:
    _, _, port = perform([*pulses(1, 48, 120), *at(2.0, START)], lead_seconds=lead)
    assert port.sent == []


@LEADS
def test_notes_are_played_on_the_senders_beats(lead: float) -> None:
    _, _, port = perform([*at(1.0, START), *pulses(1.0, 8 * BEAT, 90), *at(6.32, STOP)], lead_seconds=lead)
    expected = [(beat * BEAT, 1.0 + beat * 60 / 90) for beat in range(8)]
    assert [tick for tick, _ in onsets(port)] == [tick for tick, _ in expected]
    assert [when for _, when in onsets(port)[1:]] == pytest.approx([when for _, when in expected[1:]], abs=1e-6)
    assert onsets(port)[0][1] == pytest.approx(1.0)
    assert left_on(port) == set()


@LEADS
def test_after_a_jump_of_tempo_the_next_beats_are_in_time(lead: float) -> None:
    first, second = 4 * 60 / 97, 60 / 140
    script = [*at(1.0, START), *pulses(1.0, 4 * BEAT, 97), *pulses(1.0 + first, 4 * BEAT, 140)]
    _, _, port = perform(script, lead_seconds=lead)
    late = {tick: when - (1.0 + first + (tick - 4 * BEAT) / BEAT * second) for tick, when in onsets(port)}
    assert [late[tick] for tick in (5 * BEAT, 6 * BEAT, 7 * BEAT)] == pytest.approx([0.0] * 3, abs=1e-3)


@LEADS
def test_stop_ends_the_note_and_continue_goes_on_behind_it(lead: float) -> None:
    length = tick_seconds(120)
    script = [*at(1.0, START), *pulses(1.0, 30, 120), *at(1.0 + 30 * length, STOP), *at(3.0, CONTINUE)]
    sent, _, port = perform([*script, *pulses(3.0, 40, 120), *at(3.82, STOP)], lead_seconds=lead)
    assert [tick for tick, _ in onsets(port)] == [0, 24, 48]
    assert dict(onsets(port))[48] == pytest.approx(3.0 + 18 * length, abs=1e-6)
    silence = [one.message for one in sent if 1.6 < one.sent_seconds < 2.9]
    assert [(one.kind, one.number) for one in silence] == [(Kind.NOTE_OFF, 40), (Kind.CONTROL, 64), (Kind.CONTROL, 123)]
    assert left_on(port) == set()


@LEADS
def test_a_locate_plays_the_music_of_that_place(lead: float) -> None:
    script = [*at(1.0, START), *pulses(1.0, 30, 120), *at(1.7, STOP), *at(1.8, SONG_POSITION, 0, 1)]
    _, song, port = perform([*script, *at(2.0, CONTINUE), *pulses(2.1, 30, 120)], lead_seconds=lead)
    struck = [(one.tick, one.number) for one, _ in port.sent if one.kind is Kind.NOTE_ON]
    assert struck == [(0, 40), (24, 40), (768, 48), (792, 48)]
    assert 768 in song.located


@LEADS
def test_our_own_tempo_holds_until_a_start_comes(lead: float) -> None:
    script = [*at(4.3, START), *pulses(4.4, 100, 120)]
    _, _, port = perform(script, lead_seconds=lead, own=True)
    before = [tick for tick, when in onsets(port) if when < 4.3]
    after = [(tick, when) for tick, when in onsets(port) if when >= 4.4]
    assert before == [beat * BEAT for beat in range(9)]
    assert after[0][0] == 0
    assert after[0][1] == pytest.approx(4.4)
    assert left_on(port) == set()


@LEADS
def test_a_clock_alone_takes_over_the_tempo(lead: float) -> None:
    _, _, port = perform(pulses(2.0, 30 * BEAT, 150), lead_seconds=lead, own=True)
    ticks = [tick for tick, _ in onsets(port)]
    assert ticks == [beat * BEAT for beat in range(len(ticks))]
    times = [when for _, when in onsets(port)]
    assert times[10] - times[9] == pytest.approx(0.4, abs=1e-6)
    pulses_since = (times[10] - 2.0) / tick_seconds(150)
    assert pulses_since == pytest.approx(round(pulses_since), abs=1e-3)


@LEADS
def test_a_clock_that_ceases_leaves_nothing_on(lead: float) -> None:
    _, _, port = perform([*at(1.0, START), *pulses(1.0, 30, 120)], lead_seconds=lead)
    assert left_on(port) == set()
    assert max(when for _, when in port.sent) < 2.2


MOVES = st.one_of(
    st.tuples(st.just("pulses"), st.integers(1, 120), st.sampled_from([60.0, 97.0, 120.0, 140.0, 240.0])),
    st.tuples(st.sampled_from(["start", "stop", "continue"]), st.just(0), st.just(0.0)),
    st.tuples(st.just("locate"), st.integers(0, 255), st.just(0.0)),
    st.tuples(st.just("wait"), st.integers(0, 20), st.just(0.1)),
    st.tuples(st.just("noise"), st.integers(0, 255), st.just(0.0)),
)


@settings(max_examples=examples(150), deadline=None)
@given(moves=st.lists(MOVES, max_size=12), lead=st.sampled_from([0.0, 0.1]), own=st.booleans())
def test_whatever_the_sender_does(moves: list[tuple[str, int, float]], *, lead: float, own: bool) -> None:
    script, now = Script(), 0.5
    for kind, number, value in moves:
        now += 0.001
        if kind == "pulses":
            script += pulses(now, number, value)
            now += number * tick_seconds(value)
        elif kind == "wait":
            now += number * value
        elif kind == "locate":
            script += at(now, SONG_POSITION, number & 0x7F, number >> 7)
        elif kind == "noise":
            script += at(now, number, 1)
        else:
            script += at(now, {"start": START, "stop": STOP, "continue": CONTINUE}[kind])
    sent, _, port = perform(script, lead_seconds=lead, own=own)
    assert left_on(port) == set()
    assert [one.message for one in sent] == [message for message, _ in port.sent]
    times = [when for _, when in port.sent]
    assert times == sorted(times)
    assert all(one.sent_seconds >= one.due_seconds - 1e-9 for one in sent)
