"""Does the harmony move? The longest run of bars in which nothing but one chord sounds, in one position.

Human music stays on one harmony for many bars, but not on the same keys: accompaniments and melodies move within it.
"""

import numpy as np

from lstm_composer.trainer.measures.passage import Flags, Passage
from lstm_composer.trainer.measures.returns import runs
from lstm_composer.trainer.measures.sounding import sounding_ticks

LARGEST_CHORD = 4
"""Pitch classes in a chord: more are a scale."""
HEARD = 1 / 24
"""Share of a bar's sound from which on a pitch counts: less is a passing note."""
STUCK = 3
"""Bars of one chord from which on the harmony stands still."""


def longest_chord(passage: Passage) -> int:
    """Bars in the longest run in which the same pitches sound, of at most LARGEST_CHORD classes; 0 without a chord."""
    heard = _heard(passage)
    classes = np.array([heard[:, tone::12].any(axis=1) for tone in range(12)]).sum(axis=0)
    chord = (classes >= 1) & (classes <= LARGEST_CHORD)
    if not chord.any():
        return 0
    same = (heard[1:] == heard[:-1]).all(axis=1) & chord[1:]
    return 1 + max((length for _, length in runs(same)), default=0)


def _heard(passage: Passage) -> Flags:
    """Whether each pitch is heard in each bar [B, 128]."""
    ticks = sounding_ticks(passage)
    heard: Flags = (ticks > 0) & (ticks > HEARD * ticks.sum(axis=1, keepdims=True))
    return heard
