"""The terminal as a place to write to that may be closed at any time, and that not everybody may write to."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

_STDERR: Final = threading.RLock()
"""Held while standard error is quiet, for the whole process: what others write waits, or it would be lost."""


class Terminal:
    """A text file that takes what is written after it has been closed, and drops it."""

    def __init__(self, file: IO[str]) -> None:
        """Write to a file, as long as there is one."""
        self._file = file

    def write(self, text: str) -> int:
        """Write, if that is still possible."""
        try:
            with _STDERR:
                return self._file.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Flush, if that is still possible."""
        try:
            with _STDERR:
                self._file.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep off the terminal what C libraries print there: libjack tells of a missing server in ten lines.

    One thread at a time: two that saved and restored standard error by turns could leave it closed for good.
    """
    with _STDERR:
        sys.stderr.flush()
        saved = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(nowhere)
            os.close(saved)
