"""The user's own folder for what exists only while programs run: used only if nobody else can put anything there.

Without a session of systemd it is /tmp/runtime-UID, and in /tmp anybody may have been there first.
"""

import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import MissingError

_ROOT: Final = 0
_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
_CURE: Final = "set XDG_RUNTIME_DIR to a folder that is yours alone"


def folder() -> Path:
    """Return the folder; it may not be there yet."""
    import platformdirs  # noqa: PLC0415 - only where somebody plays or looks

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without a session of systemd there is another folder, and that will do
        try:
            found = platformdirs.user_runtime_dir("lstm-composer", appauthor=False)
        except (OSError, RuntimeError, KeyError) as error:  # another user made it, or this one has no home
            raise MissingError(f"this user has no folder for running programs ({error}): {_CURE}") from error
    return Path(found).absolute()


def make_private(path: Path) -> None:
    """Make the folder if need be, for this user alone.

    Raises:
        MissingError: If it cannot be made, or others could put something there.

    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise MissingError(f"{path} cannot be made ({reason}): {_CURE}") from error
    check_private(path)
    with suppress(OSError):  # one of ours that others may read, as an earlier umask left it
        path.chmod(0o700)


def check_private(path: Path) -> None:
    """Check that the folder is this user's, and that no other user can change what it or a folder above holds.

    On Windows the folder lies in the user's profile, which the system keeps.

    Raises:
        MissingError: If that is not so, or the folder is not there.

    """
    if os.name != "posix":
        return
    try:
        ours = path.lstat()
        if not stat.S_ISDIR(ours.st_mode) or ours.st_uid != os.geteuid():
            raise MissingError(f"{path} is not a folder of this user: {_CURE}")
        for part in _with_parents(path):
            found = part.lstat()
            if found.st_uid not in (_ROOT, os.geteuid()) or _is_open(found.st_mode):
                raise MissingError(f"{path} is not private, other users can change {part}: {_CURE}")
    except OSError as error:
        raise MissingError(f"{path} cannot be used ({error.strerror or error}): {_CURE}") from error


def _with_parents(path: Path) -> Iterator[Path]:
    """The folder and those above it, as they are named and where links lead."""
    for named in {path, path.resolve()}:
        yield named
        yield from named.parents


def _is_open(mode: int) -> bool:
    """Tell whether others may take away what is there; in a sticky folder, as /tmp is, only what is their own."""
    return bool(mode & _OTHERS) and not mode & stat.S_ISVTX and not stat.S_ISLNK(mode)
