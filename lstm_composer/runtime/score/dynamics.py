"""Marks such as p and mf, where the loudness was performed: one for a bar that is clearly louder or softer."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from lstm_composer.runtime.score.written import Bar, WrittenNote

LEVELS: Final = {"pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112}
"""The MIDI velocity in the middle of each mark, as notation programs play them."""
_CLEARLY: Final = 11
"""Steps of velocity between a bar's loudness and the middle of the mark in force from which a new one is due."""


def marks(notes: Iterable[WrittenNote], bars: Sequence[Bar]) -> dict[int, str]:
    """Return the marks of a part by the tick of the bar that they stand at: at the first note, and where it changes.

    What counts is a bar together with the next one that has notes, so that one accent is no new mark.
    """
    starts = [bar.start for bar in bars]
    loud: dict[int, list[int]] = {}
    for note in notes:
        loud.setdefault(starts[bisect_right(starts, note.onset) - 1], []).append(note.velocity)
    struck = sorted(loud)
    found: dict[int, str] = {}
    present: str | None = None
    for start, following in zip(struck, [*struck[1:], *struck[-1:]], strict=True):
        velocities = [*loud[start], *loud[following]]
        mean = sum(velocities) / len(velocities)
        if present is None or abs(mean - LEVELS[present]) > _CLEARLY:
            nearest = min(LEVELS, key=lambda mark: abs(LEVELS[mark] - mean))
            if nearest != present:
                found[start] = present = nearest
    return found
