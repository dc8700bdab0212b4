"""A low-pass for many voices at once, each with a cutoff of its own: two one-pole filters in a row."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_STRETCH: Final = 16  # frames that one product filters; see `LowPass`
_LOWEST_HZ: Final = 150.0
_HIGHEST_HZ: Final = 8000.0
_STEPS_PER_OCTAVE: Final = 6
_TWO_POLES: Final = float(np.sqrt(np.sqrt(2) - 1))  # two equal poles together are 3 dB down at this share of each one's
_FORGOTTEN: Final = 1e-7  # a share of a signal that a single cannot hold beside it

Floats = NDArray[np.float32]


class LowPass:
    """Filters that share a table of cutoffs.

    One pole is y[n] = a y[n-1] + (1-a) x[n]. A loop over frames would be far too slow, so the sound is cut into
    stretches: what a filter makes of one is a product of the stretch, and of what the filter held before it, with a
    matrix. What each stretch leaves to the next is found first, for all of them together.
    """

    def __init__(self, rate: int) -> None:
        """Make the matrices.

        Args:
            rate: Frames a second.

        """
        count = int(np.log2(_HIGHEST_HZ / _LOWEST_HZ) * _STEPS_PER_OCTAVE)
        cutoffs = _LOWEST_HZ * 2 ** (np.arange(count + 1) / _STEPS_PER_OCTAVE)
        poles = np.exp(-2 * np.pi * cutoffs / _TWO_POLES / rate)
        self._matrices = [_matrix(pole) for pole in poles]
        self._ends = np.stack([_end_matrix(pole) for pole in poles])
        self._poles = poles.astype(np.float32)
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
        if not len(closed):
            return
        voices, frames = len(closed), sound.shape[1]
        whole = frames - frames % _STRETCH
        for begin, end, length in ((0, whole, _STRETCH), (whole, frames, frames - whole)):
            if begin == end:
                continue
            stretches = np.zeros((voices, (end - begin) // length, _STRETCH + 2), np.float32)
            stretches[:, :, :length] = sound[closed, begin:end].reshape(voices, -1, length)
            self._bring_along(stretches, length, colours[closed], closed, (first, second))
            for voice, colour, parts in zip(closed.tolist(), colours[closed].tolist(), stretches, strict=True):
                filtered = parts @ self._matrices[colour]
                sound[voice, begin:end] = filtered[:, :length].reshape(-1)

    def _bring_along(
        self,
        stretches: Floats,
        length: int,
        colours: NDArray[Any],
        voices: NDArray[Any],
        memories: tuple[Floats, Floats],
    ) -> None:
        """Put beside each stretch what both poles held before it, and bring their memories up to date."""
        poles = self._poles[colours, None]
        ends = stretches[:, :, :length] @ self._ends[colours, -length:]
        fallen = poles**length
        first, second = memories
        stretches[:, :, -2] = held = _brought_along(ends[:, :, 0], fallen, first, voices)
        passed_on = length * (1 - poles) * fallen * held
        stretches[:, :, -1] = _brought_along(ends[:, :, 1] + passed_on, fallen, second, voices)


def _matrix(pole: float) -> Floats:
    """Return the matrix that makes a filtered stretch of a stretch, and of what both poles held before it."""
    frames = np.arange(_STRETCH)
    distance = frames - frames[:, None]  # from an input's row to an output's column
    response = (1 - pole) ** 2 * (distance + 1) * pole ** np.maximum(distance, 0)
    from_first = (1 - pole) * (frames + 1) * pole ** (frames + 1)
    return np.vstack([np.where(distance >= 0, response, 0), from_first, pole ** (frames + 1)]).astype(np.float32)


def _end_matrix(pole: float) -> Floats:
    """Return the matrix that makes the last outputs of both poles of a stretch that begins from nothing."""
    distance = np.arange(_STRETCH - 1, -1, -1)
    response = (1 - pole) * pole**distance
    return np.stack([response, response * (1 - pole) * (distance + 1)], axis=1).astype(np.float32)


def _brought_along(ends: Floats, fallen: Floats, memory: Floats, voices: NDArray[Any]) -> Floats:
    """Return what a pole held before each stretch, and bring its memory up to date.

    Args:
        ends: Last output of each stretch as if nothing had been before it; voices by stretches.
        fallen: What is left of an output after a whole stretch, by voices.
        memory: Last outputs before the first stretch.
        voices: Whose of them these are.

    """
    left = np.concatenate([memory[voices, None], ends], axis=1)
    # Doubling the distance brings each end along to all later stretches in a few steps.
    distance = 1
    while distance < left.shape[1] and fallen.max() > _FORGOTTEN:
        left[:, distance:] += fallen * left[:, :-distance]
        fallen = fallen * fallen
        distance *= 2
    memory[voices] = left[:, -1]
    return left[:, :-1]
