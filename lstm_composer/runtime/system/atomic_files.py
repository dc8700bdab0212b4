"""Files that appear whole or not at all."""

import os
import platform
import re
import secrets
import stat
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.system.pipes import GivenUp, is_link_of_the_system, pour

_BLOCK_BYTES: Final = 1 << 16
_LONGEST_SUFFIX: Final = 32
"""Bytes of a name's ending that a part's name gets as well; no format has a longer one."""

_PART: Final = re.compile(r"\.lstm-composer-([0-9a-f]{8})-([0-9]{1,10})-[0-9a-f]{16}(\..*)?")
"""Name of a file that is being written: the machine, the process, a random number, the ending of the file to be."""
_FORGOTTEN_SECONDS: Final = 24 * 3600.0
"""No file takes so long to write."""


def is_device(path: Path) -> bool:
    """Tell whether a path is there and neither a file nor a folder: moving a file there would replace the device.

    Nor is one of the system's links to a file that is open, such as /dev/stdout, to be replaced.
    """
    return path.exists() and not path.is_dir() and (not path.is_file() or is_link_of_the_system(path))


def write_bytes_atomically(path: Path, data: bytes, given_up: GivenUp = lambda: False) -> None:
    """Write a file beside its place and move it there in one step; what was there before stays until then.

    A device or a pipe (/dev/null, /dev/stdout) is written to as it is. A new file has the permissions that the umask
    leaves, one that is replaced keeps its own.

    Args:
        path: The file.
        data: What is to be in it.
        given_up: Asked while nobody reads from a pipe: whether to wait no longer.

    Raises:
        MissingError: If it cannot be written: no space, no permission, no folder. Nothing is left behind.

    """
    cure = "make room, or name another place"
    write_atomically(path, lambda part: part.write_bytes(data), cure=cure, given_up=given_up)


def write_atomically(
    path: Path, write: Callable[[Path], object], *, cure: str, given_up: GivenUp = lambda: False
) -> None:
    """Let `write` fill a temporary file beside `path`, then move it there in one step; see `write_bytes_atomically`.

    The temporary file has the suffix of `path`, so that writers that choose a format by it choose the right one.

    What goes into a device or a pipe is made in a folder for temporary files first: most formats go back to their head
    when the length is known, which a pipe cannot.

    Raises:
        MissingError: If it cannot be written; the line ends with the cure.

    """
    try:
        if is_device(path):
            _fill_device(path, write, given_up)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        mode = _mode_of(path)
        _fill_and_move(_new_part(path, mode), path, write, mode)
    except OSError as error:
        raise MissingError(f"{path} cannot be written ({error.strerror or error}): {cure}") from error


def remove_leftovers(folder: Path) -> None:
    """Remove what processes have left in a folder that were killed while they wrote a file.

    A file that a running process may still be writing stays, and so does every file that is not named as ours are.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _PART.fullmatch(entry.name)
            if match and _is_left_over(entry, machine=match[1], process=int(match[2])):
                with suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108 - a DirEntry has no Path


def _is_left_over(entry: os.DirEntry[str], *, machine: str, process: int) -> bool:
    with suppress(OSError):
        found = entry.stat(follow_symlinks=False)
        ended = machine == _machine() and not _is_running(process)
        return stat.S_ISREG(found.st_mode) and (ended or time.time() - found.st_mtime > _FORGOTTEN_SECONDS)
    return False


def _is_running(process: int) -> bool:
    """Whether a process of this machine runs; true where that cannot be asked."""
    if sys.platform == "win32":  # asking is ending it there
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _machine() -> str:
    """This machine in eight digits: a folder may be shared with others, whose processes cannot be asked for."""
    return f"{zlib.crc32(platform.node().encode('utf-8', 'replace')):08x}"


def _mode_of(path: Path) -> int | None:
    """Permissions of a file that is going to be replaced, None where there is none."""
    try:
        return stat.S_IMODE(path.stat().st_mode) & 0o777
    except FileNotFoundError:
        return None


def _new_part(path: Path, mode: int | None) -> Path:
    """Make an empty file beside a path, readable for no one who may not read the file to be."""
    part = path.parent / f".lstm-composer-{_machine()}-{os.getpid()}-{secrets.token_hex(8)}{_suffix(path)}"
    # The mode goes through the umask here, in one step with the making: asking for the umask would change it.
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666 if mode is None else mode | stat.S_IWUSR))
    return part


def _fill_device(path: Path, fill: Callable[[Path], object], given_up: GivenUp) -> None:
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / f"part{_suffix(path)}"
        fill(part)
        pour(_blocks(part), path, given_up)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


def _suffix(path: Path) -> str:
    """Return the ending of a name, unless a part's name would be longer with it than the system allows."""
    return path.suffix if len(os.fsencode(path.suffix)) <= _LONGEST_SUFFIX else ""


def _fill_and_move(part: Path, path: Path, fill: Callable[[Path], object], mode: int | None) -> None:
    try:
        fill(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        if mode is not None:
            part.chmod(mode)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
