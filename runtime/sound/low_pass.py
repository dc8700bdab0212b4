"""A low-pass for many voices at once, each with a cutoff of its own: two one-pole filters in a row."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_STRETCH: Final = 64  # frames that are summed up at once; see `LowPass`
_SMALLEST_POLE: Final = 0.3  # to the power of -_STRETCH, 3e33, still a single
_FORGOTTEN: Final = 1e-7  # a share of a signal that a single cannot hold beside it
_LOWEST_HZ: Final = 150.0
_STEPS_PER_OCTAVE: Final = 6
_TWO_POLES: Final = float(np.sqrt(np.sqrt(2) - 1))  # two equal poles together are 3 dB down at this share of each one's

Floats = NDArray[np.float32]


class LowPass:
    """Filters that share a table of cutoffs.

    One pole is y[n] = a y[n-1] + (1-a) x[n]. Written out, y[n] = a^(n+1) (y[-1] + (1-a) sum of x[j] a^-(j+1)), which is
    a running sum of many frames, so that numpy does the work and no loop over frames is needed. The powers bound the
    length of a stretch; what one stretch leaves to the next is brought along afterwards.
    """

    def __init__(self, rate: int) -> None:
        """Make the table.

        Args:
            rate: Frames a second.

        """
        top = -np.log(_SMALLEST_POLE) * rate / (2 * np.pi) * _TWO_POLES
        count = int(np.log2(top / _LOWEST_HZ) * _STEPS_PER_OCTAVE)
        cutoffs = _LOWEST_HZ * 2 ** (np.arange(count + 1) / _STEPS_PER_OCTAVE)
        poles = np.exp(-2 * np.pi * cutoffs / _TWO_POLES / rate)[:, None]
        powers = np.arange(1, _STRETCH + 1)
        self._falling = (poles**powers).astype(np.float32)
        self._rising = ((1 - poles) * poles**-powers).astype(np.float32)
        self.open = count + 1

    def colour(self, cutoff_hz: float) -> int:
        """Return the number of the nearest cutoff in the table; `open` for what is beyond it and passes unfiltered."""
        number = round(float(np.log2(max(cutoff_hz, _LOWEST_HZ) / _LOWEST_HZ)) * _STEPS_PER_OCTAVE)
        return min(number, self.open)

    def filter(self, sound: Floats, colours: NDArray[Any], first: Floats, second: Floats) -> None:
        """Filter in place.

        Args:
            sound: Voices by frames.
            colours: Number of each voice's cutoff.
            first: Last output of each voice's first pole; brought up to date.
            second: The same of the second.

        """
        closed = np.flatnonzero(colours < self.open)
        if len(closed) == len(colours):
            self._filter(sound, colours, first, second)
        elif len(closed):
            part, memories = sound[closed], (first[closed], second[closed])
            self._filter(part, colours[closed], *memories)
            sound[closed], first[closed], second[closed] = part, *memories

    def _filter(self, sound: Floats, colours: NDArray[Any], first: Floats, second: Floats) -> None:
        voices, frames = sound.shape
        falling, rising = (table.take(colours, axis=0)[:, None] for table in (self._falling, self._rising))
        whole = frames - frames % _STRETCH
        for memory in (first, second):
            for part in (sound[:, :whole].reshape(voices, -1, _STRETCH), sound[:, None, whole:]):
                if part.size:
                    _one_pole(part, falling[..., : part.shape[2]], rising[..., : part.shape[2]], memory)


def _one_pole(sound: Floats, falling: Floats, rising: Floats, memory: Floats) -> None:
    """Filter voices by stretches by frames in place, and bring the memory up to date."""
    sound *= rising
    np.cumsum(sound, axis=2, out=sound)
    sound *= falling
    # What each stretch begins with: the memory, and each end as it has faded since. Doubling the distance brings all
    # ends along in a few steps.
    left = np.concatenate([memory[:, None], sound[:, :, -1]], axis=1)
    faded, distance = falling[:, :, -1].copy(), 1
    while distance < left.shape[1] and faded.max() > _FORGOTTEN:
        left[:, distance:] += faded * left[:, :-distance]
        faded *= faded
        distance *= 2
    memory[:] = left[:, -1]
    sound += left[:, :-1, None] * falling
