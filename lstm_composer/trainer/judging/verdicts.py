"""What is played beside what people wrote, measure by measure: inside the human range, too much of it or too little."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from lstm_composer.trainer.measures.measures import MEASURES

LOW, HIGH = 0.05, 0.95
"""Percentiles of human excerpts between which the mean of what is played must be."""
SHARES: Final = frozenset({"phrase_returns", "endless", "chord_stands", "bad_windows"})
"""What a piece has or has not: the range is that of the mean of as many human excerpts, drawn, and one more or less."""
AT_MOST: Final = frozenset({"loop", "endless", "outside_scale", "longest_chord", "chord_stands", "bad_windows"})
"""Of these less than human music has is no fault."""
SLACK: Final[Mapping[str, float]] = {
    "bars_return": 0.02,
    "in_phrases": 0.02,
    "longest_return": 1,
    "loop": 0.04,
    "main_key": 0.02,
    "outside_scale": 0.01,
    "longest_chord": 0.5,
    "velocity_spread": 0.5,
}
"""By so much a mean may lie outside the percentiles of the others: where no human bar returns, one is no fault."""
_DRAWS = 2000

Row = Mapping[str, float]


class Verdict(msgspec.Struct, frozen=True):
    """One measure of a style.

    Attributes:
        played: Its mean over what is played.
        human: Its mean over human excerpts.
        low: From where on it is inside the human range.
        high: Up to where.
        verdict: "inside", "too low" or "too high".

    """

    played: float
    human: float
    low: float
    high: float
    verdict: str

    @property
    def inside(self) -> bool:
        """Whether it is inside the human range."""
        return self.verdict == "inside"


def verdicts(played: Sequence[Row], human: Mapping[str, Sequence[float]], seed: int = 0) -> dict[str, Verdict]:
    """Compare the measures of played pieces with those of human excerpts, in the order of MEASURES.

    Args:
        played: The measures of each piece, at least one.
        human: The values of each measure over human excerpts, at least one.
        seed: Of the draws for SHARES.

    """
    found = {}
    for name in MEASURES:
        if name in human and name in played[0]:
            values, theirs = np.array([row[name] for row in played]), np.array(human[name])
            low, high = human_range(name, theirs, len(values), seed)
            mean = float(values.mean())
            side = "too high" if mean > high else "too low" if mean < low else "inside"
            found[name] = Verdict(round(mean, 4), round(float(theirs.mean()), 4), round(low, 4), round(high, 4), side)
    return found


def human_range(
    name: str, values: "np.ndarray[tuple[int], np.dtype[np.float64]]", played: int, seed: int = 0
) -> tuple[float, float]:
    """The range of a measure of human excerpts in which the mean of so many played pieces must be."""
    if name in SHARES:
        means = np.random.default_rng(seed).choice(values, (_DRAWS, played)).mean(axis=1)
        low, high = (float(np.quantile(means, tail)) for tail in (LOW, HIGH))
        low, high = low - 1 / played, min(1.0, high + 1 / played)
    else:
        low, high = float(np.quantile(values, LOW)) - SLACK[name], float(np.quantile(values, HIGH)) + SLACK[name]
    return (0.0 if name in AT_MOST else max(0.0, low)), high
