"""The article's way to choose an epoch: look at the curves, and take the one at which they flatten.

Made exact, so that it can stand beside the choice of `lstm-composer advise`: the first epoch after which the smoothed
training loss falls, within the next AHEAD epochs, by no more than SHARE of its whole fall, and the accuracy likewise
rises by no more than SHARE of its whole rise. What it cannot see is what the network does on music it has not heard,
and whether its own music loops or copies.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

AHEAD = 10
"""Epochs within which a flat curve stays flat; in a short training a fifth of its epochs."""
SHARE = 0.02
SMOOTHING = 5
"""Epochs that a point of a smoothed curve is the mean of: itself and its neighbours."""


@dataclass(frozen=True, slots=True)
class Plateau:
    """The epoch that the article's method takes, and why, as a clause that follows its number."""

    epoch: int
    reason: str


def mean_accuracy(row: Mapping[str, float], prefix: str = "") -> float | None:
    """Accuracy 0..1 in a row of the history, the mean over the heads if it has several; None if it has none.

    Args:
        row: A row of `RunDirectory.read_history`.
        prefix: "val_" for that on the held-out pieces.

    """
    found = [value for name, value in row.items() if name.startswith(f"{prefix}accuracy") and math.isfinite(value)]
    return sum(found) / len(found) if found else None


def find_plateau(rows: Sequence[Mapping[str, float]]) -> Plateau | None:
    """The first epoch at which the curves of a training flatten; the last one if they never do.

    Args:
        rows: Rows of `RunDirectory.read_history`, epochs rising.

    Returns:
        None if no epoch has a loss.

    """
    rows = [row for row in rows if math.isfinite(row["loss"])]
    if not rows:
        return None
    last = len(rows) - 1
    ahead = max(1, min(AHEAD, len(rows) // 5))
    gains = [_left_to_gain([-row["loss"] for row in rows], ahead)]
    accuracies = [value for row in rows if (value := mean_accuracy(row)) is not None]
    if len(accuracies) == len(rows):
        gains.append(_left_to_gain(accuracies, ahead))
    flat = (index for index in range(last + 1 - ahead) if all(gain(index) <= SHARE for gain in gains))
    index = next(flat, None)
    if index is None:
        return Plateau(int(rows[last]["epoch"]), "the last one: the curves had not flattened yet")
    what = "the loss falls and the accuracy rises" if len(gains) > 1 else "the loss falls"
    share = " and ".join(f"{gain(index):.1%}" for gain in gains)
    next_epochs = f"the next {ahead} epochs" if ahead > 1 else "the next epoch"
    return Plateau(int(rows[index]["epoch"]), f"in {next_epochs} {what} by only {share} of the whole way")


def _left_to_gain(curve: Sequence[float], ahead: int) -> Callable[[int], float]:
    """For a curve that should rise: the share of its whole rise that the next `ahead` points still bring."""
    smooth = smoothed(curve)
    whole = max(smooth) - smooth[0]

    def gain(index: int) -> float:
        best = max(smooth[index + 1 : index + 1 + ahead])
        return max(0.0, best - smooth[index]) / whole if whole > 0 else 0.0

    return gain


def smoothed(curve: Sequence[float], width: int = SMOOTHING) -> list[float]:
    """Means over `width` (odd) points around each; towards the ends over as many as there are on both sides."""
    means: list[float] = []
    for index in range(len(curve)):
        reach = min(width // 2, index, len(curve) - 1 - index)
        window = curve[index - reach : index + reach + 1]
        means.append(sum(window) / len(window))
    return means
