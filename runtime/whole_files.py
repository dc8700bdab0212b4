"""Files that appear whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from runtime.errors import MissingError


def is_device(path: Path) -> bool:
    """Tell whether a path is there and neither a file nor a folder: moving a file there would replace the device."""
    return path.exists() and not path.is_file() and not path.is_dir()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place and move it there in one step; what was there before stays until then.

    A device or a pipe (/dev/null, /dev/stdout) is written to as it is.

    Raises:
        MissingError: If it cannot be written: no space, no permission, no folder. Nothing is left behind.

    """
    fill_whole(path, lambda part: part.write_bytes(data), cure="make room, or name another place")


def fill_whole(path: Path, fill: Callable[[Path], object], *, cure: str) -> None:
    """Let `fill` write the file, as `write_whole` does; what it is given ends like `path`, so that formats are known.

    Raises:
        MissingError: If it cannot be written; the line ends with the cure.

    """
    try:
        if is_device(path):
            fill(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        os.close(handle)
        _fill_and_move(Path(name), path, fill)
    except OSError as error:
        raise MissingError(f"{path} cannot be written ({error.strerror or error}): {cure}") from error


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
