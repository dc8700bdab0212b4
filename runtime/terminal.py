"""The terminal as a place to write to that may be closed at any time, while the music has to end well."""

from typing import IO, Any


class Terminal:
    """A text file that takes what is written after it has been closed, and drops it."""

    def __init__(self, file: IO[str]) -> None:
        """Write to a file, as long as there is one."""
        self._file = file

    def write(self, text: str) -> int:
        """Write, if that is still possible."""
        try:
            return self._file.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Flush, if that is still possible."""
        try:
            self._file.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
