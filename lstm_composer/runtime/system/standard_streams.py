"""Standard input, output and error as the program wants them, whatever it was started with.

One that is closed leads nowhere, as /dev/null does: else the next file that is opened would take its number, and what
is printed would go into that file. A character that the encoding lacks is spelled out instead of being an error. A full
disk behind standard output is a line and exit code 2; behind standard error, where else would it be told?
"""

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Any, Final, TextIO

from lstm_composer.runtime.errors import MissingError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STANDARD: Final = (0, 1, 2)


class _Output(io.FileIO):
    """Standard output: what cannot be written is told once, and then dropped."""

    _failed = False

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write, and return how many bytes.

        Raises:
            MissingError: The first time that it cannot be done, if it is not that the reader has gone.
            BrokenPipeError: If it is.

        """
        if self._failed:
            return memoryview(data).nbytes
        try:
            return super().write(data) or 0
        except OSError as error:
            self._failed = True
            if error.errno == errno.EPIPE:
                raise
            raise MissingError(
                f"standard output cannot be written to ({error.strerror}): make room, or send it elsewhere"
            ) from error


class _Errors(io.FileIO):
    """Standard error: what cannot be written is dropped."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write, and return how many bytes, or as if."""
        try:
            return super().write(data) or 0
        except OSError:
            return memoryview(data).nbytes


def prepare() -> None:
    """Make the three streams ready; to be called before any other file is opened."""
    for descriptor in _STANDARD:
        _open_if_closed(descriptor)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115 - a descriptor
    sys.stdout = _prepared(sys.stdout, 1, _Output)
    sys.stderr = _prepared(sys.stderr, 2, _Errors)


def _open_if_closed(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - as the other two are for programs that we start


def _prepared(stream: TextIO | None, descriptor: int, kind: type[io.FileIO]) -> Any:
    """The stream that takes the place of another; on a console of Windows that one, which knows how to write to it."""
    raw = getattr(getattr(stream, "buffer", None), "raw", getattr(stream, "buffer", None))
    if stream is not None and type(raw) is not io.FileIO:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(kind(descriptor, "w", closefd=False)),
        encoding="utf-8" if stream is None else stream.encoding,
        errors="backslashreplace",
        line_buffering=stream is None or _is_prompt(stream),
    )


def _is_prompt(stream: TextIO) -> bool:
    """Whether lines leave at once: on a terminal, for standard error, and where PYTHONUNBUFFERED asks for it."""
    return bool(stream.line_buffering) or bool(getattr(stream, "write_through", False))
