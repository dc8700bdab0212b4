"""Gumbel noise as a function of seed and event number.

Philox is a counter-based generator (Salmon et al. 2011): the noise of event n is reached without making that of the
events before it, so that music resumed from a kept state is the music that would have come anyway.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.encoding import DELTA_CLASSES, DURATION_CLASSES, HEADS, PITCHES, VELOCITY_BINS

SIZES = dict(zip(HEADS, (DELTA_CLASSES, PITCHES, DURATION_CLASSES, VELOCITY_BINS), strict=True))
_SPLITS = np.cumsum(list(SIZES.values()))[:-1]
_TOTAL = sum(SIZES.values())
_TINIEST = 2.0**-60


def gumbel_noise(seed: int, number: int) -> dict[str, NDArray[Any]]:
    """Noise of one event for one voice: `noise_<head>` float32 [1, classes] for each head.

    Args:
        seed: 0 or more, below 2**64.
        number: Count of the event since the music began, 0 or more.

    """
    generator = np.random.Generator(np.random.Philox(key=seed, counter=(number << 64)))
    uniform = np.maximum(generator.random((1, _TOTAL)), _TINIEST)
    gumbel = -np.log(-np.log(uniform))
    parts = np.split(gumbel.astype(np.float32), _SPLITS, axis=1)
    return {f"noise_{head}": part for head, part in zip(HEADS, parts, strict=True)}
