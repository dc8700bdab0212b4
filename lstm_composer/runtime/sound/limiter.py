"""Keeps the mix below full scale."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

CEILING: Final = 0.97
_KNEE: Final = 0.9  # above this what the gain was too slow for is bent, so that it stays below the ceiling
_FALL_FRAMES: Final = 48
_RISE_SECONDS: Final = 0.3

Floats = NDArray[np.float32]


class Limiter:
    """Turns the whole down for as long as it would be too loud, and smoothly up again."""

    def __init__(self, rate: int) -> None:
        """Begin with nothing turned down.

        Args:
            rate: Frames a second.

        """
        self._rise_frames = _RISE_SECONDS * rate
        self._gain = 1.0

    def limited(self, sound: Floats) -> Floats:
        """Return a block, channels by frames, within -CEILING..CEILING."""
        frames = sound.shape[1]
        peak = float(np.abs(sound).max(initial=0.0))
        risen = 1 - (1 - self._gain) * float(np.exp(-frames / self._rise_frames))
        gain = min(risen, _KNEE / peak) if peak else risen
        if gain == self._gain == 1.0:
            return sound
        fall = min(_FALL_FRAMES, frames) if gain < self._gain else frames
        ramp = np.full(frames, gain, np.float32)
        ramp[:fall] = np.linspace(self._gain, gain, fall)
        self._gain = gain
        turned = sound * ramp
        beyond = np.abs(turned) > _KNEE
        if beyond.any():
            room = CEILING - _KNEE
            excess = np.abs(turned[beyond]) - _KNEE
            turned[beyond] = np.sign(turned[beyond]) * (_KNEE + room * np.tanh(excess / room))
        return turned
