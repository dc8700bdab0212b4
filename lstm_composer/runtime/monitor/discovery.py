"""Where running plays can be reached: two files for each in the user's own folder, named by its process.

    17.json    {"token": ..., "port": ...}: what a program that wants to look says first; the port where there is one
    17.sock    the Unix socket, where there are such

The token opens nothing on a Unix socket that the folder has not opened already; on a port, which every user of this
machine can reach, it tells who may read the folder.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec

from lstm_composer.runtime.errors import ComposerError
from lstm_composer.runtime.monitor.private_folder import check_private, folder, make_private
from lstm_composer.runtime.system.atomic_files import write_bytes_atomically
from lstm_composer.runtime.system.foreign_files import KIBIBYTE, read_foreign_json

SUFFIX: Final = ".json"
SOCKET_SUFFIX: Final = ".sock"
TOKEN_CHARACTERS: Final = 64
_MOST_BYTES: Final = KIBIBYTE
_LARGEST_PID: Final = 2**31 - 1
_LEFT_BEHIND: Final = (SUFFIX, SOCKET_SUFFIX)

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Token = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{TOKEN_CHARACTERS}}}$")]


class _Written(msgspec.Struct, frozen=True):
    """What the file says."""

    token: Token
    port: Port | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a running `play` publishes its snapshots.

    Attributes:
        pid: Its process.
        path: The file that says it.
        token: What it wants to be told before it shows anything: 64 hexadecimal digits.
        port: Its port on 127.0.0.1; None if it listens on the socket beside the file.

    """

    pid: int
    path: Path
    token: str
    port: int | None = None

    @property
    def socket_path(self) -> Path:
        """Of the Unix socket, if there is one."""
        return self.path.with_suffix(SOCKET_SUFFIX)


def endpoint_for(pid: int, token: str) -> Endpoint:
    """Return the endpoint of a `play` that is about to listen; makes its folder, private to the user.

    Raises:
        MissingError: If there is no such folder.

    """
    home = folder()
    make_private(home)
    return Endpoint(pid, home / f"{pid}{SUFFIX}", token)


def register(endpoint: Endpoint) -> None:
    """Write the endpoint's file, after removing what killed plays have left; raises MissingError if it cannot be."""
    remove_dead()
    write_bytes_atomically(endpoint.path, msgspec.json.encode(_Written(endpoint.token, endpoint.port)))
    with suppress(OSError):
        endpoint.path.chmod(0o600)


def unregister(endpoint: Endpoint) -> None:
    """Remove an endpoint's files."""
    for suffix in _LEFT_BEHIND:
        with suppress(OSError):
            endpoint.path.with_suffix(suffix).unlink(missing_ok=True)


def remove_dead() -> None:
    """Remove what killed plays have left behind.

    Raises:
        MissingError: As `running_endpoints`.

    """
    for suffix in _LEFT_BEHIND:
        for path, pid in _files(suffix):
            if _is_gone(pid):
                with suppress(OSError):
                    path.unlink()


def running_endpoints() -> list[Endpoint]:
    """Return the registered endpoints, newest first.

    Raises:
        MissingError: If the folder is there and not this user's alone.

    """
    dated = [(_written(path), path, pid) for path, pid in _files(SUFFIX)]
    return [endpoint for _, path, pid in sorted(dated, reverse=True) if (endpoint := _read(path, pid)) is not None]


def is_of_another_user(pid: int) -> bool:
    """Tell whether a process may not be sent signals; for a superuser there is none such."""
    try:
        if os.name == "posix":
            os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _is_gone(pid: int) -> bool:
    """Tell whether a process has ended for sure."""
    if os.name != "posix":  # elsewhere signal 0 ends the process
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # there is no such number
        return True
    except OSError:  # another user's
        return False
    return False


def _files(suffix: str) -> list[tuple[Path, int]]:
    """Files of the folder that are named by a process."""
    home = folder()
    if not os.path.lexists(home):
        return []
    check_private(home)
    return [(path, pid) for path in home.glob(f"*{suffix}") if (pid := _pid(path)) is not None]


def _pid(path: Path) -> int | None:
    """The process that a file is named by, None if it is named otherwise."""
    stem = path.stem
    if not (stem.isascii() and stem.isdecimal() and len(stem) <= len(str(_LARGEST_PID))):
        return None
    return pid if 0 < (pid := int(stem)) <= _LARGEST_PID else None


def _written(path: Path) -> int:
    try:
        return path.lstat().st_mtime_ns
    except OSError:  # removed meanwhile
        return 0


def _read(path: Path, pid: int) -> Endpoint | None:
    try:
        found = read_foreign_json(path, _Written, _MOST_BYTES)
    except ComposerError:
        return None
    return Endpoint(pid, path, found.token, found.port)
