"""The key of a piece, estimated from how long each pitch class sounds.

The method is Krumhansl and Schmuckler's (C. L. Krumhansl, Cognitive Foundations of Musical Pitch, 1990): the key is
the one whose profile, from the probe-tone ratings of Krumhansl and Kessler (1982), correlates best with the durations.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.pitches import TONICS_OF_MAJOR, TONICS_OF_MINOR

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
KEYS = (
    *(f"{tonic} major" for tonic in TONICS_OF_MAJOR),
    *(f"{tonic} minor" for tonic in TONICS_OF_MINOR),
)
"""All keys, a minor one 12 after the major one of its tonic."""


def _standardised(profile: Iterable[float]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.array(list(profile))
    standardised: NDArray[np.float64] = (values - values.mean()) / values.std()
    return standardised


_PROFILES = np.stack([np.roll(_standardised(mode), tonic) for mode in (_MAJOR, _MINOR) for tonic in range(12)])


def profile_of(key: int) -> NDArray[np.float64]:
    """How well each pitch class fits a key, an index into KEYS: float64 [12], mean 0 and standard deviation 1."""
    return np.asarray(_PROFILES[key], np.float64)


def key_of(notes: Iterable[Note]) -> str:
    """One of KEYS, of any notes; where nothing decides (none, or all twelve alike) the first."""
    return KEYS[int(np.argmax(key_correlations(notes)))]


def key_correlations(notes: Iterable[Note]) -> NDArray[np.float64]:
    """How well each of KEYS fits: float64 [24], correlations -1..1; all 0 where nothing decides."""
    durations = np.zeros(12)
    for note in notes:
        durations[note.pitch % 12] += note.duration
    spread = durations.std()
    deviations = durations - durations.mean()
    correlations: NDArray[np.float64] = _PROFILES @ (deviations / spread if spread > 0 else 0 * deviations) / 12
    return correlations


def key_numbers(durations: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices [...] into KEYS, given how long each pitch class [..., 12] sounds; a minor key is 12 after its tonic."""
    centred = durations - durations.mean(axis=-1, keepdims=True)
    return np.asarray(np.argmax(centred @ _PROFILES.T, axis=-1), np.int64)
