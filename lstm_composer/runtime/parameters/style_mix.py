"""What is named after --style: one style, or several mixed by weight, such as bach:0.7,ragtime:0.3."""

import math
from collections.abc import Mapping

from lstm_composer.runtime.errors import InputError

StyleMix = Mapping[str, float]
"""Weights by style, in the order in which they were named; they add up to 1."""


def read_mix(text: str) -> StyleMix:
    """Read a mix; a style without a weight has the weight 1, before all are scaled to add up to 1.

    Raises:
        InputError: If a name is missing or named twice, a weight is no number from 0, or all weights are 0.

    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, weight = _read_part(part, text)
        if name in weights:
            raise InputError(f"--style {text!r} names {name} twice: give each style one weight")
        weights[name] = weight
    heaviest = max(weights.values())
    if heaviest == 0:
        raise InputError(f"--style {text!r} has no weight above 0: give one style more")
    # By the heaviest first: the sum of weights near the largest number is no number any more.
    total = sum(weight / heaviest for weight in weights.values())
    return {name: weight / heaviest / total for name, weight in weights.items()}


def _read_part(part: str, text: str) -> tuple[str, float]:
    name, colon, number = (word.strip() for word in part.partition(":"))
    weight = _number(number) if colon else 1.0
    if not name or not (0 <= weight < math.inf):
        raise InputError(
            f"--style {text!r}: {part.strip()!r} is no style with a weight from 0: write NAME, or bach:0.7,ragtime:0.3"
        )
    return name, weight


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def heaviest_of(mix: StyleMix) -> str:
    """The style with the largest weight; of equal ones the first."""
    return max(mix, key=lambda name: mix[name])


def shown(mix: StyleMix) -> str:
    """A mix in words: the name of a single style, else such as "bach 70%, ragtime 30%"."""
    return ", ".join(f"{name} {weight:.0%}" for name, weight in mix.items()) if len(mix) > 1 else next(iter(mix))
