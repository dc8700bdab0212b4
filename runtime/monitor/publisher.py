"""Sending snapshots to whoever asks: lines of JSON on a port of this machine's own network.

Nothing is read from those who connect. One that does not keep up is sent fewer snapshots, and never half a line.
"""

import os
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from runtime.errors import MissingError
from runtime.monitor.places import announce, withdraw
from runtime.monitor.snapshot import Snapshot, encode
from runtime.monitor.watch import Watch
from runtime.realtime import HELPING_PRIORITY, raise_priority

LOCALHOST: Final = "127.0.0.1"
PAUSE_SECONDS: Final = 0.1
"""Between two snapshots."""
MOST_CLIENTS: Final = 8


@dataclass(slots=True)
class _Client:
    """Somebody connected, and what is left of the line that is being sent."""

    connection: socket.socket
    unsent: bytes = b""

    def send(self, line: bytes) -> bool:
        """Send a line, or first the rest of the one before; False if nobody is there any more."""
        self.unsent = self.unsent or line
        try:
            self.unsent = self.unsent[self.connection.send(self.unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True


class Publisher:
    """Listens for programs that want to look, and has `take` make a snapshot while there are any."""

    def __init__(self, take: Callable[[], Snapshot], idle: Callable[[], None]) -> None:
        """Open the port.

        Args:
            take: Makes a snapshot, on the publisher's thread.
            idle: Called now and then while nobody looks.

        Raises:
            OSError: If this machine gives no port.

        """
        self._take, self._idle = take, idle
        self._listener = socket.create_server((LOCALHOST, 0))
        self._listener.settimeout(0)
        self._clients: list[_Client] = []

    @property
    def port(self) -> int:
        """The port's number."""
        return int(self._listener.getsockname()[1])

    def run(self, stop: threading.Event) -> None:
        """Publish until `stop` is set."""
        # Like every thread that runs Python while music plays: see runtime/realtime.py.
        raise_priority(HELPING_PRIORITY)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._listener, selectors.EVENT_READ)
                while not stop.is_set():
                    if selector.select(PAUSE_SECONDS):
                        self._accept()
                    if self._clients:
                        self._publish()
                    else:
                        self._idle()
            self._publish()  # what is to be seen last
        finally:
            self.close()

    def close(self) -> None:
        """Close the port and let everybody go."""
        for client in self._clients:
            client.connection.close()
        self._clients.clear()
        self._listener.close()

    def _publish(self) -> None:
        line = encode(self._take()) if self._clients else b""
        for client in [client for client in self._clients if not client.send(line)]:
            client.connection.close()
            self._clients.remove(client)

    def _accept(self) -> None:
        with suppress(OSError):  # whoever it was has gone already
            connection, _ = self._listener.accept()
            if len(self._clients) == MOST_CLIENTS:
                connection.close()
                return
            connection.settimeout(0)
            self._clients.append(_Client(connection))


@contextmanager
def published(watch: Watch, complain: Callable[[str], None]) -> Iterator[None]:
    """Publish beside the block, on a thread of its own; where that is not possible, say so and go on without."""
    with ExitStack() as stack:
        try:
            publisher = Publisher(watch.snapshot, watch.tidy)
            stack.callback(publisher.close)
            stack.callback(withdraw, announce(os.getpid(), publisher.port))
        except (OSError, MissingError) as error:
            complain(f"lstm-composer monitor cannot look in ({error}); the music plays all the same")
        else:
            stop = threading.Event()
            thread = threading.Thread(target=publisher.run, args=(stop,), name="monitor")
            thread.start()
            stack.callback(thread.join)
            stack.callback(stop.set)
        yield
