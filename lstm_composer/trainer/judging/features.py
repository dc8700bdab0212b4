"""What the classifier sees of a stretch of 16 bars: about 250 features, in seven groups.

Notes are on our grid and velocities in the encoding's bins, so that it cannot tell a network by them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np

from lstm_composer.trainer.judging import pitch_features, time_features
from lstm_composer.trainer.judging.outline import Outline, outline_of
from lstm_composer.trainer.measures.passage import Floats, Passage

GROUPS: Final[Mapping[str, Callable[[Outline], Floats]]] = {
    "repetition": time_features.repetition,
    "velocity": pitch_features.velocity,
    "lines": pitch_features.lines,
    "verticals": pitch_features.verticals,
    "tonality": pitch_features.tonality,
    "rhythm": time_features.rhythm,
    "durations": time_features.durations,
}
STRETCH_BARS: Final = 16


def stretches(passage: Passage) -> list[Passage]:
    """The parts of STRETCH_BARS bars that lie side by side in a passage and have two notes or more."""
    return [part for part in passage.parts(STRETCH_BARS) if part.notes > 1]


def described(passages: Iterable[Passage]) -> dict[str, Floats]:
    """The features [N, F] of each group, of stretches with notes."""
    outlines = [outline_of(passage) for passage in passages]
    return {name: np.array([group(outline) for outline in outlines]) for name, group in GROUPS.items()}
