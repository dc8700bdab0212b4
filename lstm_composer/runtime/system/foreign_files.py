"""Reading files that others made: whatever is wrong with one ends in one line.

Cards, runs, maps, sweeps, histories and music are all opened here. Only regular files are: a pipe would wait for a
writer for ever, a device such as /dev/zero has no end. What is read has a limit in bytes, what is decoded one in depth.
"""

import os
import re
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar, overload

import msgspec

from lstm_composer.runtime.errors import InputError

KIBIBYTE: Final = 1 << 10
MEBIBYTE: Final = 1 << 20
MOST_CONFIG_BYTES: Final = MEBIBYTE
"""Enough for a card, a map or a sweep file: the largest card that ships has 20 KiB."""
MOST_DEPTH: Final = 32
"""Brackets within brackets; no format of ours needs more than six."""

_STRINGS: Final = re.compile(r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"?", re.DOTALL)
"""One that does not end is none the slower to look for."""
_BRACKETS: Final = re.compile(r"[\[{\]}]")
_OPEN_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Without waiting: a pipe is opened at once, found to be none of ours and closed."""

T = TypeVar("T")


def read_foreign(path: Path, most_bytes: int = MOST_CONFIG_BYTES) -> bytes:
    """Read a whole file, if it is one.

    Args:
        path: The file; a link is followed.
        most_bytes: A larger one is not read.

    Raises:
        InputError: If it is not there, cannot be opened, is no regular file or too large; the message is a reason that
            follows the file's name ("is a pipe, not a file").

    """
    with _opened(path) as (handle, size):
        _check_size(size, most_bytes)
        data = _read_up_to(handle, most_bytes)
    _check_size(len(data), most_bytes)
    return data


def read_foreign_start(path: Path, count: int) -> bytes:
    """Read the first bytes of a file of any size, if it is one; fewer where it is shorter.

    Raises:
        InputError: As `read_foreign`, but for its size.

    """
    with _opened(path) as (handle, _):
        return _read_up_to(handle, count)[:count]


def read_foreign_text(path: Path, most_bytes: int = MOST_CONFIG_BYTES) -> str:
    """Read a text in UTF-8, with or without a byte order mark.

    Raises:
        InputError: As `read_foreign`, and if it is no such text.

    """
    return decode_text(read_foreign(path, most_bytes))


def read_foreign_json(path: Path, kind: type[T], most_bytes: int = MOST_CONFIG_BYTES) -> T:
    """Read JSON of some type; see `decode_json`.

    Raises:
        InputError: As `read_foreign`, and if it is no JSON of that type.

    """
    return decode_json(read_foreign(path, most_bytes), kind)


def read_foreign_toml(path: Path, most_bytes: int = MOST_CONFIG_BYTES) -> dict[str, Any]:
    """Read TOML.

    Raises:
        InputError: As `read_foreign`, and if it is no TOML.

    """
    text = read_foreign_text(path, most_bytes)
    _check_depth(text)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # an endless number is a ValueError but no TOMLDecodeError
        raise InputError(f"is not valid TOML ({_reason(error)})") from error


def decode_text(data: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Raises:
        InputError: If it is none; the message is a reason that follows the file's name.

    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise InputError(f"is not UTF-8 text (byte 0x{byte:02x} at {error.start}): save it as UTF-8") from error


@overload
def decode_json(data: bytes, kind: type[T]) -> T: ...
@overload
def decode_json(data: bytes, kind: None = None) -> Any: ...
def decode_json(data: bytes, kind: Any = None) -> Any:
    """Decode JSON of some type, msgspec's or a plain one, with or without a byte order mark.

    Args:
        data: The file's contents.
        kind: What it must be; None for anything.

    Raises:
        InputError: If it is not; the message is a reason that follows the file's name.

    """
    text = decode_text(data)
    _check_depth(text)
    try:
        return msgspec.json.decode(text, type=Any if kind is None else kind)
    except msgspec.ValidationError as error:
        raise InputError(f"does not hold what it should ({_reason(error)})") from error
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise InputError(f"is not valid JSON ({_reason(error)})") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[int, int]]:
    """Open a regular file: its descriptor, and how large it says that it is."""
    try:
        handle = os.open(path, _OPEN_FLAGS)
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        raise InputError(f"cannot be opened ({_reason(error)})") from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"is {_kind(found.st_mode)}, not a file")
        yield handle, found.st_size
    except OSError as error:
        raise InputError(f"cannot be read ({_reason(error)})") from error
    finally:
        os.close(handle)


@contextmanager
def opened_foreign(path: Path, most_bytes: int) -> Iterator[BinaryIO]:
    """Open a file for readers that take an open one, such as that of archives, and do not read all of it.

    Raises:
        InputError: As `read_foreign`.

    """
    with _opened(path) as (handle, size):
        _check_size(size, most_bytes)
        with os.fdopen(handle, "rb", closefd=False) as file:
            yield file


def _read_up_to(handle: int, most_bytes: int) -> bytes:
    """Read to the end, or one byte more than is allowed: a file may grow, and those of /proc call their size 0."""
    parts: list[bytes] = []
    left = most_bytes + 1
    while left > 0 and (part := os.read(handle, min(left, MEBIBYTE))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _check_size(size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise InputError(f"is too large: {shown_bytes(most_bytes)} at the most are read")


def shown_bytes(count: int) -> str:
    """A size in words: "512 KiB", "4 MiB"."""
    return f"{count // MEBIBYTE} MiB" if count >= MEBIBYTE else f"{count // KIBIBYTE} KiB"


def _check_depth(text: str) -> None:
    depth = 0
    for match in _BRACKETS.finditer(_STRINGS.sub("", text)):
        depth += 1 if match[0] in "[{" else -1
        if depth > MOST_DEPTH:
            raise InputError(f"is nested too deep: {MOST_DEPTH} brackets within each other are allowed")


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}..."
