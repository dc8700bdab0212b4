"""Files that appear whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from runtime.errors import MissingError
from runtime.pipes import GivenUp, is_link_of_the_system, pour

_BLOCK_BYTES: Final = 1 << 16
_LONGEST_SUFFIX: Final = 32
"""Bytes of a name's ending that a part's name gets as well; no format has a longer one."""


def is_device(path: Path) -> bool:
    """Tell whether a path is there and neither a file nor a folder: moving a file there would replace the device.

    Nor is one of the system's links to a file that is open, such as /dev/stdout, to be replaced.
    """
    return path.exists() and not path.is_dir() and (not path.is_file() or is_link_of_the_system(path))


def write_whole(path: Path, data: bytes, given_up: GivenUp = lambda: False) -> None:
    """Write a file beside its place and move it there in one step; what was there before stays until then.

    A device or a pipe (/dev/null, /dev/stdout) is written to as it is.

    Args:
        path: The file.
        data: What is to be in it.
        given_up: Asked while nobody reads from a pipe: whether to wait no longer.

    Raises:
        MissingError: If it cannot be written: no space, no permission, no folder. Nothing is left behind.

    """
    fill_whole(path, lambda part: part.write_bytes(data), cure="make room, or name another place", given_up=given_up)


def fill_whole(path: Path, fill: Callable[[Path], object], *, cure: str, given_up: GivenUp = lambda: False) -> None:
    """Let `fill` write the file, as `write_whole` does; what it is given ends like `path`, so that formats are known.

    What goes into a device or a pipe is made in a folder for temporary files first: most formats go back to their head
    when the length is known, which a pipe cannot.

    Raises:
        MissingError: If it cannot be written; the line ends with the cure.

    """
    try:
        if is_device(path):
            _fill_device(path, fill, given_up)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=_suffix(path))
        os.close(handle)
        _fill_and_move(Path(name), path, fill)
    except OSError as error:
        raise MissingError(f"{path} cannot be written ({error.strerror or error}): {cure}") from error


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


def _fill_and_move(part: Path, path: Path, fill: Callable[[Path], object]) -> None:
    try:
        fill(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
