"""Names of files that are claimed before the files are there, so that no two programs choose the same.

The claim on take-001.mid is a lock on the hidden file .take-001.mid.lock beside it. The system lets go of it when the
program ends, also by kill -9: then that empty file may stay, and means nothing.
"""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_MOST_TRIED: Final = 100_000


class Claim:
    """A name that is ours until it is released, or this process ends. A context manager.

    Attributes:
        path: The file.

    """

    def __init__(self, path: Path, lock: Path, handle: int) -> None:
        """Hold a lock that was taken; see `claim`."""
        self.path = path
        self._lock, self._handle = lock, handle

    def release(self) -> None:
        """Let go of the name."""
        # Before the lock is let go: who waits for it would lock a file that is no longer there.
        with suppress(OSError):
            self._lock.unlink(missing_ok=True)
        with suppress(OSError):
            os.close(self._handle)

    @property
    def handle(self) -> int:
        """The descriptor whose lock is held; a process that inherits it holds the lock as well."""
        return self._handle

    def leave_to_heirs(self) -> None:
        """Let go of the name here, so that it is claimed until the last process ends that inherited `handle`."""
        with suppress(OSError):
            os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def claim(path: Path) -> Claim | None:
    """Claim a name; None if another program holds it, or another part of this one.

    Raises:
        OSError: If its folder cannot be written to.

    """
    lock = path.with_name(f".{path.name}.lock")
    handle = os.open(lock, _FLAGS, 0o600)
    if _is_locked(handle) and _is_at(handle, lock):
        return Claim(path, lock, handle)
    os.close(handle)
    return None


def is_claimed(path: Path) -> bool:
    """Tell whether a program holds a name, without claiming it for longer than it takes to ask.

    Raises:
        OSError: If its lock is there and may not be opened.

    """
    try:
        handle = os.open(path.with_name(f".{path.name}.lock"), _FLAGS & ~os.O_CREAT)
    except FileNotFoundError:
        return False
    try:
        return not _is_locked(handle)
    finally:
        os.close(handle)


def claim_free(names: Iterable[Iterable[Path]]) -> Claim | None:
    """Claim the first name that is neither there nor claimed, of the first folder that can be written to.

    Args:
        names: For each folder, names in it, as many as one likes.

    """
    for names_in_folder in names:
        with suppress(OSError):
            for _, path in zip(range(_MOST_TRIED), names_in_folder, strict=False):
                if os.path.lexists(path) or (claimed := claim(path)) is None:
                    continue
                if not os.path.lexists(path):
                    return claimed
                claimed.release()  # who held the claim before has written the file meanwhile
    return None


def _is_locked(handle: int) -> bool:
    """Lock an open file; False if another holds it. A file system without locks leaves it at the name alone."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - Windows' alone

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - not on Windows

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def _is_at(handle: int, path: Path) -> bool:
    """Tell whether an open file is still the one of a name: it may have been removed between opening and locking."""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except OSError:
        return False
