"""What other threads ask of the dispatcher: to end what sounds, to pause, or to look at what is new."""

import threading
from collections import deque
from collections.abc import Callable

from lstm_composer.runtime.transport.clock import Clock

Hold = Callable[[], None]
"""Called when all is silent; returns when the music is to go on."""


class Requests:
    """Requests that have been made; each may be made on any thread, and returns at once.

    Attributes:
        wake: Set when the dispatcher has something to look at before the time that it waits for; None where it need
            not look.

    """

    def __init__(self, clock: Clock, wake: threading.Event | None = None) -> None:
        """Begin with no request.

        Args:
            clock: The port's clock.
            wake: See above; whoever has news of the transport sets the same event.

        """
        self.wake = wake
        self._clock = clock
        self._panics: deque[float] = deque()
        self._hold: Hold | None = None

    def panic(self, until_seconds: float | None = None) -> None:
        """End what sounds as soon as possible, and nothing else: what has not begun is played in its time.

        Args:
            until_seconds: The time of the port's clock at which that was asked for; what has begun since then goes on.
                None for now.

        """
        self._panics.append(self._clock.now() if until_seconds is None else until_seconds)
        self.look()

    def look(self) -> None:
        """Look at what is new before the time that is waited for."""
        if self.wake is not None:
            self.wake.set()

    def pause(self, hold: Hold) -> None:
        """End what sounds and, when that has left, call `hold`; may be called in the handler of a signal."""
        self._hold = hold  # seen at the next look at the latest: a handler must not wait for the event's lock

    def take_panics(self) -> list[float]:
        """Return the times of the panics that have been asked for since."""
        return [self._panics.popleft() for _ in range(len(self._panics))]

    def take_pause(self) -> Hold | None:
        """Return what to call in the pause that has been asked for since; None if none was."""
        hold, self._hold = self._hold, None
        return hold
