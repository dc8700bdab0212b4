"""Connecting to a running `play`: the newest, or that of a process.

What answers may be something else that was given the port of a play that was killed: nothing of it is trusted.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

from runtime.errors import InputError, MissingError
from runtime.monitor.access import reach
from runtime.monitor.discovery import Endpoint, is_of_another_user, remove_dead, running_endpoints, unregister
from runtime.monitor.server import MOST_CLIENTS
from runtime.monitor.snapshot import Snapshot, decode
from runtime.system.foreign_files import MEBIBYTE, shown_bytes

ANSWER_SECONDS: Final = 5.0
"""A `play` that says nothing for so long has been stopped, or is none."""
MOST_LINE_BYTES: Final = 16 * MEBIBYTE
"""Of one snapshot; a thousand notes take a tenth of a mebibyte."""
_NONE_RUNNING: Final = (
    "no play is running here: start one with lstm-composer play, and look again (those of other users are not shown)"
)


@contextmanager
def snapshots(pid: int | None = None) -> Iterator[Iterator[Snapshot]]:
    """Connect, and give the snapshots; they end when the play does.

    Args:
        pid: Process of the play, the newest by default.

    Raises:
        InputError: If that process does not play.
        MissingError: If nothing plays, or what answers is no play, says nothing or lets nobody look; also while they
            are read.

    """
    with connect(pid) as connection, connection.makefile("rb") as file:
        yield _snapshots(file)


def connect(pid: int | None) -> socket.socket:
    """Connect to the newest play that answers; files of those that were killed are removed.

    Raises:
        InputError: If `pid` is given and does not play, or is another user's.
        MissingError: If nothing plays.

    """
    remove_dead()
    running = running_endpoints()
    for endpoint in running:
        if pid in (None, endpoint.pid):
            with suppress(OSError):
                return _reach(endpoint)
    if pid is not None and is_of_another_user(pid):
        raise InputError(f"--pid {pid} belongs to another user: monitor shows your own plays only")
    if pid is None or not (there := [str(endpoint.pid) for endpoint in running if endpoint.path.exists()]):
        raise MissingError(_NONE_RUNNING)
    raise InputError(f"--pid {pid} does not play: {', '.join(there)} may")


def _reach(endpoint: Endpoint) -> socket.socket:
    """Connect; another program may have been given the port or the number of a play that was killed."""
    try:
        return reach(endpoint, ANSWER_SECONDS)
    except (ConnectionRefusedError, FileNotFoundError):
        unregister(endpoint)
        raise


def _snapshots(file: BinaryIO) -> Iterator[Snapshot]:
    line = _line(file)
    if not line:
        raise MissingError(
            f"the play lets nobody look in: it has just ended, or {MOST_CLIENTS} monitors look already; close one"
        )
    while line:
        yield decode(line)
        line = _line(file)


def _line(file: BinaryIO) -> bytes:
    """Read a whole line, b"" at the end; a connection that breaks off, as when a play is killed, is an end too."""
    try:
        line = file.readline(MOST_LINE_BYTES)
    except TimeoutError as error:
        why = f"the play has said nothing for {ANSWER_SECONDS:g} s: it was stopped (SIGSTOP, Ctrl-Z)"
        raise MissingError(f"{why}, or is no play; look again when it goes on") from error
    except OSError:
        return b""
    if line.endswith(b"\n"):
        return line
    if len(line) == MOST_LINE_BYTES:
        raise MissingError(f"what answers is no play: a line of more than {shown_bytes(MOST_LINE_BYTES)}")
    return b""
