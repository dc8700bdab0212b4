"""Which frame of a sound card's stream is heard when. Pure: it knows no device."""

from collections import deque
from typing import Final

WINDOW_SECONDS: Final = 4.0
"""For how long a reading counts: within it a sound card's clock runs away from the system's by less than half a
millisecond (100 parts in a million)."""
STALL_SECONDS: Final = 0.25
"""A device that asks so much later than it did has stood still meanwhile: what it was before no longer counts."""
_SHARES: Final = 8  # of the window, each with one reading


class FrameClock:
    """Fits a line through the moments at which a device asks for frames.

    A device asks late when the machine is busy, and never early. So the earliest reading of the last few seconds tells
    where the stream stands, and no delay of a callback moves a note.
    """

    def __init__(self, rate: int) -> None:
        """Begin at frame 0.

        Args:
            rate: Frames a second.

        """
        self._rate = rate
        self._frames = 0
        self._readings: deque[tuple[float, float]] = deque()  # when, and how much later than its frames' length

    @property
    def frames(self) -> int:
        """Frames that have been asked for."""
        return self._frames

    def asked(self, frames: int, now_seconds: float) -> int:
        """Note that a device asks for frames, and return the first one's number."""
        first = self._frames
        self._frames += frames
        late = now_seconds - first / self._rate
        if self._readings and late - min(earliest for _, earliest in self._readings) > STALL_SECONDS:
            self._readings.clear()
        if self._readings and now_seconds - self._readings[-1][0] < WINDOW_SECONDS / _SHARES:
            when, earliest = self._readings[-1]
            self._readings[-1] = (when, min(earliest, late))
        else:
            self._readings.append((now_seconds, late))
        while self._readings[0][0] < now_seconds - WINDOW_SECONDS:
            self._readings.popleft()
        return first

    def frame_at(self, seconds: float) -> int:
        """Return the frame that a device asks for at a time; only after the first time that it did."""
        return round((seconds - min(late for _, late in self._readings)) * self._rate)
