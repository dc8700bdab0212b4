"""Gumbel noise as a function of seed and event number.

Philox is a counter-based generator (Salmon et al. 2011): the noise of event n is reached without making that of the
events before it, so that music resumed from a kept state is the music that would have come anyway.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.event_encoding import DELTA_CLASSES, DURATION_CLASSES, HEADS, PITCHES, VELOCITY_BINS

SIZES = dict(zip(HEADS, (DELTA_CLASSES, PITCHES, DURATION_CLASSES, VELOCITY_BINS), strict=True))
_SPLITS = np.cumsum(list(SIZES.values()))[:-1]
_TOTAL = sum(SIZES.values())
_TINIEST = 2.0**-60
BLOCK_EVENTS = 16
"""Events whose noise is drawn at once; small, so that no note waits long for its block."""


def gumbel_noise(seed: int, number: int) -> dict[str, NDArray[Any]]:
    """Noise of one event for one voice: `noise_<head>` float32 [1, classes] for each head.

    Args:
        seed: 0 or more, below 2**64.
        number: Count of the event since the music began, 0 or more.

    """
    block, row = divmod(number, BLOCK_EVENTS)
    return _block(seed, block)[row]


@lru_cache(maxsize=32)
def _block(seed: int, block: int) -> list[dict[str, NDArray[Any]]]:
    """Noise of BLOCK_EVENTS events, for each what `gumbel_noise` returns; drawn at once, a note's costs a tenth."""
    generator = np.random.Generator(np.random.Philox(key=seed, counter=block << 64))
    uniform = np.maximum(generator.random((BLOCK_EVENTS, _TOTAL)), _TINIEST)
    gumbel = (-np.log(-np.log(uniform))).astype(np.float32)
    names = [f"noise_{head}" for head in HEADS]
    return [dict(zip(names, np.split(event, _SPLITS, axis=1), strict=True)) for event in np.split(gumbel, BLOCK_EVENTS)]
