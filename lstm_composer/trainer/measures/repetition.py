"""How much an excerpt goes round in circles: repeats, runs, entropy, figures that return, cycles, and standing still.

An event is what a note adds to the music before it: (delta to the previous onset, pitch, duration), in ticks and
MIDI note numbers. The loudness does not count: a loop that gets louder is a loop. The first note of an excerpt has
delta 0, wherever the excerpt was cut. Nothing here changes when the excerpt is transposed or moved in time.

Under-trained networks fall into such loops (Holtzman et al. 2020, "The curious case of neural text degeneration").
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note, end_of

WINDOW = 32
"""Notes in a window of entropy: two to four bars of most music."""
FIGURE = 4
"""Notes in a figure."""
CYCLE = 64
"""Notes in the longest phrase whose endless return is a loop: eight bars of quavers."""
CHORD = 5
"""Different pitches with which music stands still."""
_WINDOWS_AT_ONCE = 256
"""Windows counted in one go: 256 x 32 x 32 comparisons are quick and small."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RepetitionMeasures:
    """The measures of one excerpt.

    Attributes:
        repeats: Share of the notes after the first whose event is that of the note before, 0..1.
        longest_run: Notes in the longest run of one event, at least 1 (0 without notes).
        entropy: Of the events in a window of WINDOW notes, in nats, 0..log(WINDOW); the mean over all windows. An
            excerpt that is shorter is one window.
        lowest_entropy: The same in the least varied window: it shows a loop that begins late.
        distinct_figures: Share of the figures (FIGURE events in a row) that are different, above 0 to 1; 1 if there
            is none.
        cycle: The longest stretch of notes each of which repeats the one that stands a fixed number of notes, at most
            CYCLE, before it, as a share 0..1 of all notes. A phrase that is played twice comes to a half.
        still: The longest time in which no more than CHORD different pitches begin, in quarter notes.

    """

    repeats: float
    longest_run: int
    entropy: float
    lowest_entropy: float
    distinct_figures: float
    cycle: float
    still: float


def measure(notes: Sequence[Note]) -> RepetitionMeasures:
    """Measure one excerpt: notes on the grid, sorted."""
    if not notes:
        return RepetitionMeasures(0.0, 0, 0.0, 0.0, 1.0, 0.0, 0.0)
    events = _event_numbers(notes)
    same = events[1:] == events[:-1]
    entropies = _window_entropies(events)
    return RepetitionMeasures(
        repeats=float(same.mean()) if len(same) else 0.0,
        longest_run=_longest_run(same),
        entropy=float(entropies.mean()),
        lowest_entropy=float(entropies.min()),
        distinct_figures=_distinct_figures(events),
        cycle=_longest_cycle(events) / len(events),
        still=_longest_still(notes) / TICKS_PER_QUARTER,
    )


def _event_numbers(notes: Sequence[Note]) -> Numbers:
    """One number per note, the same for the same event, 0 and up."""
    rows = np.array([(note.onset, note.pitch, note.duration) for note in notes], np.int64)
    delta, pitch, duration = np.diff(rows[:, 0], prepend=rows[0, 0]), rows[:, 1], rows[:, 2]
    return _renumbered(_renumbered(delta * 128 + pitch) * (duration.max() + 1) + duration)


def _renumbered(keys: Numbers) -> Numbers:
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def _longest_run(same: NDArray[np.bool_]) -> int:
    """Notes in the longest run, given for each note after the first whether it repeats the one before."""
    ends = np.flatnonzero(np.concatenate(([True], ~same, [True])))
    return int(np.diff(ends).max())


def _longest_cycle(events: Numbers) -> int:
    """Notes in the longest stretch that repeats what stands one lag, at most CYCLE notes, before it."""
    lags = range(1, min(CYCLE, len(events) - 1) + 1)
    return max((_longest_run(events[lag:] == events[:-lag]) - 1 for lag in lags), default=0)


def _longest_still(notes: Sequence[Note]) -> int:
    """Ticks in the longest time, from an onset on to another or to the end, in which CHORD pitches or fewer begin."""
    onsets = [*(note.onset for note in notes), end_of(notes)]
    held: Counter[int] = Counter()
    longest = first = 0
    for number, note in enumerate(notes):
        held[note.pitch] += 1
        while len(held) > CHORD or (0 < first <= number and onsets[first] == onsets[first - 1]):
            gone = notes[first].pitch
            held[gone] -= 1
            if not held[gone]:
                del held[gone]
            first += 1
        longest = max(longest, onsets[number + 1] - onsets[first])
    return longest


def _window_entropies(events: Numbers) -> NDArray[np.float64]:
    windows = sliding_window_view(events, min(WINDOW, len(events)))
    parts = [windows[start : start + _WINDOWS_AT_ONCE] for start in range(0, len(windows), _WINDOWS_AT_ONCE)]
    return np.concatenate([_entropies(part) for part in parts])


def _entropies(windows: Numbers) -> NDArray[np.float64]:
    """Entropy of each row: the mean surprise of its events, each as frequent as it is in the row."""
    counts = (windows[:, :, np.newaxis] == windows[:, np.newaxis, :]).sum(axis=2)
    entropies: NDArray[np.float64] = np.log(windows.shape[1] / counts).mean(axis=1)
    return entropies


def _distinct_figures(events: Numbers) -> float:
    if len(events) < FIGURE:
        return 1.0
    figures = sliding_window_view(events, FIGURE)
    return len(np.unique(figures, axis=0)) / len(figures)
