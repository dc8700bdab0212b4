"""Files that appear whole or not at all."""

import os
import tempfile
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
    try:
        if is_device(path):
            path.write_bytes(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise MissingError(f"{path} cannot be written ({error.strerror}): name another place") from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise MissingError(f"{path} cannot be written ({error.strerror}): make room, or name another place") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise
