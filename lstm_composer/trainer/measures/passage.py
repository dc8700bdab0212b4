"""Music laid out in bars: what all measures of this package look at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Note

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Passage:
    """Notes and the bars that they stand in. Times are ticks, 24 a quarter note.

    Attributes:
        onset: Of each note [N], rising; none before the first bar line or from the last on.
        pitch: MIDI note numbers [N], 0..127.
        duration: In ticks [N], 1 or more.
        velocity: MIDI velocities [N], 1..127.
        lines: Bar lines [B + 1], rising, the first where bar 0 begins and the last where bar B - 1 ends.

    """

    onset: Numbers
    pitch: Numbers
    duration: Numbers
    velocity: Numbers
    lines: Numbers

    @property
    def bars(self) -> int:
        """How many bars there are."""
        return len(self.lines) - 1

    @property
    def notes(self) -> int:
        """How many notes there are."""
        return len(self.onset)

    @property
    def bar(self) -> Numbers:
        """The bar 0..B - 1 in which each note [N] begins."""
        return np.searchsorted(self.lines, self.onset, "right") - 1

    @property
    def place(self) -> Numbers:
        """Ticks [N] from the beginning of the bar to each note."""
        place: Numbers = self.onset - self.lines[self.bar]
        return place

    def part(self, first: int, bars: int) -> "Passage":
        """The notes that begin in so many bars from bar `first` on; fewer where the music ends before."""
        lines = self.lines[first : first + bars + 1]
        inside = slice(*np.searchsorted(self.onset, [lines[0], lines[-1]]).tolist())
        return Passage(self.onset[inside], self.pitch[inside], self.duration[inside], self.velocity[inside], lines)

    def parts(self, bars: int) -> "list[Passage]":
        """All parts of so many bars that lie side by side, from the beginning on; a rest that is shorter is left."""
        return [self.part(first, bars) for first in range(0, self.bars - bars + 1, bars)]


def lay_out(notes: Sequence[Note], meters: int | Sequence[MeterChange], bars: int | None = None) -> Passage:
    """Lay notes out in bars, from tick 0 to the bar in which the last one begins.

    Args:
        notes: Sorted, at least one.
        meters: Ticks in every bar, or where each meter begins, the first at tick 0.
        bars: Take the first so many bars, whether the last of them have notes or not.

    Raises:
        ValueError: If there is no note.

    """
    if not notes:
        raise ValueError("there are no bars to lay out without a note")
    return lay_between(notes, _bar_lines(notes[-1].onset, meters, bars))


def lay_between(notes: Sequence[Note], lines: Numbers) -> Passage:
    """Lay sorted notes out between bar lines; those that do not begin between the first and the last are left out."""
    rows = np.array([(note.onset, note.pitch, note.duration, note.velocity) for note in notes], np.int64).reshape(-1, 4)
    inside = (rows[:, 0] >= lines[0]) & (rows[:, 0] < lines[-1])
    onset, pitch, duration, velocity = rows[inside].T
    return Passage(onset, pitch, duration, velocity, lines)


def _bar_lines(last_onset: int, meters: int | Sequence[MeterChange], bars: int | None) -> Numbers:
    """The line before and after every bar up to that of `last_onset`, or of the first so many bars."""
    spans = [(0, meters)] if isinstance(meters, int) else [(m.tick, m.meter.ticks_per_bar) for m in meters]
    ends = [*(tick for tick, _ in spans[1:]), None]
    lines: list[int] = []
    for (begin, ticks), end in zip(spans, ends, strict=True):
        wanted = max(last_onset, begin + ticks * (bars or 0)) if end is None else end - 1
        lines += range(begin, wanted + 1, ticks)
    closing = lines[-1] + spans[-1][1]
    found = np.array([*lines, closing], np.int64)
    last = int(np.searchsorted(found, last_onset, "right")) if bars is None else bars
    return found[: last + 1]
