"""Network events as an endless stream of notes in musical time."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.errors import BundleError
from runtime.graph.carried_state import State
from runtime.graph.engine import Engine, Step
from runtime.graph.gumbel_noise import gumbel_noise
from runtime.graph.inputs import FORBIDDEN, Controls
from runtime.music.event_encoding import DELTA_END, LADDER, PITCHES, Event, duration_class, ladder_class, velocity_of
from runtime.music.notes import TICKS_PER_QUARTER, Note
from runtime.music.piece_keys import drawn, shares_of
from runtime.music.piece_memory import NO_KEY

PATIENCE_EVENTS = 16
"""Events in a row without a note after which a piece is over: a network that repeats itself would go on for ever."""
LONGEST_REST = LADDER[-1]
"""Ticks from one onset to the next that the network can be asked for."""
_KEYS = [np.array([key], np.int32) for key in range(NO_KEY + 1)]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two events, from which the music can be resumed at any time.

    Attributes:
        state: What the network carries.
        number: Count of the event to come, over all pieces: what its noise is drawn by.
        onset: Position in ticks of the previous onset, or of the piece's first bar line.
        piece_start: Position in ticks of the piece's first bar line.
        last_end: Position in ticks at which the piece's notes so far have all ended.
        fruitless: Events since the last note that made none; a piece that ends with notes lets them be forgotten.
        struck: Notes that start at `onset`.
        not_before: Position before which nothing may start: what is between is a rest.
        piece: Number of the piece since the music began.
        key: Of the piece, as its network is told it; None until it is told for the first time.

    """

    state: State
    number: int = 0
    onset: int = 0
    piece_start: int = 0
    last_end: int = 0
    fruitless: int = 0
    struck: int = 0
    not_before: int = 0
    piece: int = 0
    key: int | None = None


class Place(Protocol):
    """A place between two notes of a stream that can be resumed from there; what else it holds is its stream's."""

    @property
    def onset(self) -> int:
        """Position in ticks of the previous onset."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A note of the stream and the place before it, of the stream's own kind."""

    note: Note
    before: Any


class Ask(NamedTuple):
    """What one run of the network needs: the arguments of `Engine.step`."""

    state: State
    controls: Mapping[str, NDArray[Any]]
    noise: Mapping[str, NDArray[Any]]


class Favour(NamedTuple):
    """A note that shall be likely: where music that has been heard comes again, but not to the letter.

    Attributes:
        note: The note.
        nats: By how much its onset, pitch and duration are each made likelier; infinity leaves nothing else.

    """

    note: Note
    nats: float


class Voice(Protocol):
    """One player: from a place to the next note, in two halves, so that the network can run for several at once."""

    def ask(self, place: Any, favour: Favour | None = None) -> Ask | None:
        """Return what the network is to be run on; None where no run is needed."""
        ...

    def tell(self, place: Any, step: Step | None) -> tuple[Note | None, Any]:
        """Return the note that the run gives, None if it gives none, and the place after it."""
        ...

    def moved(self, place: Any, ticks: int, number: int) -> Any:
        """Return a place as if it were so many ticks later, its next event the `number`th."""
        ...

    def resting(self, place: Any, tick: int) -> Any:
        """Return the place from which nothing starts before a position."""
        ...


Advance = Callable[[Any], tuple[Note | None, Any]]
"""Makes one event from a `Place`: its note, or None where it made none, and the place after it, of the same kind."""


class Improvisation:
    """A `Voice` that plays what comes to the network's mind under fixed controls; its places are `Cursor`s."""

    def __init__(
        self, engine: Engine, controls: Controls, seed: int, draw_key: Callable[[int], int] | None = None
    ) -> None:
        """Get ready; from the same cursor always the same event comes.

        Args:
            engine: Runs the network.
            controls: What steers it.
            seed: Of the noise.
            draw_key: Gives the key of a piece by its number, where none is set; None: drawn for each from the seed.

        """
        self._start = engine.start
        self._name = engine.card.name
        self._seed = seed
        self._bar = controls.meter.ticks_per_bar
        self._shortest = controls.shortest_piece_bars * self._bar
        self._tensors = controls.tensors()
        self._unending = controls.tensors(may_end=False)
        self._has_own_keys = controls.has_memory and controls.key is None
        self._draw_key = draw_key or partial(drawn, shares_of([controls.style], controls.style_keys), seed)

    def ask(self, place: Cursor, favour: Favour | None = None) -> Ask:
        """Return what the network is to be run on.

        Where a favoured note may be varied, the network is not told of the match with the first time: it would be so
        sure of that music that it varied nothing.
        """
        state = place.state if favour is None or favour.nats == np.inf else place.state.unmatched()
        tensors = self._unending if self._is_too_short(place) or favour is not None else self._tensors
        if self._has_own_keys:
            tensors = {**tensors, "key": _KEYS[self.key_of(place)]}
        if place.onset < place.not_before:
            tensors = _after_rest(tensors, min(place.not_before - place.onset, LONGEST_REST))
        if favour is not None:
            tensors = _favouring(tensors, favour, place.onset)
        return Ask(state, tensors, gumbel_noise(self._seed, place.number))

    def tell(self, place: Cursor, step: Step | None) -> tuple[Note | None, Cursor]:
        """Read the event that the run gives.

        Raises:
            BundleError: If the network makes no notes, or does what it cannot be asked for.

        """
        if step is None:
            raise ValueError("an improvisation needs a run of the network for each event")
        event = step.event()
        ends = event.delta == DELTA_END
        if ends and self._is_too_short(place):
            raise BundleError(f"bundle {self._name} ends pieces where that is forbidden: export the model again")
        if ends or place.fruitless >= PATIENCE_EVENTS:
            _check_fruit(place, self._name)
            return None, _next_piece(place, self._start(), self._bar)
        after = replace(place, state=step.state, number=place.number + 1, onset=place.onset + LADDER[event.delta])
        if self._has_own_keys and place.key is None:
            after = replace(after, key=self.key_of(place))  # styles may be turned: a piece keeps its key
        if LADDER[event.duration] == 0 or _still_sounds(place.state, event):
            return None, replace(after, fruitless=place.fruitless + 1)
        note = Note(after.onset, event.pitch, LADDER[event.duration], velocity_of(event.velocity))
        struck = place.struck + 1 if after.onset == place.onset else 1
        if struck > PITCHES:
            raise BundleError(
                f"bundle {self._name} puts more than {PITCHES} notes on one moment and does not go on: "
                "export the model again"
            )
        return note, replace(after, last_end=max(after.last_end, note.end), fruitless=0, struck=struck)

    def key_of(self, place: Cursor) -> int:
        """Return the key that the network is told for the piece, where the player has set none; see `Controls.key`."""
        if not self._has_own_keys:
            return NO_KEY
        return self._draw_key(place.piece) if place.key is None else place.key

    def _is_too_short(self, place: Cursor) -> bool:
        return place.onset - place.piece_start < self._shortest

    def moved(self, place: Cursor, ticks: int, number: int) -> Cursor:
        """Return a place as if it were so many ticks later, its next event the `number`th."""
        return replace(
            place,
            number=number,
            onset=place.onset + ticks,
            piece_start=place.piece_start + ticks,
            last_end=place.last_end + ticks,
            not_before=place.not_before + ticks,
        )

    def brought(self, place: Cursor, tick: int) -> Cursor:
        """Return a place moved by whole bars to at most a bar before a position, before which nothing starts."""
        ticks = (tick - 1 - place.onset) // self._bar * self._bar
        rested = place.state.rested(ticks, ticks // self._bar)
        return replace(self.moved(place, ticks, place.number + 1), state=rested, not_before=tick)

    def bar_line_after(self, tick: int) -> int:
        """Return the first bar line behind a position."""
        return (tick // self._bar + 1) * self._bar

    def resting(self, place: Cursor, tick: int) -> Cursor:
        """Return the place from which nothing starts before a position; of whole bars only the clock tells."""
        rested = self.brought(place, tick) if tick - place.onset > self._bar else place
        return replace(rested, not_before=max(rested.not_before, tick), number=place.number + 1)

    def turning(self, place: Cursor) -> Cursor:
        """Return the place with no match going on, so that the network does not repeat what followed it before."""
        return replace(place, state=place.state.unmatched())


def solo(engine: Engine, voice: Voice) -> Advance:
    """Return the function that makes the next event of one voice."""

    def advance(place: Any) -> tuple[Note | None, Any]:
        ask = voice.ask(place)
        return voice.tell(place, None if ask is None else engine.step(*ask))

    return advance


def advancer(engine: Engine, controls: Controls, seed: int) -> Advance:
    """Return the function that makes the next event under fixed controls; from the same cursor always the same event.

    It raises `BundleError` if the network makes no notes.
    """
    return solo(engine, Improvisation(engine, controls, seed))


def _after_rest(tensors: Mapping[str, NDArray[Any]], ticks: int) -> dict[str, NDArray[Any]]:
    """Forbid the next onset before so many ticks have passed, and the end of the piece.

    Networks know few rests: after one of more than a beat, where the next onset may be would be anybody's guess.
    """
    bias = tensors["delta_bias"].copy()
    first = bisect_left(LADDER, ticks)
    bias[0, :first] = FORBIDDEN
    if ticks > TICKS_PER_QUARTER:
        bias[0, first] = max(bias[0, first], 0.0)
        bias[0, first + 1 :] = FORBIDDEN
    bias[0, DELTA_END] = FORBIDDEN
    return {**tensors, "delta_bias": bias}


def _favouring(tensors: Mapping[str, NDArray[Any]], favour: Favour, onset: int) -> dict[str, NDArray[Any]]:
    """Make a note likelier, or the only one possible."""
    note, nats = favour
    wanted = {
        "delta_bias": ladder_class(max(0, note.onset - onset)),
        "pitch_bias": note.pitch,
        "duration_bias": duration_class(note.duration),
    }
    return {**tensors, **{name: _raised(tensors[name], index, nats) for name, index in wanted.items()}}


def _raised(bias: NDArray[Any], index: int, nats: float) -> NDArray[Any]:
    if nats == np.inf:
        only = np.full_like(bias, FORBIDDEN)
        only[0, index] = 0.0
        return only
    raised: NDArray[Any] = bias.copy()
    raised[0, index] += nats
    return raised


def _check_fruit(cursor: Cursor, name: str) -> None:
    """Refuse a network that gives up on a piece before its first note: it would be asked for ever."""
    if cursor.fruitless >= PATIENCE_EVENTS and cursor.last_end == cursor.piece_start:
        raise BundleError(f"bundle {name} made {PATIENCE_EVENTS} events and no note: export a better-trained epoch")


def _next_piece(cursor: Cursor, start: State, ticks_per_bar: int) -> Cursor:
    """Begin a new piece on the first bar line at which nothing sounds any more."""
    end = max(cursor.last_end, cursor.onset, cursor.piece_start + 1, cursor.not_before)
    bar_line = -(-end // ticks_per_bar) * ticks_per_bar
    fruitless = cursor.fruitless + 1 if cursor.last_end == cursor.piece_start else 0
    return Cursor(start, cursor.number + 1, bar_line, bar_line, bar_line, fruitless, piece=cursor.piece + 1)


def _still_sounds(before: State, event: Event) -> bool:
    """Tell whether the event strikes a pitch that sounds: the network nearly rules it out; nobody would hear it."""
    return int(before.remaining[0, event.pitch]) > LADDER[event.delta]


def improvise(advance: Advance, cursor: Place) -> Iterator[Placed]:
    """Yield notes for ever, in the order of their onsets, each with the place before it."""
    while True:
        before = cursor
        note, cursor = advance(cursor)
        if note is not None:
            yield Placed(note, before)
