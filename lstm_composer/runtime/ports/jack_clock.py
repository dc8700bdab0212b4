"""JACK's frame time as a clock."""

import threading
from typing import Any, Final

from lstm_composer.runtime.ports.jack_periods import signed_frames
from lstm_composer.runtime.transport.clock import Clock, SystemClock, sleep_until

BELIEVED_SECONDS: Final = 0.25
"""How far frame time may run from the system's clock between two readings and still be believed."""
MOST_DOUBTED: Final = 3
"""So many readings that are not believed may be slips; more are a server that counts otherwise (freewheeling)."""


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
        self._anchor: tuple[int, float] = (client.frame_time, self._system.now())  # the last reading to be believed
        self._doubted = 0  # readings in a row that were not

    def frame(self) -> int:
        """Return the present frame time, unwrapped to count on for ever.

        A reading is unwrapped by where it should be and not by the one before: of two that follow one another, one far
        off (JACK gives such under load, once in hours) would leave the count a whole 2**32 frames behind, a day.
        """
        expected, seconds = self._expected()
        if self._lost.is_set():
            return expected
        frame = expected + signed_frames(self._client.frame_time, expected)
        if abs(frame - expected) < BELIEVED_SECONDS * self._rate:
            self._anchor, self._doubted = (frame, seconds), 0
            return frame
        self._doubted += 1
        return frame if self._doubted > MOST_DOUBTED else expected

    def unwrapped(self, frame_time: int) -> int:
        """Return a frame time of JACK's (32 bits) that is not far from the present, as `frame` counts."""
        expected, _ = self._expected()
        return expected + signed_frames(frame_time, expected)

    def _expected(self) -> tuple[int, float]:
        """Return what the frame time should be by the system's clock, and that clock's time."""
        anchor, anchor_seconds = self._anchor
        seconds = self._system.now()
        return anchor + round((seconds - anchor_seconds) * self._rate), seconds

    def now(self) -> float:
        """Return the present frame time in seconds."""
        return self.frame() / self._rate

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        """Sleep to an absolute time; see `runtime.transport.clock.Clock.wait_until`."""
        return sleep_until(self.now, deadline_seconds, stop)
