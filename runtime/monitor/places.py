"""Where running plays can be reached: a file for each in the user's runtime folder, named by its process."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from runtime.user_folders import user_runtime_dir
from runtime.whole_files import write_whole

SUFFIX: Final = ".json"


@dataclass(frozen=True, slots=True)
class Place:
    """A port of this machine's own network (127.0.0.1), and the file that names it."""

    pid: int
    port: int
    path: Path


def folder() -> Path:
    """Return the folder for what exists only while programs run; it may not be there yet."""
    return user_runtime_dir()


def announce(pid: int, port: int) -> Place:
    """Write the file; raises OSError or MissingError where that is not possible."""
    place = Place(pid, port, folder() / f"{pid}{SUFFIX}")
    place.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(place.path, msgspec.json.encode({"port": port}))
    return place


def withdraw(place: Place) -> None:
    """Remove the file."""
    with suppress(OSError):
        place.path.unlink(missing_ok=True)


def places() -> list[Place]:
    """Return what is announced, newest first; a process that was killed has left its file behind."""
    dated = [(_written(path), path) for path in folder().glob(f"*{SUFFIX}") if path.stem.isdecimal()]
    return [place for _, path in sorted(dated, reverse=True) if (place := _read(path)) is not None]


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # removed meanwhile
        return 0


def _read(path: Path) -> Place | None:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, int])
        return Place(int(path.stem), found["port"], path)
    except (OSError, msgspec.MsgspecError, KeyError):
        return None
