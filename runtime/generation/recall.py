"""Notes that come again: as they were, or as a wish that the network follows more or less closely."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import log
from typing import Final

from runtime.generation.voice import Favour
from runtime.music.notes import Note, shifted

LEAST_VARIATION: Final = 0.02
"""Less than this is none."""
HALF_NATS: Final = 3.4
SLOPE_NATS: Final = 0.87
"""Measured on the Bach of version 0.1, a network without a memory: with the first, half of the notes come again, and
with the second more for each step of log odds. `docs/playing.md` has the table of a network with one."""


def favoured_nats(variation: float) -> float:
    """How much likelier each choice of the first time is made, for this share (0..1) of the notes to be others."""
    if variation >= 1.0:
        return 0.0
    return max(0.0, HALF_NATS + SLOPE_NATS * log((1.0 - variation) / variation))


@dataclass(frozen=True, slots=True)
class Replay:
    """Notes that come again.

    Attributes:
        notes: At their new positions, in the order of their onsets and pitches.
        variation: By how much they may differ: 0 for note for note.
        index: How many of them are past.

    """

    notes: tuple[Note, ...]
    variation: float
    index: int = 0

    @property
    def exact(self) -> bool:
        """Whether they come note for note."""
        return self.variation < LEAST_VARIATION

    @property
    def over(self) -> bool:
        """Whether all are past."""
        return self.index >= len(self.notes)

    @property
    def next(self) -> Note:
        """The first that is not past."""
        return self.notes[self.index]

    def favour(self) -> Favour | None:
        """Return the wish for the next note; None where the network is not asked."""
        return None if self.exact or self.over else Favour(self.next, favoured_nats(self.variation))

    def past(self, onset: int, note: Note | None) -> "Replay":
        """Move on, to the first that comes after an event with or without a note at a position."""
        if note is None and not self.over and self.next.onset > onset:
            return self
        reached = (onset, 127 if note is None else note.pitch)
        index = self.index
        while index < len(self.notes) and (self.notes[index].onset, self.notes[index].pitch) <= reached:
            index += 1
        return replace(self, index=index)


def replayed(notes: Iterable[Note], ticks: int, variation: float) -> Replay:
    """Let notes come again so many ticks later."""
    return Replay(tuple(shifted(notes, ticks)), variation)
