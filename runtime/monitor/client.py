"""Connecting to a running `play`: the newest, or that of a process."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from runtime.errors import InputError, MissingError
from runtime.monitor.places import Place, places, withdraw
from runtime.monitor.publisher import LOCALHOST

ANSWER_SECONDS: Final = 5.0
"""A `play` that says nothing for so long has stopped, or is none."""
_NONE_RUNNING: Final = "no play is running here: start one with lstm-composer play, and look again"


@contextmanager
def lines(pid: int | None = None) -> Iterator[Iterator[bytes]]:
    """Connect, and give the snapshots as lines of JSON; they end when the play does.

    Args:
        pid: Process of the play, the newest by default.

    Raises:
        InputError: If that process does not play.
        MissingError: If nothing plays.

    """
    with connect(pid) as connection:
        yield _lines(connection)


def connect(pid: int | None) -> socket.socket:
    """Connect to the newest play that answers; files of those that were killed are removed.

    Raises:
        InputError: If `pid` is given and does not play.
        MissingError: If nothing plays.

    """
    announced = places()
    for place in announced:
        if pid in (None, place.pid):
            with suppress(OSError):
                return _reach(place)
    if pid is None or not (there := [str(place.pid) for place in announced if place.path.exists()]):
        raise MissingError(_NONE_RUNNING)
    raise InputError(f"--pid {pid} does not play: {', '.join(there)} may")


def _reach(place: Place) -> socket.socket:
    """Connect; another program may have been given the port of a play that was killed."""
    try:
        if os.name == "posix":  # elsewhere signal 0 ends the process
            os.kill(place.pid, 0)
        return socket.create_connection((LOCALHOST, place.port), timeout=ANSWER_SECONDS)
    except (ConnectionRefusedError, ProcessLookupError):
        withdraw(place)
        raise


def _lines(connection: socket.socket) -> Iterator[bytes]:
    """Give whole lines; a connection that breaks off, as when a play is killed, is an end like any other."""
    with suppress(OSError), connection.makefile("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line
