"""Clocks: where the seconds of the runtime come from. All are monotonic; none reads the time of day."""

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

STOP_CHECK_SECONDS: Final = 0.02
"""Longest sleep before a clock looks at the stop event again."""


class Clock(Protocol):
    """What the dispatcher needs of time. A port brings its own, so that it can be the sound card's."""

    def now(self) -> float:
        """Return the seconds since some fixed moment; never goes back by more than a clock's own jitter."""
        ...

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        """Sleep to an absolute time of this clock.

        Returns:
            True once the deadline is reached, at once if it has passed; False if `stop` was set first.

        """
        ...


def sleep_until(now: Callable[[], float], deadline_seconds: float, stop: threading.Event) -> bool:
    """Sleep until `now()` reaches the deadline, in slices so that `stop` is seen; see `Clock.wait_until`.

    The clock is read again before each slice: nothing adds up, and a clock that runs at another speed than the
    system's (a sound card's) is met as well. There is no spinning: under load it makes the worst case worse.
    """
    while not stop.is_set():
        remaining = deadline_seconds - now()
        if remaining <= 0.0:
            return True
        stop.wait(min(remaining, STOP_CHECK_SECONDS))
    return False


class SystemClock:
    """The operating system's monotonic clock."""

    def now(self) -> float:
        """Return the seconds of `time.monotonic`."""
        return time.monotonic()

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        """Sleep to an absolute time; see `Clock.wait_until`."""
        return sleep_until(time.monotonic, deadline_seconds, stop)
