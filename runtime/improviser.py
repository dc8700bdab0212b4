"""Network events as an endless stream of notes in musical time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from runtime.controls import Controls
from runtime.encoding import DELTA_END, LADDER, Event, velocity_of
from runtime.engine import Engine, State
from runtime.errors import BundleError
from runtime.noise import gumbel_noise
from runtime.notes import Note

PATIENCE_EVENTS = 16
"""Events in a row without a note after which a piece is over: a network that repeats itself would go on for ever."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two events, from which the music can be resumed at any time.

    Attributes:
        state: What the network carries.
        number: Count of the event to come, over all pieces: what its noise is drawn by.
        onset: Position in ticks of the previous onset, or of the piece's first bar line.
        piece_start: Position in ticks of the piece's first bar line.
        last_end: Position in ticks at which the piece's notes so far have all ended.
        fruitless: Events since the last note, or since the piece began, that made none.

    """

    state: State
    number: int = 0
    onset: int = 0
    piece_start: int = 0
    last_end: int = 0
    fruitless: int = 0


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


Advance = Callable[[Any], tuple[Note | None, Any]]
"""Makes one event from a `Place`: its note, or None where it made none, and the place after it, of the same kind."""


def advancer(engine: Engine, controls: Controls, seed: int) -> Advance:
    """Return the function that makes the next event under fixed controls; from the same cursor always the same event.

    It raises `BundleError` if the network makes no notes.
    """
    tensors, unending, meter = controls.tensors(), controls.tensors(may_end=False), controls.meter

    def advance(cursor: Cursor) -> tuple[Note | None, Cursor]:
        too_short = cursor.onset - cursor.piece_start < controls.shortest_piece_bars * meter.ticks_per_bar
        noise = gumbel_noise(seed, cursor.number)
        step = engine.step(cursor.state, unending if too_short else tensors, noise)
        event = step.event()
        if event.delta == DELTA_END or cursor.fruitless == PATIENCE_EVENTS:
            _check_fruit(cursor, engine.card.name)
            return None, _next_piece(cursor, engine.start(), meter.ticks_per_bar)
        after = replace(cursor, state=step.state, number=cursor.number + 1, onset=cursor.onset + LADDER[event.delta])
        if LADDER[event.duration] == 0 or _still_sounds(cursor.state, event):
            return None, replace(after, fruitless=cursor.fruitless + 1)
        note = Note(after.onset, event.pitch, LADDER[event.duration], velocity_of(event.velocity))
        return note, replace(after, last_end=max(after.last_end, note.end), fruitless=0)

    return advance


def _check_fruit(cursor: Cursor, name: str) -> None:
    """Refuse a network that gives up on a piece before its first note: it would be asked for ever."""
    if cursor.fruitless == PATIENCE_EVENTS and cursor.last_end == cursor.piece_start:
        raise BundleError(f"bundle {name} made {PATIENCE_EVENTS} events and no note: export a better-trained epoch")


def _next_piece(cursor: Cursor, start: State, ticks_per_bar: int) -> Cursor:
    """Begin a new piece on the first bar line at which nothing sounds any more."""
    end = max(cursor.last_end, cursor.onset, cursor.piece_start + 1)
    bar_line = -(-end // ticks_per_bar) * ticks_per_bar
    return Cursor(start, cursor.number + 1, onset=bar_line, piece_start=bar_line, last_end=bar_line)


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
