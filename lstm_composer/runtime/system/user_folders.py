"""The user's own folders, also where there is no home: for a service, in a container, without an entry in /etc/passwd.

Where the system names none, or a relative one, it is a folder among those for temporary files that is the user's alone.
"""

import os
import stat
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import InputError

APPLICATION: Final = "lstm-composer"
_NOWHERE: Final = Path(os.devnull) / APPLICATION
"""Nothing is ever there, and nothing can be put there."""


def user_data_dir() -> Path:
    """Return where bundles of the user's own are."""
    import platformdirs  # noqa: PLC0415 - loaded where it is asked for

    return _found(lambda: platformdirs.user_data_dir(APPLICATION), "data")


def user_config_dir() -> Path:
    """Return where the map of the user's controllers is."""
    import platformdirs  # noqa: PLC0415 - loaded where it is asked for

    return _found(lambda: platformdirs.user_config_dir(APPLICATION), "config")


def user_cache_dir() -> Path:
    """Return where things are kept that can be made again."""
    import platformdirs  # noqa: PLC0415 - loaded where it is asked for

    return _found(lambda: platformdirs.user_cache_dir(APPLICATION), "cache")


def user_runtime_dir() -> Path:
    """Return where things are that exist only while programs run."""
    import platformdirs  # noqa: PLC0415 - loaded where it is asked for

    return _found(lambda: platformdirs.user_runtime_dir(APPLICATION, appauthor=False), "runtime")


def home() -> Path | None:
    """Return the user's home; None where there is none."""
    try:
        found = Path.home()
    except RuntimeError:
        return None
    return found if found.is_absolute() else None


def expanded(text: str) -> Path:
    """Return a path with the home of a user in place of `~` and `~name`.

    Raises:
        InputError: If there is no such user, or no home.

    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise InputError(f"{text}: there is no home folder of that user: write the path in full") from error


def _found(find: Callable[[], str], kind: str) -> Path:
    """The folder that the system names, if it names one in full."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without a session of systemd it is another folder, and that will do
            found = Path(find())
    except (OSError, RuntimeError, KeyError):
        return _refuge() / kind
    return found if found.is_absolute() else _refuge() / kind


def _refuge() -> Path:
    """A folder for temporary files that nobody else can have put anything into; made if it is not there."""
    try:
        path = Path(tempfile.gettempdir()) / f"{APPLICATION}-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
        path.mkdir(mode=0o700, exist_ok=True)
        is_ours = _is_private(path)
    except OSError:
        return _NOWHERE
    return path if is_ours else _NOWHERE


def _is_private(path: Path) -> bool:
    found = path.lstat()
    if os.name != "posix":
        return stat.S_ISDIR(found.st_mode)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
