"""Who may look: a Unix socket in the user's own folder or, where there are none, a port of this machine's own network.

Whoever connects says the token of the place and the end of a line, within a second, and counts for nothing before. A
connection that says nothing, or something else, is closed without an answer.
"""

import os
import secrets
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from lstm_composer.runtime.monitor.discovery import TOKEN_CHARACTERS, Endpoint, endpoint_for

LOCALHOST: Final = "127.0.0.1"
GREETING_SECONDS: Final = 1.0
"""A program of ours says the token as soon as it has connected."""
MOST_STRANGERS: Final = 64
"""Connections that have not said the token; the oldest makes room for another one."""
MOST_AT_ONCE: Final = 32
"""Connections taken at one look: a flood of them must not take the time that music needs."""
LONGEST_SOCKET_PATH: Final = 103
"""Bytes, on macOS; Linux takes four more."""
_GREETING_BYTES: Final = TOKEN_CHARACTERS + 1
_CREDENTIALS: Final = struct.Struct("3i")
"""Process, user and group at the other end, as Linux tells them (socket(7) and unix(7), SO_PEERCRED)."""
_ROOT: Final = 0


@dataclass(slots=True)
class _Stranger:
    """Somebody connected who has not said the token yet."""

    connection: socket.socket
    deadline: float
    said: bytes = field(default=b"")

    def listen(self) -> bool:
        """Take what was said since; False if nothing more will come of it."""
        try:
            part = self.connection.recv(_GREETING_BYTES - len(self.said))
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.said += part
        return bool(part) and (len(self.said) < _GREETING_BYTES or self.said.endswith(b"\n"))

    def has_said(self, token: str) -> bool:
        return secrets.compare_digest(self.said, greeting(token))


def greeting(token: str) -> bytes:
    """What a program says to be let in."""
    return f"{token}\n".encode()


class Entrance:
    """Listens, and lets in who says the token; all its methods belong on one thread.

    Attributes:
        endpoint: Where it listens, to be registered.

    """

    def __init__(self) -> None:
        """Listen; raises OSError or MissingError where this machine gives neither a socket nor a port."""
        wanted = endpoint_for(os.getpid(), secrets.token_hex(TOKEN_CHARACTERS // 2))
        self._listener, self.endpoint = _listen(wanted)
        self._listener.settimeout(0)
        self._strangers: list[_Stranger] = []

    def admitted(self) -> list[socket.socket]:
        """Return those who have said the token since the last look, not to be waited for."""
        self._accept()
        let_in, left = [], []
        now = time.monotonic()
        for stranger in self._strangers:
            goes_on = stranger.listen()
            if stranger.has_said(self.endpoint.token):
                let_in.append(stranger.connection)
            elif goes_on and now < stranger.deadline:
                left.append(stranger)
            else:
                stranger.connection.close()
        self._strangers = left
        return let_in

    def close(self) -> None:
        """Listen no more, and let the strangers go."""
        for stranger in self._strangers:
            stranger.connection.close()
        self._strangers.clear()
        self._listener.close()

    def _accept(self) -> None:
        for _ in range(MOST_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError:  # whoever it was has gone already, or there are no more handles
                continue
            connection.settimeout(0)
            if not _may_speak(connection):
                connection.close()
                continue
            if len(self._strangers) == MOST_STRANGERS:
                self._strangers.pop(0).connection.close()
            self._strangers.append(_Stranger(connection, time.monotonic() + GREETING_SECONDS))


def reach(endpoint: Endpoint, timeout_seconds: float) -> socket.socket:
    """Connect to an endpoint and send its token; raises OSError if nobody listens there."""
    connection = _unix_socket() if endpoint.port is None else socket.socket(socket.AF_INET)
    try:
        connection.settimeout(timeout_seconds)
        connection.connect(str(endpoint.socket_path) if endpoint.port is None else (LOCALHOST, endpoint.port))
        connection.sendall(greeting(endpoint.token))
    except BaseException:
        connection.close()
        raise
    return connection


def _listen(wanted: Endpoint) -> tuple[socket.socket, Endpoint]:
    path = str(wanted.socket_path)
    if hasattr(socket, "AF_UNIX") and len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        with suppress(OSError):  # a file system without sockets: a port will do
            wanted.socket_path.unlink(missing_ok=True)  # of a process that had the same number
            return _listening_unix(path), wanted
    listener = socket.create_server((LOCALHOST, 0))
    return listener, replace(wanted, port=int(listener.getsockname()[1]))


def _listening_unix(path: str) -> socket.socket:
    listener = _unix_socket()
    try:
        listener.bind(path)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _unix_socket() -> socket.socket:
    if not hasattr(socket, "AF_UNIX"):
        raise ConnectionRefusedError("this system has no Unix sockets")
    return socket.socket(socket.AF_UNIX)


def _may_speak(connection: socket.socket) -> bool:
    """Tell whether the user at the other end is this one or the superuser, where the system says who it is."""
    if not hasattr(socket, "SO_PEERCRED") or connection.family != socket.AF_UNIX:
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(credentials)[1] in (_ROOT, os.geteuid())
