"""Giving the network notes that it has not made: a phrase of the player's, or the beginning of a piece."""

from collections.abc import Sequence
from math import inf
from typing import Final

from runtime.encoding import quantise
from runtime.engine import Engine
from runtime.improviser import Cursor, Favour, Improvisation
from runtime.notes import TICKS_PER_QUARTER, Note, without_overlaps

GRIDS: Final = (TICKS_PER_QUARTER // 4, TICKS_PER_QUARTER // 3)
"""Ticks of what a player means: sixteenths, and the triplets of quarters."""
MOST_NOTES: Final = 512
"""Of a long piece the last notes are given; the network hardly remembers further back."""


def snapped(notes: Sequence[Note]) -> list[Note]:
    """Move what a player has played onto the nearest sixteenth or triplet; ends as well, at least one grid apart."""
    moved = []
    for note in notes:
        onset = _nearest(note.onset)
        moved.append(Note(onset, note.pitch, max(GRIDS[0], _nearest(note.end) - onset), note.velocity))
    return without_overlaps(moved)


def _nearest(tick: int) -> int:
    candidates = [round(tick / grid) * grid for grid in GRIDS]
    return min(candidates, key=lambda candidate: abs(candidate - tick))


def fed(engine: Engine, improvisation: Improvisation, notes: Sequence[Note], cursor: Cursor) -> Cursor:
    """Return the place after notes, as if the network had made them itself.

    Args:
        engine: Runs the network.
        improvisation: Under whose controls.
        notes: From the position of the cursor on; moved to the nearest values that the network knows.
        cursor: Where they begin, on a bar line.

    """
    for note in quantise(notes[-MOST_NOTES:], cursor.onset):
        ask = improvisation.ask(cursor, Favour(note, inf))
        _, cursor = improvisation.tell(cursor, engine.step(*ask))
    return cursor
