"""What the next event of a voice has to be, and the notes that come again, from which that follows.

A voice is in one of four situations: nobody tells the network what to play (`Free`), a note that comes again is made
likelier (`BiasTowards`), it comes again as it was (`Verbatim`), or it has to be of the last chord (`OneOf`). Where a
section, a round of a loop or the music is over, there is no event, but the next part begins (`PartOver`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.notes import Note, shifted

LEAST_VARIATION: Final = 0.02
"""Less than this is none."""
HALF_NATS: Final = 3.4
SLOPE_NATS: Final = 0.87
"""Measured on the Bach of version 0.1, a network without a memory: with the first, half of the notes come again, and
with the second more for each step of log odds. `docs/playing.md` has the table of a network with one."""


@dataclass(frozen=True, slots=True)
class Free:
    """The network plays what it chooses."""


@dataclass(frozen=True, slots=True)
class BiasTowards:
    """The network plays, and a note is made likelier.

    Attributes:
        note: The note.
        nats: By how much its onset, pitch and duration are each made likelier; infinity leaves nothing else.

    """

    note: Note
    nats: float


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A note comes as it is.

    Attributes:
        note: The note.
        is_given: Whether the network is given it, as if it had made it; else the network is not run.

    """

    note: Note
    is_given: bool


@dataclass(frozen=True, slots=True)
class OneOf:
    """The network chooses among some pitches, for a note that lasts to the end of the music.

    Attributes:
        pitches: bool [128], whether each may be chosen.

    """

    pitches: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PartOver:
    """There is no event: a section, a round of a loop or the music is over."""


Directive = Free | BiasTowards | Verbatim | OneOf | PartOver
FREE: Final = Free()
PART_OVER: Final = PartOver()


def repeat_bias_nats(variation: float) -> float:
    """Nats of the bias towards each first choice with which this share (0..1) of the notes differs."""
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
    def verbatim(self) -> bool:
        """Whether they are replayed note for note."""
        return self.variation < LEAST_VARIATION

    @property
    def done(self) -> bool:
        """Whether all have been replayed."""
        return self.index >= len(self.notes)

    @property
    def next(self) -> Note:
        """The first that is not past."""
        return self.notes[self.index]

    def directive(self, *, is_given: bool) -> Directive:
        """Return what the next event has to be.

        Args:
            is_given: Whether the network is given the notes that come again as they were.

        """
        if self.done:
            return PART_OVER
        if self.verbatim:
            return Verbatim(self.next, is_given)
        return BiasTowards(self.next, repeat_bias_nats(self.variation))

    def advance(self, onset: int, note: Note | None) -> "Replay":
        """Advance to the first note after an event, with or without a note, at a tick."""
        if note is None and not self.done and self.next.onset > onset:
            return self
        reached = (onset, 127 if note is None else note.pitch)
        index = self.index
        while index < len(self.notes) and (self.notes[index].onset, self.notes[index].pitch) <= reached:
            index += 1
        return Replay(self.notes, self.variation, index)


def replayed(notes: Iterable[Note], ticks: int, variation: float) -> Replay:
    """Let notes come again so many ticks later."""
    return Replay(tuple(shifted(notes, ticks)), variation)
