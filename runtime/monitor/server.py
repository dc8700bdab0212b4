"""Sending snapshots to whoever may look: lines of JSON.

Who has been let in is not listened to any more. One that does not keep up is sent fewer snapshots, and never half a
line.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from runtime.errors import ComposerError
from runtime.monitor.access import Entrance
from runtime.monitor.discovery import Endpoint, register, unregister
from runtime.monitor.snapshot import Snapshot, encode
from runtime.system.realtime import HELPING_PRIORITY, raise_priority

PAUSE_SECONDS: Final = 0.1
"""Between two snapshots."""
MOST_CLIENTS: Final = 8
STUCK_SNAPSHOTS: Final = 50
"""One that has taken nothing for so many makes room where there are too many."""


@dataclass(slots=True)
class _Client:
    """Somebody let in, what is left of the line that is being sent, and for how many snapshots nothing was taken."""

    connection: socket.socket
    unsent: bytes = b""
    stuck: int = 0

    def send(self, line: bytes) -> bool:
        """Send a line, or first the rest of the one before; False if nobody is there any more."""
        self.unsent = self.unsent or line
        try:
            self.unsent = self.unsent[self.connection.send(self.unsent) :]
        except BlockingIOError:
            self.stuck += 1
        except OSError:
            return False
        else:
            self.stuck = 0
        return True


class Publisher:
    """Lets in programs that want to look, and has `take` make a snapshot while there are any."""

    def __init__(self, take: Callable[[], Snapshot], idle: Callable[[], None]) -> None:
        """Listen.

        Args:
            take: Makes a snapshot, on the publisher's thread.
            idle: Called now and then while nobody looks.

        Raises:
            OSError: If this machine gives no socket.
            MissingError: If this user has no folder of their own.

        """
        self._take, self._idle = take, idle
        self._entrance = Entrance()
        self._clients: list[_Client] = []

    @property
    def endpoint(self) -> Endpoint:
        """Where clients reach it, to be registered."""
        return self._entrance.endpoint

    def run(self, stop: threading.Event) -> None:
        """Publish until `stop` is set."""
        # Like every thread that runs Python while music plays: see runtime/system/realtime.py.
        raise_priority(HELPING_PRIORITY)
        try:
            while not stop.wait(PAUSE_SECONDS):
                self._let_in()
                if self._clients:
                    self._publish()
                else:
                    self._idle()
            self._let_in()
            self._publish()  # what is to be seen last
        finally:
            self.close()

    def close(self) -> None:
        """Listen no more, and let everybody go."""
        for client in self._clients:
            client.connection.close()
        self._clients.clear()
        self._entrance.close()

    def _publish(self) -> None:
        line = encode(self._take()) if self._clients else b""
        for client in [client for client in self._clients if not client.send(line)]:
            self._part_with(client)

    def _let_in(self) -> None:
        for connection in self._entrance.admitted():
            self._take_in(connection)

    def _take_in(self, connection: socket.socket) -> None:
        if len(self._clients) == MOST_CLIENTS:
            most_stuck = max(self._clients, key=lambda client: client.stuck)
            if most_stuck.stuck < STUCK_SNAPSHOTS:
                connection.close()
                return
            self._part_with(most_stuck)
        self._clients.append(_Client(connection))

    def _part_with(self, client: _Client) -> None:
        client.connection.close()
        self._clients.remove(client)


@contextmanager
def published(
    take: Callable[[], Snapshot], idle: Callable[[], None], complain: Callable[[str], None]
) -> Iterator[None]:
    """Publish beside the block, on a thread of its own; where that is not possible, say so and go on without.

    Args:
        take: Makes a snapshot, on the publisher's thread.
        idle: Called now and then while nobody looks.
        complain: Told in a line why it is not possible.

    """
    with ExitStack() as stack:
        try:
            publisher = Publisher(take, idle)
            stack.callback(publisher.close)
            stack.callback(unregister, publisher.endpoint)
            register(publisher.endpoint)
        except (OSError, ComposerError) as error:
            complain(f"lstm-composer monitor cannot look in ({error}); the music plays all the same")
        else:
            stop = threading.Event()
            thread = threading.Thread(target=publisher.run, args=(stop,), name="monitor")
            thread.start()
            stack.callback(thread.join)
            stack.callback(stop.set)
        yield
