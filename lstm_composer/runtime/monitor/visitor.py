"""Somebody who has been let in: what is sent to them, and what they say.

Nobody is waited for. Who does not keep up is sent less: never half a line, and by protocol 2 all that there is to know
once they have read what was sent.
"""

import socket
from typing import Final

from lstm_composer.runtime.monitor.protocol import MOST_ASKED_BYTES, PROTOCOL

MOST_UNSENT_BYTES: Final = 1 << 18
"""Answers that somebody has not read; more are not kept for them."""
_CHUNK_BYTES: Final = 1 << 14


class Visitor:
    """A connection that is never waited for.

    Attributes:
        connection: The socket.
        protocol: What they speak: 1 until they have said hello.
        wants_whole: Whether they are to be sent all that there is to know, before what changes.

    """

    def __init__(self, connection: socket.socket, now_seconds: float) -> None:
        """Take a connection that does not block."""
        self.connection = connection
        self.protocol = 1
        self.wants_whole = True
        self._unsent = b""
        self._heard = b""
        self._is_heard = True
        self._taken_seconds = now_seconds

    @property
    def is_heard(self) -> bool:
        """Whether they may say something more."""
        return self._is_heard

    @property
    def is_behind(self) -> bool:
        """Whether something that was sent has not been taken."""
        return bool(self._unsent)

    def stuck_seconds(self, now_seconds: float) -> float:
        """Return for how long nothing was taken of what is waiting."""
        return now_seconds - self._taken_seconds if self._unsent else 0.0

    def greet(self) -> None:
        """Speak the newest protocol from now on, beginning with all that there is to know."""
        self.protocol, self.wants_whole = PROTOCOL, True

    def lose_track(self) -> None:
        """Note that they were not sent a change."""
        self.wants_whole = True

    def is_told_all(self) -> None:
        """Note that they have been sent all that there is to know."""
        self.wants_whole = False

    def send(self, line: bytes, now_seconds: float) -> bool:
        """Send a line, or as much of it as is taken, and what waits before it; False if nobody is there any more.

        A line for which there is no room is left out.
        """
        if len(self._unsent) < MOST_UNSENT_BYTES:
            if not self._unsent:
                self._taken_seconds = now_seconds
            self._unsent += line
        return self.flush(now_seconds)

    def flush(self, now_seconds: float) -> bool:
        """Send as much of what waits as is taken; False if nobody is there any more."""
        if not self._unsent:
            return True
        try:
            count = self.connection.send(self._unsent)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._unsent = self._unsent[count:]
        self._taken_seconds = now_seconds
        return True

    def listen(self) -> list[bytes] | None:
        """Return the whole lines that they have said since; None if one is longer than any, or nobody is there."""
        try:
            part = self.connection.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not part:
            self._is_heard = False  # they can still be sent something
        *lines, self._heard = (self._heard + part).split(b"\n")
        if any(len(line) > MOST_ASKED_BYTES for line in (*lines, self._heard)):
            return None
        return [line for line in lines if line.strip()]

    def close(self) -> None:
        """Part with them."""
        self.connection.close()
