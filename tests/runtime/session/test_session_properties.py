"""The whole instrument behind a fake clock: whatever transport, knobs, player and port do, nothing is left on.

The parts are those of `play`; only the clock, the port and who is at the other end of it are the test's.
"""

import threading
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.generation.ensemble import Ensemble, Plan
from runtime.generation.lookahead import LookAhead
from runtime.graph.engine import Engine
from runtime.graph.inputs import GraphInputs
from runtime.midi.input import CONTINUE, PULSE, SONG_POSITION, START, STOP
from runtime.midi.messages import Kind, Message, Sent
from runtime.music.notes import tick_seconds
from runtime.parameters.parameters import Parameters
from runtime.playback.dispatcher import Dispatcher
from runtime.playback.take import Take
from runtime.ports.base import OutputPort
from runtime.session.call_and_response import CallAndResponse, Responder
from runtime.session.live_control import ControllableStyle, FilteredSource, LiveControl
from runtime.transport.clock import FakeClock
from runtime.transport.external import ClockInbox, ExternalSyncTransport
from runtime.transport.transport import InternalTransport

BAR = 96
PATIENCE_SECONDS = 20.0
SEED = 3


@dataclass
class World:
    """Everything that happens, by the time at which it does; the clock of a port."""

    script: list[tuple[float, str, Any]]
    clock: FakeClock = field(default_factory=FakeClock)
    stop: threading.Event = field(default_factory=threading.Event)

    def begin(self, rig: "Rig") -> None:
        self.rig = rig

    def now(self) -> float:
        return self.clock.now()

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        while self.script and self.script[0][0] <= deadline_seconds:
            seconds, kind, value = self.script.pop(0)
            self.clock.jump(max(0.0, seconds - self.now()))
            self.rig.happen(kind, value)
            if stop.is_set():  # woken: the dispatcher looks at once
                break
        else:
            self.clock.jump(max(0.0, deadline_seconds - self.now()))
        if not self.script:
            self.stop.set()
        self.rig.responder.look()
        self.rig.steering.apply_pending()
        assert self.rig.stream.wait_until_filled(PATIENCE_SECONDS)
        return True


class Port(OutputPort):
    """A port that is away at times; what has left was heard by a receiver that never goes."""

    def __init__(self, world: World, lead_seconds: float) -> None:
        super().__init__("port", world)
        self.lead_seconds = lead_seconds
        self.away = False
        self.given: list[tuple[Message, float]] = []
        self.heard: list[tuple[Message, float]] = []

    def describe(self) -> str:
        return self.name

    def check_alive(self) -> bool:
        return not self.away

    def go(self) -> None:
        self.pending_count()
        self.away = True

    def pending_count(self) -> int:
        if not self.away:
            now = self.clock.now()
            self.heard += [one for one in self.given if one[1] <= now]
            self.given = [one for one in self.given if one[1] > now]
        return len(self.given)

    def discard_pending(self) -> list[Message]:
        self.pending_count()
        pending, self.given = [message for message, _ in self.given], []
        return pending

    def _send(self, message: Message, when_seconds: float) -> float | None:
        if self.away:
            return None
        leaves = max(when_seconds, self.clock.now(), self.given[-1][1] if self.given else 0.0)
        self.given.append((message, leaves))
        return leaves


class Rig:
    """The parts of `play`, put together."""

    def __init__(
        self, engine: Engine, script: list[tuple[float, str, Any]], lead: float, mode: str, **plan: Any
    ) -> None:
        world = World(script)
        world.begin(self)
        voices = plan.pop("voices")
        own = InternalTransport(0.3, 200.0) if plan.pop("own") else None
        ensemble = Ensemble(engine, [GraphInputs(style=(1.0,), shortest_piece_bars=4)] * voices, Plan(**plan))
        steerable = ControllableStyle(Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.02), ["scale"], ensemble)
        first = ensemble.advance(steerable.parameters, SEED)
        self.stream = LookAhead(first, ensemble.start(), bar_ticks=BAR, ahead_ticks=2 * BAR, rest=ensemble.rest_until)
        self.world, self.port, self.inbox = world, Port(world, lead), ClockInbox()
        self.take = Take(range(1, voices + 1))
        self.sent: list[Sent] = []
        self.problems: list[str] = []
        source = FilteredSource(self.stream)
        conductor = ExternalSyncTransport(self.inbox, own, 200.0)
        channels = range(1, voices + 1)
        self.dispatcher = Dispatcher(self.port, conductor, source, channels, self.on_sent, self.inbox.wake)
        self.steering = LiveControl(
            steerable, SEED, self.stream, panic=self.dispatcher.panic, complain=self.problems.append
        )
        exchange = CallAndResponse(mode=mode, bar_ticks=BAR, beat_ticks=24)
        source.shape, self.dispatcher.delay = (
            lambda notes: exchange.only_our_bars(self.steering.shape(notes)),
            self.steering.delay,
        )
        self.responder = Responder(
            exchange, self.steering, ensemble.after, self.dispatcher.tick_at, self.port.clock.now
        )

    def on_sent(self, sent: Sent) -> None:
        self.sent.append(sent)
        self.take.add(sent)

    def happen(self, kind: str, value: Any) -> None:
        if kind == "clock":
            self.inbox.put(value, self.world.now())
        elif kind == "turn":
            self.steering.submit(value)
        elif kind == "key":
            self.responder.put(value, self.world.now())
        elif kind == "away":
            self.port.go()
        elif kind == "back":
            self.port.away = False

    def play(self) -> None:
        stop = threading.Event()
        thread = threading.Thread(target=self.stream.run, args=(stop,))
        thread.start()
        try:
            assert self.stream.wait_until_filled(PATIENCE_SECONDS)
            self.dispatcher.run(self.world.stop)
        finally:
            stop.set()
            thread.join(PATIENCE_SECONDS)


CLOCKS = st.one_of(
    st.tuples(st.just("pulses"), st.integers(1, 100), st.sampled_from([97.0, 120.0, 200.0, 300.0])),
    st.tuples(st.just("clock"), st.sampled_from([START, STOP, CONTINUE]), st.none()),
    st.tuples(st.just("locate"), st.integers(0, 200), st.none()),
)
LINES = st.sampled_from(
    [
        *("hold 1", "hold 2", "hold off", "variation 0.4", "variation 0", "new", "panic", "mute on", "mute off"),
        *(
            "key Eb minor",
            "key off",
            "density 0.9",
            "swing 1",
            "humanise 1",
            "temperature 0.2",
            "register 50 70",
            "nonsense",
        ),
    ]
)
BYTES = st.builds(lambda number, value: bytes([0xB0, number, value]), st.integers(70, 82), st.integers(0, 127))
KEYS = st.builds(lambda pitch, velocity: bytes([0x90, pitch, velocity]), st.integers(58, 62), st.sampled_from([0, 90]))
EVENTS = st.one_of(
    CLOCKS,
    st.tuples(st.just("turn"), LINES | BYTES, st.none()),
    st.tuples(st.just("key"), KEYS, st.none()),
    st.tuples(st.just("wait"), st.integers(1, 30), st.none()),
    st.tuples(st.sampled_from(["away", "back"]), st.none(), st.none()),
)


def timed(events: list[tuple[str, Any, Any]]) -> list[tuple[float, str, Any]]:
    """Give the events their times; in the end the port is back."""
    script: list[tuple[float, str, Any]] = []
    now = 0.2
    for kind, value, bpm in events:
        now += 0.013
        if kind == "pulses":
            script += [(now + count * tick_seconds(bpm), "clock", bytes([PULSE])) for count in range(value)]
            now += value * tick_seconds(bpm)
        elif kind == "clock":
            script.append((now, "clock", bytes([value])))
        elif kind == "locate":
            script.append((now, "clock", bytes([SONG_POSITION, value & 0x7F, value >> 7])))
        elif kind == "wait":
            now += value * 0.05
        else:
            script.append((now, kind, value))
    return [*script, (now + 0.1, "back", None), (now + 0.3, "end", None)]


@settings(max_examples=120)
@given(
    events=st.lists(EVENTS, min_size=1, max_size=25),
    lead=st.sampled_from([0.0, 0.1]),
    mode=st.sampled_from(["off", "continue", "answer"]),
    voices=st.integers(1, 2),
    form=st.sampled_from([None, "AB"]),
    own=st.booleans(),
)
def test_whatever_happens(
    tiny: Engine,
    events: list[tuple[str, Any, Any]],
    *,
    lead: float,
    mode: str,
    voices: int,
    form: str | None,
    own: bool,
) -> None:
    rig = Rig(tiny, timed(events), lead, mode, voices=voices, form=form, section_bars=1, own=own)
    rig.play()
    sounding: set[tuple[int, int]] = set()
    for message, _ in rig.port.heard + rig.port.given:
        key = (message.channel, message.number)
        if message.kind is Kind.NOTE_ON:
            assert key not in sounding, "struck while it sounds"
            sounding.add(key)
        elif message.kind is Kind.NOTE_OFF:
            assert key in sounding, "ended without having been started"
            sounding.remove(key)
    assert sounding == set()
    times = [when for _, when in rig.port.heard + rig.port.given]
    assert times == sorted(times)
    assert [one.message for one in rig.sent] == [message for message, _ in rig.port.heard + rig.port.given]
    assert all(one.sent_seconds >= one.due_seconds - 1e-9 for one in rig.sent)
    starts = sum(one.message.kind is Kind.NOTE_ON for one in rig.sent)
    assert len(rig.take.music().notes) == starts
    assert rig.stream.problem is None
    assert all("nonsense" in problem or "no note of" in problem for problem in rig.problems)
