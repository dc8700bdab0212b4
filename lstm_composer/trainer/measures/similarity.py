"""How near excerpts come to a style: overlapped areas of six distributions, feature by feature.

After Yang and Lerch 2020, "On the evaluation of generative models in music". They smooth distances within and between
two sets of music by kernel density estimation and take the area that the two curves share; here it is the area that
the plain histograms of the features share, in bins that never change: nothing to tune, and the figures of two runs
can be compared. 1 is the same distribution, 0 nothing in common. A perfect network does not reach 1: what held-out
human music reaches against the training pieces is the ceiling.

Pitch classes are taken as they are, C is C. In a corpus of many keys, or for a network that was trained in all twelve,
their histogram is nearly flat and says little; for a corpus in few keys it tells whether they are kept. It moves the
mean of all checkpoints of a run by about as much, so it does not decide between them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.event_encoding import VELOCITY_BINS, VELOCITY_STEP
from lstm_composer.runtime.music.notes import Note

LENGTHS = (1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 30, 36, 48, 60, 72, 96, 144, 192, 384)
"""Centres of the bins for durations and inter-onset times, in ticks: note values, dotted ones and triplets."""
WIDEST = 24
"""Half tones; wider intervals count as this wide."""
MOST_VOICES = 10
"""Notes sounding at once; more count as this many."""

_EDGES = np.array([(shorter + longer) / 2 for shorter, longer in pairwise(LENGTHS)])
_BINS = {
    "pitch_class": 12,
    "interval": 2 * WIDEST + 1,
    "duration": len(LENGTHS),
    "inter_onset": len(LENGTHS),
    "polyphony": MOST_VOICES,
    "velocity": VELOCITY_BINS,
}
FEATURES = tuple(_BINS)

Histogram = NDArray[np.float64]
Numbers = NDArray[np.int64]
Excerpt = Sequence[Note]


@dataclass(frozen=True, slots=True)
class Similarity:
    """Overlapped areas of two sets of music, each 0..1.

    Attributes:
        overlapped_areas: By feature, as far as both sets have it.
        mean: Over these features; 0 if there is none.

    """

    overlapped_areas: Mapping[str, float]
    mean: float


def histograms(excerpts: Iterable[Excerpt], played: Iterable[Excerpt] = ()) -> dict[str, Histogram]:
    """Count the features of a set of music.

    pitch_class [12] from C; interval [49] from one onset's highest note to the next one's, -24..24; duration [20] and
    inter_onset [20] (between onsets that differ), nearest of LENGTHS; polyphony [10], notes sounding at each onset,
    1..10; velocity [32], the bins of the encoding.

    Args:
        excerpts: Each with its notes on the grid, sorted; no interval or time leads from one to the next.
        played: The excerpts whose velocities were played, or made by a network that learned from such.

    Returns:
        The histograms, each with the sum 1; those with nothing to count are left out.

    """
    counts = {feature: np.zeros(bins) for feature, bins in _BINS.items()}
    counted = chain(map(_features_of, filter(None, excerpts)), map(_velocities_of, filter(None, played)))
    for feature, bins in chain.from_iterable(features.items() for features in counted):
        counts[feature] += np.bincount(bins, minlength=_BINS[feature])
    return {feature: count / count.sum() for feature, count in counts.items() if count.any()}


def similarity(excerpts: Mapping[str, Histogram], training: Mapping[str, Histogram]) -> Similarity:
    """Compare two sets of music by their `histograms`; the order of the two does not matter."""
    both = [feature for feature in FEATURES if feature in excerpts and feature in training]
    areas = {feature: overlapped_area(excerpts[feature], training[feature]) for feature in both}
    return Similarity(areas, float(np.mean(list(areas.values()))) if areas else 0.0)


def overlapped_area(one: Histogram, other: Histogram) -> float:
    """The area 0..1 under both of two histograms with the sum 1."""
    return min(1.0, float(np.minimum(one, other).sum()))


def _features_of(notes: Excerpt) -> dict[str, Numbers]:
    """The bin of each note, onset or step from onset to onset."""
    onset, pitch, duration = np.array([(note.onset, note.pitch, note.duration) for note in notes], np.int64).T
    onsets, starts = np.unique(onset, return_index=True)
    sounding = np.searchsorted(onset, onsets, "right") - np.searchsorted(np.sort(onset + duration), onsets, "right")
    return {
        "pitch_class": pitch % 12,
        "interval": np.clip(np.diff(np.maximum.reduceat(pitch, starts)), -WIDEST, WIDEST) + WIDEST,
        "duration": np.searchsorted(_EDGES, duration),
        "inter_onset": np.searchsorted(_EDGES, np.diff(onsets)),
        "polyphony": np.minimum(sounding, MOST_VOICES) - 1,
    }


def _velocities_of(notes: Excerpt) -> dict[str, Numbers]:
    return {"velocity": np.array([note.velocity for note in notes], np.int64) // VELOCITY_STEP}
