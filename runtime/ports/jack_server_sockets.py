"""Whether a server that a library of ours talks to still lives, seen by the sockets that the library has to it.

rtmidi says nothing when JACK's server dies: sending goes on into nowhere, and the port claims to be open. But the
system knows at once that the other end of a socket is closed.
"""

import os
import select
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_OPEN_FILES: Final = Path("/dev/fd")
_HANG_UP: Final = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0) if hasattr(select, "poll") else 0

_Socket = tuple[int, int]  # file descriptor, inode: a descriptor that was closed may be somebody else's now


class ServerSockets:
    """The sockets of a program to a server.

    Nothing is read from them: they are the library's.
    """

    def __init__(self) -> None:
        self._sockets: list[_Socket] = []

    @contextmanager
    def opened_here(self) -> Iterator[None]:
        """Take those that the library opens within the block."""
        before = set(_local_sockets())
        yield
        self._sockets += [one for one in _local_sockets() if one not in before]

    def has_hung_up(self) -> bool:
        """Tell whether the server has closed one of them; never where the system cannot tell."""
        if not self._sockets:
            return False
        poll = select.poll()
        for descriptor, _ in self._sockets:
            poll.register(descriptor, _HANG_UP)
        hung_up = {descriptor for descriptor, events in poll.poll(0) if events & (_HANG_UP | select.POLLNVAL)}
        return bool(hung_up) or any(_inode(descriptor) != inode for descriptor, inode in self._sockets)


def _local_sockets() -> list[_Socket]:
    """The open sockets that lead to a server on this machine."""
    if not _HANG_UP or not _OPEN_FILES.is_dir():
        return []
    descriptors = [int(name) for name in os.listdir(_OPEN_FILES) if name.isdecimal()]  # noqa: PTH208 - names will do
    return [(one, inode) for one in descriptors if (inode := _inode(one)) is not None and _leads_to_server(one)]


def _inode(descriptor: int) -> int | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_ino if stat.S_ISSOCK(status.st_mode) else None


def _leads_to_server(descriptor: int) -> bool:
    try:
        copy = socket.socket(fileno=os.dup(descriptor))
    except OSError:
        return False
    with copy:
        try:
            return copy.family == socket.AF_UNIX and bool(copy.getpeername())
        except OSError:
            return False
