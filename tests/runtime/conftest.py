"""A stage for tests of the runtime: engine, look-ahead, knobs, dispatcher and port, on one thread and a fake clock."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from runtime.generation.ensemble import Ensemble, Plan
from runtime.generation.lookahead import LookAhead
from runtime.generation.voice import Advance
from runtime.graph.engine import Engine
from runtime.graph.inputs import GraphInputs
from runtime.midi.messages import Kind, Message, Sent
from runtime.music.notes import Meter, Note, tick_seconds
from runtime.parameters.initial import apply_commands
from runtime.parameters.parameters import Parameters
from runtime.playback.dispatcher import Dispatcher
from runtime.playback.take import Take
from runtime.ports.base import OutputPort
from runtime.session.call_and_response import CallAndResponse, Responder
from runtime.session.live_control import ControllableStyle, FilteredSource, LiveControl
from runtime.transport.clock import FakeClock
from runtime.transport.external import ClockInbox, ExternalSyncTransport
from runtime.transport.transport import InternalTransport, Transport
from tests.runtime.one_style import BASE, OneStyle

BAR, SEED, TEMPO, STEP_SECONDS = 96, 11, 120.0, 0.02
TICK_SECONDS = tick_seconds(TEMPO)
Action = str | bytes | Callable[[], object]


class StagePort(OutputPort):
    """Sends at once, or at the time asked for if it may be given messages so early; can refuse them."""

    def __init__(self, clock: FakeClock, lead_seconds: float) -> None:
        super().__init__("stage", clock)
        self.lead_seconds = lead_seconds
        self.given: list[tuple[Message, float]] = []
        self.before_send: Callable[[Message], None] = lambda _: None

    def describe(self) -> str:
        return "stage"

    def _send(self, message: Message, when_seconds: float) -> float:
        self.before_send(message)
        latest = self.given[-1][1] if self.given else 0.0
        leaves = max(when_seconds, latest, self.clock.now()) if self.lead_seconds else self.clock.now()
        self.given.append((message, leaves))
        return leaves

    def pending_count(self) -> int:
        return sum(leaves > self.clock.now() for _, leaves in self.given[-256:])

    def discard_pending(self) -> list[Message]:
        now = self.clock.now()
        pending = [message for message, leaves in self.given if leaves > now]
        self.given = [one for one in self.given if one[1] <= now]
        return pending


class Room(FakeClock):
    """Time, in which things happen as a script says; before it moves on, the engine has made its notes."""

    def __init__(self, each_step: Callable[[], None]) -> None:
        super().__init__(0.0)
        self.script: list[tuple[float, Callable[[], object]]] = []
        self._each_step = each_step

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        while True:
            self._each_step()
            happens = self.script[0][0] if self.script else float("inf")
            step = min(deadline_seconds, happens, self.now() + STEP_SECONDS)
            self.jump(max(0.0, step - self.now()))
            if happens <= self.now():
                self.script.pop(0)[1]()
            if stop.is_set():
                return False
            if self.now() >= deadline_seconds:
                self._each_step()
                return super().wait_until(deadline_seconds, stop)


class Stage:
    """Everything that plays, put together as `play` does it, but that each step waits for the one before."""

    def __init__(
        self,
        engine: Engine,
        *,
        voices: int = 1,
        plan: Plan | None = None,
        turns: Sequence[str] = (),
        bars: int | None = None,
        seed: int = SEED,
        lead_seconds: float = 0.0,
        early_seconds: float = 0.0,
        listen: CallAndResponse | None = None,
        inbox: ClockInbox | None = None,
        own_tempo: bool = True,
        shortest_bars: int = 1000,
        wrap: Callable[[Advance], Advance] = lambda advance: advance,
    ) -> None:
        knobs = apply_commands(turns, Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.02), ["one"])
        has_memory = engine.card.network.memory > 0
        one = GraphInputs(style=(1.0,), meter=Meter(4, 4), shortest_piece_bars=shortest_bars, has_memory=has_memory)
        controls = [one] * voices
        self.ensemble = Ensemble(engine, controls, plan)
        self._wrap(wrap)
        self.problems: list[str] = []
        self.stop = threading.Event()
        self.stream = LookAhead(
            self.ensemble.advance(knobs, seed),
            self.ensemble.start(),
            bar_ticks=BAR,
            ahead_ticks=2 * BAR,
            end_tick=None if bars is None else bars * BAR,
            rest=self.ensemble.rest_until,
            anew=self.ensemble.anew,
        )
        self.clock = Room(self.step)
        self.port = StagePort(self.clock, lead_seconds)
        self.source = FilteredSource(self.stream)
        own = InternalTransport(lead_seconds + max(early_seconds, 0.0), TEMPO)
        self.transport: Transport = own
        if inbox is not None:
            self.transport = ExternalSyncTransport(inbox, own if own_tempo else None, TEMPO)
        self.channels = tuple(range(1, voices + 1))
        self.sent: list[Sent] = []
        self.take = Take(self.channels, BAR)
        self.take.tempo = lambda: self.transport.tempo_bpm
        wake = None if inbox is None else inbox.wake
        self.dispatcher = Dispatcher(self.port, self.transport, self.source, self.channels, self._report, wake)
        self.dispatcher.early_seconds = early_seconds
        self.steering = LiveControl(
            ControllableStyle(parameters=knobs, styles=["one"], ensemble=self.ensemble),
            seed,
            self.stream,
            panic=self.dispatcher.panic,
            complain=self.problems.append,
        )
        self.source.shape, self.dispatcher.delay = self.steering.shape, self.steering.delay
        self.responder: Responder | None = None
        if listen is not None:
            self.source.shape = lambda notes: listen.only_our_bars(self.steering.shape(notes))
            self.responder = Responder(
                listen,
                self.steering,
                self.ensemble.after,
                self.dispatcher.tick_at,
                self.dispatcher.now,
            )

    def _wrap(self, wrap: Callable[[Advance], Advance]) -> None:
        plain = self.ensemble.advance
        self.ensemble.advance = lambda parameters, seed: wrap(plain(parameters, seed))  # type: ignore[method-assign] # spoilt

    def _report(self, sent: Sent) -> None:
        self.sent.append(sent)
        self.take.add(sent)

    def step(self) -> None:
        """Let everybody but the dispatcher do what there is to do."""
        if self.responder is not None:
            self.responder.look()
        self.fill()

    def fill(self) -> None:
        """Make all the notes that there is room for."""
        for _ in range(20_000):
            if not self.stream.make_one():
                return
        raise AssertionError("the stream stands still")

    def at_seconds(self, seconds: float, *actions: Action) -> None:
        """Have something happen at a time: a turn of a knob, or anything else."""
        for action in actions:
            self.clock.script.append((seconds, self._doing(action)))
        self.clock.script.sort(key=lambda one: one[0])

    def at(self, tick: float, *actions: Action) -> None:
        """Have something happen at a position of our own tempo."""
        self.at_seconds(self.transport.seconds_at(0) + tick * TICK_SECONDS, *actions)

    def _doing(self, action: Action) -> Callable[[], object]:
        if not isinstance(action, (str, bytes)):
            return action

        def turn() -> None:
            self.steering.submit(action)
            self.steering.apply_pending()

        return turn

    def hear(self, tick: float, pitch: int, length: float, velocity: int = 80) -> None:
        """Have the player play a note."""
        responder = self.responder
        assert responder is not None

        def put(message: bytes) -> Callable[[], None]:
            return lambda: responder.put(message, self.clock.now())

        self.at(tick, put(bytes([0x90, pitch, velocity])))
        self.at(tick + length, put(bytes([0x80, pitch, 64])))

    def play(self, until: int | None = None) -> list[Note]:
        """Play to the end, or to a position; returns what a take keeps of it."""
        if until is not None:
            self.at(until, self.stop.set)
        self.step()
        self.dispatcher.run(self.stop)
        return self.take.music().notes

    def starts(self) -> list[tuple[int, int, int, int]]:
        """Tick, channel, pitch and velocity of all that was struck."""
        messages = [one.message for one in self.sent if one.message.kind is Kind.NOTE_ON]
        return [(one.tick, one.channel, one.number, one.value) for one in messages]

    def left_on(self) -> set[tuple[int, int]]:
        """What still sounds, at the port; fails where an end has no beginning, or something is struck twice."""
        sounding: set[tuple[int, int]] = set()
        for message, _ in self.port.given:
            key = (message.channel, message.number)
            if message.kind is Kind.NOTE_ON:
                assert key not in sounding, f"{message} is struck while it sounds"
                sounding.add(key)
            elif message.kind is Kind.NOTE_OFF:
                assert key in sounding, f"{message} ends what does not sound"
                sounding.remove(key)
        return sounding


@pytest.fixture(scope="session")
def bach() -> Engine:
    """A trained network that remembers the piece."""
    return OneStyle(BASE, "bach")


@pytest.fixture(scope="session")
def stage() -> Callable[..., Stage]:
    return Stage


@pytest.fixture(scope="session")
def made() -> Callable[..., list[Note]]:
    """Make the notes of a stream up to a position, as `write` does."""

    def make(advance: Advance, place: Any, until: int) -> list[Note]:
        notes: list[Note] = []
        while place.onset < until:
            note, place = advance(place)
            notes += [] if note is None else [note]
        return [note for note in notes if note.onset < until]

    return make


@pytest.fixture(scope="session")
def moved() -> Callable[..., list[tuple[int, ...]]]:
    """Notes between two positions, as if the first were 0: onset, pitch, velocity and voice."""

    def move(notes: Iterable[Note], first: int, last: int) -> list[tuple[int, ...]]:
        return [(one.onset - first, one.pitch, one.velocity, one.voice) for one in notes if first <= one.onset < last]

    return move
