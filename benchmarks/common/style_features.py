"""What a classifier hears of an excerpt: pitch classes, intervals, durations, polyphony, register. No loudness.

Pitch classes are counted from the tonic, since a network that was trained in all keys plays in all of them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.key_estimation import KEYS, key_of
from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.measures.similarity import histograms

_NEVER = 128
"""More semitones than there are: a register is given in shares of them."""
SHAPES = {"pitch_class": 12, "interval": 49, "duration": 20, "inter_onset": 20, "polyphony": 10}
SIZE = sum(SHAPES.values()) + 6


def features(notes: Sequence[Note]) -> NDArray[np.float64]:
    """Features [SIZE] of an excerpt of at least two notes on the grid, sorted.

    The histograms of `trainer.measures.similarity` (pitch classes from the tonic of the estimated key), and of the
    pitches the mean, the spread, the lowest and the highest tenth, of the onsets how many notes they have and how many
    there are a quarter note.
    """
    counts = histograms([notes])
    tonic = KEYS.index(key_of(notes)) % 12
    bins = [counts.get(name, np.zeros(size)) for name, size in SHAPES.items()]
    bins[0] = np.roll(bins[0], -tonic)
    pitches = np.array([note.pitch for note in notes], np.float64)
    onsets = {note.onset for note in notes}
    span = max(1, max(onsets) - min(onsets)) / 24
    low, high = np.quantile(pitches, [0.1, 0.9])
    register = [pitches.mean(), pitches.std(), low, high]
    density = [len(notes) / len(onsets), len(onsets) / span]
    return np.concatenate([*bins, np.array(register) / _NEVER, density])
