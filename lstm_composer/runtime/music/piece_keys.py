"""The key of a piece as a network with a memory is told it: drawn from what its style is used to, or a player's.

Keys are told by number, 0..23 as in `runtime.music.key_estimation.KEYS`, and `NO_KEY`.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from lstm_composer.runtime.music.piece_memory import NO_KEY
from lstm_composer.runtime.music.scales import pitch_classes, tonic_of

Shares = tuple[float, ...]
"""How much of a style's music is in each key: 24 numbers that add up to 1."""
_COUNTER = 1 << 192
"""Where keys are drawn from: far from all that `runtime.graph.gumbel_noise` draws with the same seed."""
_FIFTH, _MAJOR_THIRD, _MINOR_THIRD = 7, 4, 3


def shares_of(mixes: Iterable[Sequence[float]], styles: Sequence[Shares | None]) -> Shares | None:
    """Return the shares of a mix of styles, or of several voices' mixes; None where no style heard tells its own.

    Args:
        mixes: Weights of the bundle's styles, for each voice.
        styles: Shares of the bundle's styles; None where they are not known.

    """
    weighted = [(weight, shares) for mix in mixes for weight, shares in zip(mix, styles, strict=False)]
    known = [weight * np.array(shares) for weight, shares in weighted if shares is not None and weight > 0]
    return tuple(np.sum(known, axis=0).tolist()) if known else None


def drawn(shares: Shares | None, seed: int, piece: int) -> int:
    """Return the key of a piece: the same for the same shares, seed and number of the piece.

    Args:
        shares: How likely each key is, up to a factor; None for no key.
        seed: 0 or more, below 2**64.
        piece: 0 or more.

    """
    if shares is None:
        return NO_KEY
    generator = np.random.Generator(np.random.Philox(key=seed, counter=_COUNTER + (piece << 64)))
    sums = np.cumsum(shares)
    return int(np.searchsorted(sums, generator.random() * sums[-1], side="right"))


def key_number(key: str) -> int:
    """Return the number of the key that is nearest to a player's, such as "F# minor" or "D dorian".

    That is the major or minor key on its tonic, by the triad there: D dorian is nearest to D minor. A scale that has
    both thirds or no fifth (whole-tone, octatonic, chromatic, locrian) is near to none.

    Raises:
        InputError: If it is no key.

    """
    tonic, scale = tonic_of(key), pitch_classes(key)
    has_major, has_minor = ((tonic + third) % 12 in scale for third in (_MAJOR_THIRD, _MINOR_THIRD))
    if (tonic + _FIFTH) % 12 not in scale or has_major == has_minor:
        return NO_KEY
    return tonic if has_major else 12 + tonic
