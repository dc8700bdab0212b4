"""Is a key held? The share of the windows of a passage that are in its main key, and of its notes outside the scale.

A window's key is Krumhansl's, by how long each pitch class sounds, as in runtime/music/key_estimation.py. The main key
is the one that most windows are in; where it ties with the key of the passage as a whole, that one counts.
"""

from dataclasses import dataclass

import numpy as np

from lstm_composer.runtime.music.key_estimation import KEYS, key_numbers
from lstm_composer.trainer.measures.passage import Numbers, Passage
from lstm_composer.trainer.measures.sounding import chroma, window_sums

KEY_WINDOW = 4
"""Bars in a window that has a key of its own."""
SCALES = np.array(
    [
        [1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1],  # major
        [1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1],  # minor: natural, with the raised sixth and seventh degree
    ],
    np.bool_,
)
"""Pitch classes from the tonic that are in the scale, for major and minor."""


@dataclass(frozen=True, slots=True)
class Tonality:
    """How a passage holds its key.

    Attributes:
        main_key: Share 0..1 of its windows of KEY_WINDOW bars, one from every bar on, that are in the main key.
        outside: Share 0..1 of its notes that are not in the scale of that key.

    """

    main_key: float
    outside: float


def tonality_of(passage: Passage) -> Tonality:
    """Measure how a passage holds its key; windows without a sound do not count."""
    keys = window_keys(passage)
    main = main_key(keys, int(key_numbers(chroma(passage).sum(axis=0))))
    in_scale = np.roll(SCALES[main // 12], main % 12)
    return Tonality(
        main_key=float((keys == main).mean()) if len(keys) else 1.0,
        outside=float(1 - in_scale[passage.pitch % 12].mean()) if passage.notes else 0.0,
    )


def window_keys(passage: Passage) -> Numbers:
    """The key (`runtime.music.key_estimation.KEYS`) of each window of KEY_WINDOW bars that sounds, from each bar on."""
    windows = window_sums(chroma(passage), KEY_WINDOW)
    return key_numbers(windows[windows.any(axis=1)])


def main_key(keys: Numbers, whole: int) -> int:
    """The commonest of the windows' keys, `whole` where it is as common as another (or there are none)."""
    counts = np.bincount(keys, minlength=len(KEYS)).astype(np.float64)
    counts[whole] += 0.5
    return int(np.argmax(counts))
