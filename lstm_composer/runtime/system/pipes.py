"""Writing into pipes and devices without ever waiting for good: a named pipe may have no reader, or one that stalls."""

import errno
import os
import select
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

LOOK_SECONDS: Final = 0.1
"""How often it is looked whether somebody reads by now, or whether to give up."""
LAST_LOOKS: Final = 10
"""So often it is looked once more when it has been given up: a reader may only be slow."""
_ATOMIC_BYTES: Final = getattr(select, "PIPE_BUF", 512)
"""What a pipe that has room takes at once, also one that would have us wait for more."""
_FLAGS: Final = os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_OPEN_FILES: Final = ("/dev/", "/proc/")
_MOST_LINKS: Final = 40
_STANDARD_OUTPUT: Final = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")

GivenUp = Callable[[], bool]


def is_standard_output(path: Path) -> bool:
    """Tell whether a path is a name of our own standard output, or a link to one."""
    return any(name in _STANDARD_OUTPUT for name in _names(path))


def is_link_of_the_system(path: Path) -> bool:
    """Tell whether a path, such as /dev/stdout, stands for a file that is open already, whatever that is."""
    return any(name.startswith(_OPEN_FILES) and os.path.islink(name) for name in _names(path))  # noqa: PTH114 - a text


def _names(path: Path) -> Iterator[str]:
    """Yield a path in full and, as long as it is a link, what it leads to."""
    name = os.path.abspath(path)  # noqa: PTH100 - not resolved
    for _ in range(_MOST_LINKS):
        yield name
        try:
            name = os.path.normpath(os.path.join(os.path.dirname(name), os.readlink(name)))  # noqa: PTH115, PTH118, PTH120
        except OSError:
            return


def open_now(path: Path, flags: int = 0) -> int | None:
    """Open a file to write to, without waiting; None for a pipe that nobody reads yet.

    Args:
        path: The file.
        flags: More of the system's flags, such as os.O_CREAT.

    Raises:
        OSError: If it cannot be opened.

    """
    if is_standard_output(path):
        return os.dup(1)  # its own position: what is printed follows
    try:
        return os.open(path, _FLAGS | flags, 0o666)
    except OSError as error:
        if error.errno == errno.ENXIO and stat.S_ISFIFO(path.stat().st_mode):
            return None
        raise


def write_now(handle: int, data: bytes | memoryview) -> int:
    """Write what there is room for, and return how many bytes that was.

    Raises:
        OSError: If it cannot be written; BrokenPipeError where the reader has gone.

    """
    try:
        return os.write(handle, data)
    except BlockingIOError:
        return 0


def pour(parts: Iterable[bytes], path: Path, given_up: GivenUp = lambda: False) -> None:
    """Write data into a pipe or a device, as soon and as fast as it is read.

    Args:
        parts: The data.
        path: The pipe or device.
        given_up: Asked while nothing is read: whether to wait no longer.

    Raises:
        OSError: If it cannot be written, or was given up.

    """
    looks = LAST_LOOKS
    while (handle := open_now(path)) is None:
        looks -= given_up()
        if looks < 0:
            raise OSError(errno.ENXIO, "nobody reads this pipe")
        time.sleep(LOOK_SECONDS)
    try:
        for part in parts:
            _pour_part(handle, memoryview(part), given_up)
    finally:
        os.close(handle)


def _pour_part(handle: int, left: memoryview, given_up: GivenUp) -> None:
    looks = LAST_LOOKS
    while left:
        if os.name == "nt" or select.select([], [handle], [], LOOK_SECONDS)[1]:
            left, looks = left[write_now(handle, left[:_ATOMIC_BYTES]) :], LAST_LOOKS
            continue
        looks -= given_up()
        if looks < 0:
            raise OSError(errno.EAGAIN, "its reader has stopped reading")
