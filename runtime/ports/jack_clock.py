"""JACK's frame time as a clock."""

import threading
from typing import Any, Final

from runtime.clock import Clock, SystemClock, sleep_until
from runtime.ports.periods import signed_frames

BELIEVED_SECONDS: Final = 0.25
"""How far frame time may run from the system's clock between two readings and still be believed."""


class JackClock:
    """JACK's frame time in seconds. It runs with the sound card, so that notes and audio cannot drift apart.

    When the server dies, frame time may jump by minutes. From then on the clock keeps its beat by the system's.
    """

    def __init__(self, client: Any, lost: threading.Event, system: Clock | None = None) -> None:
        """Start reading.

        Args:
            client: A `jack.Client`, of which `samplerate` and `frame_time` are read.
            lost: Set once the server is gone.
            system: The clock to go on with then.

        """
        self._client = client
        self._lost = lost
        self._system: Clock = system or SystemClock()
        self._rate: int = client.samplerate
        self._frame: int = client.frame_time
        self._anchor: tuple[int, float] = (self._frame, self._system.now())  # the last reading to be believed

    def frame(self) -> int:
        """Return the present frame time, unwrapped to count on for ever."""
        anchor, anchor_seconds = self._anchor
        seconds = self._system.now()
        expected = anchor + round((seconds - anchor_seconds) * self._rate)
        if self._lost.is_set():
            return expected
        last = self._frame
        frame: int = last + signed_frames(self._client.frame_time, last)
        self._frame = frame
        if abs(frame - expected) < BELIEVED_SECONDS * self._rate:
            self._anchor = (frame, seconds)
        return frame

    def unwrapped(self, frame_time: int) -> int:
        """Return a frame time of JACK's (32 bits) that is not far from the present, as `frame` counts."""
        last = self._frame
        return last + signed_frames(frame_time, last)

    def now(self) -> float:
        """Return the present frame time in seconds."""
        return self.frame() / self._rate

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        """Sleep to an absolute time; see `runtime.clock.Clock.wait_until`."""
        return sleep_until(self.now, deadline_seconds, stop)
