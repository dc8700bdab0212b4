"""A stretch seen onset by onset: what is struck, what sounds, the lowest and the highest line. For the classifier."""

from dataclasses import dataclass

import numpy as np

from lstm_composer.runtime.music.event_encoding import PITCHES
from lstm_composer.trainer.measures.passage import Flags, Floats, Numbers, Passage
from lstm_composer.trainer.measures.similarity import LENGTHS


@dataclass(frozen=True, slots=True)
class Outline:
    """A passage and what can be seen at each of its K different onsets.

    Attributes:
        passage: At least one note.
        onsets: The different onsets [K], rising.
        first: The index [K] of the lowest note at each onset.
        struck: How many notes begin at each onset [K].
        top: The highest pitch that begins at each onset [K].
        bottom: The lowest.
        sounding: Whether each pitch sounds at each onset [K, 128].

    """

    passage: Passage
    onsets: Numbers
    first: Numbers
    struck: Numbers
    top: Numbers
    bottom: Numbers
    sounding: Flags


def outline_of(passage: Passage) -> Outline:
    """Look at a passage onset by onset.

    Raises:
        ValueError: If it has no notes.

    """
    if not passage.notes:
        raise ValueError("a passage without notes has no outline")
    onsets, first, struck = np.unique(passage.onset, return_index=True, return_counts=True)
    top, bottom = (edge.reduceat(passage.pitch, first) for edge in (np.maximum, np.minimum))
    begin = np.searchsorted(onsets, passage.onset)
    end = np.searchsorted(onsets, passage.onset + passage.duration)
    changes = np.zeros((len(onsets) + 1, PITCHES), np.int64)
    np.add.at(changes, (begin, passage.pitch), 1)
    np.add.at(changes, (end, passage.pitch), -1)
    return Outline(passage, onsets, first, struck, top, bottom, changes.cumsum(axis=0)[:-1] > 0)


def shares(bins: Numbers, count: int) -> Floats:
    """Share 0..1 of each of `count` bins; all 0 where there is nothing. Bins beyond either end count with the last."""
    counts = np.bincount(np.clip(bins, 0, count - 1), minlength=count)
    return counts / max(1, len(bins))


def length_bins(ticks: Numbers) -> Numbers:
    """The index of the nearest of `trainer.measures.similarity.LENGTHS`."""
    edges = np.array(LENGTHS, np.float64)
    return np.searchsorted((edges[1:] + edges[:-1]) / 2, ticks)


def entropy(counts: Floats) -> float:
    """Entropy in nats of counts or of how long something holds; 0 of nothing."""
    kept = counts[counts > 0]
    found = kept / kept.sum() if len(kept) else np.ones(1)
    return float(-(found * np.log(found)).sum())


def mean_and_spread(values: Floats | Numbers | Flags) -> list[float]:
    """Mean and standard deviation, 0 of nothing."""
    return [float(values.mean()), float(values.std())] if len(values) else [0.0, 0.0]


def mean(values: Floats | Numbers | Flags) -> float:
    """Mean, 0 of nothing."""
    return float(values.mean()) if len(values) else 0.0


def distinct(sequence: Numbers, length: int) -> float:
    """Share 0..1 of the runs of so many numbers in a row that are different; 1 if there is none."""
    if len(sequence) < length:
        return 1.0
    windows = np.lib.stride_tricks.sliding_window_view(sequence, length)
    return len({row.tobytes() for row in np.ascontiguousarray(windows)}) / len(windows)


def joined(*parts: float | list[float] | Floats) -> Floats:
    """All parts in one row."""
    return np.concatenate([np.atleast_1d(np.asarray(part, np.float64)) for part in parts])
