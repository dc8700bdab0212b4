"""Cutting an ABC file into tunes, and a tune into fields, directives and lines of music (standard 2.1, chapter 2)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from lstm_composer.runtime.errors import InputError

MOST_TUNES: Final = 100_000
_BYTE_ORDER_MARKS_16: Final = (b"\xff\xfe", b"\xfe\xff")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_DOS_END: Final = "\x1a"
"""What DOS wrote at the end of a text."""
_FIELD: Final = re.compile(r"([A-Za-z+]):(?![|:])(.*)", re.DOTALL)
"""A line such as "D:|" is music: a note and the end of a repeat."""
_COMMENT: Final = re.compile(r"(?<!\\)%.*", re.DOTALL)


class Line(NamedTuple):
    """One line of a tune.

    Attributes:
        number: Where it stands in the file, from 1.
        kind: The letter of a field, "%" for a directive or "" for music.
        text: What follows the letter or the directive's signs; a field's comment is cut off.

    """

    number: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class TuneText:
    """A tune as it is written, and the lines of the file's header, which hold for every tune."""

    shared: tuple[Line, ...]
    lines: tuple[Line, ...]


def decode_abc(data: bytes) -> str:
    """Text of an ABC file: UTF-8 or UTF-16, with or without a byte order mark, else Latin 1, as old tune books are."""
    if data.startswith(_BYTE_ORDER_MARKS_16):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def tunes_of(text: str) -> list[TuneText]:
    """Cut a file into its tunes: each begins with a line "X:" and ends at an empty line.

    Text before the first tune is the file's header down to the first empty line; other text is passed over.

    Raises:
        InputError: If there are more than MOST_TUNES; the message is a reason that follows the file's name.

    """
    shared: list[Line] = []
    tunes: list[list[Line]] = []
    block: list[Line] | None = shared
    for line in _lines_of(text):
        if line.kind == "X":
            if len(tunes) == MOST_TUNES:
                raise InputError(f"holds more than {MOST_TUNES} tunes: cut it into several files")
            block = []
            tunes.append(block)
        elif not line.kind and not line.text.strip():
            block = None
        elif block is not None:
            block.append(line)
    header = tuple(line for line in shared if line.kind)
    return [TuneText(header, tuple(lines)) for lines in tunes]


def _lines_of(text: str) -> Iterator[Line]:
    """Lines without comments and without blocks of text for typesetting (%%begintext ... %%endtext)."""
    block_end: str | None = None
    for number, raw in enumerate(_LINE_END.split(text.rstrip(_DOS_END)), start=1):
        line = raw.lstrip("\ufeff")  # files were joined, each with its byte order mark
        if block_end is not None:
            if line.startswith(block_end):
                block_end = None
        elif line.startswith("%%begin"):
            block_end = "%%end" + line.removeprefix("%%begin").strip().partition(" ")[0]
        elif line.startswith("%%"):
            yield Line(number, "%", line[2:].strip())
        elif not line.startswith("%"):
            yield _line_of(number, line)


def _line_of(number: int, line: str) -> Line:
    field = _FIELD.match(line)
    if field is None:
        return Line(number, "", line)
    return Line(number, field[1], _COMMENT.sub("", field[2]).strip())
