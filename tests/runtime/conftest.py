"""A stage for tests of the runtime: a session of one network, on one thread and a fake clock."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from lstm_composer.runtime.generation.ensemble import Ensemble, Plan
from lstm_composer.runtime.generation.lookahead import LookAhead
from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.midi.messages import Kind
from lstm_composer.runtime.music.notes import Meter, Note, tick_seconds
from lstm_composer.runtime.parameters.initial import apply_commands
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.playback.take import Take
from lstm_composer.runtime.session.call_and_response import CallAndResponse, Responder
from lstm_composer.runtime.session.live_control import ControllableStyle, LiveControl
from lstm_composer.runtime.session.loading import LoadedComposer
from lstm_composer.runtime.session.settings import MusicSettings, PlaySettings, Sync
from lstm_composer.runtime.testing import FakeSession
from lstm_composer.runtime.transport.transport import Transport
from tests.runtime.one_style import BASE, OneStyle

BAR, SEED, TEMPO = 96, 11, 120.0
TICK_SECONDS = tick_seconds(TEMPO)


class Stage(FakeSession):
    """A session of one network in 4/4, whose music begins as soon as the port takes messages."""

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
        sync: Sync = "internal",
        shortest_bars: int = 1000,
        wrap: Callable[[Advance], Advance] = lambda advance: advance,
        away_between: Sequence[tuple[float, float]] = (),
    ) -> None:
        knobs = apply_commands(turns, Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.02), ["one"])
        has_memory = engine.card.network.memory > 0
        one = GraphInputs(style=(1.0,), meter=Meter(4, 4), shortest_piece_bars=shortest_bars, has_memory=has_memory)
        self.ensemble = Ensemble(engine, [one] * voices, plan)
        self._wrap(wrap)
        self.channels = tuple(range(1, voices + 1))
        composer = LoadedComposer(
            style="one",
            device="cpu",
            tempo_bpm=TEMPO,
            meter=Meter(4, 4),
            advance=self.ensemble.advance(knobs, seed),
            cursor=self.ensemble.start(),
            end_tick=None if bars is None else bars * BAR,
            anew=self.ensemble.anew,
            controllable=ControllableStyle(parameters=knobs, styles=["one"], ensemble=self.ensemble),
            channels=self.channels,
        )
        lead_in = 0 if listen is None else listen.first_tick // BAR
        super().__init__(
            PlaySettings(
                music=MusicSettings(style="one", seed=seed, lead_in=lead_in),
                sync=sync,
                latency_ms=early_seconds * 1000,
                listen="off" if listen is None else listen.mode,
                answer_bars=2 if listen is None else listen.turn_bars,
            ),
            composer,
            lead_seconds=lead_seconds,
            count_in_seconds=max(early_seconds, 0.0),
            away_between=away_between,
        )
        self._told_before = len(self.told)

    def _wrap(self, wrap: Callable[[Advance], Advance]) -> None:
        plain = self.ensemble.advance
        self.ensemble.advance = lambda parameters, seed: wrap(plain(parameters, seed))  # type: ignore[method-assign] # spoilt

    @property
    def problems(self) -> list[str]:
        """What was said while it played."""
        return self.told[self._told_before :]

    @property
    def stream(self) -> LookAhead:
        return self.session.lookahead

    @property
    def steering(self) -> LiveControl:
        assert self.session.control is not None
        return self.session.control

    @property
    def responder(self) -> Responder | None:
        return self.session.responder

    @property
    def dispatcher(self) -> Dispatcher:
        return self.session.dispatcher

    @property
    def transport(self) -> Transport:
        return self.session.transport

    @property
    def take(self) -> Take:
        return self.session.take

    def hear(self, tick: float, pitch: int, length: float, velocity: int = 80) -> None:
        """Have the player play a note."""
        assert self.responder is not None
        self.at(tick, lambda: self.port.receive(bytes([0x90, pitch, velocity])))
        self.at(tick + length, lambda: self.port.receive(bytes([0x80, pitch, 64])))

    def starts(self) -> list[tuple[int, int, int, int]]:
        """Tick, channel, pitch and velocity of all that was struck."""
        messages = [one.message for one in self.sent if one.message.kind is Kind.NOTE_ON]
        return [(one.tick, one.channel, one.number, one.value) for one in messages]

    def left_on(self) -> set[tuple[int, int]]:
        """What still sounds, at the port; fails where an end has no beginning, or something is struck twice."""
        return self.port.sounding()


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
