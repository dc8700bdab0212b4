"""Humdrum files as columns of tokens: which spine each column belongs to, through splits, joins, exchanges and ends.

A line of a Humdrum file has one token for each column, separated by tabs. `**kern` and the like begin a spine, `*-`
ends it, `*^` splits a column in two, `*v` joins neighbours, `*x` exchanges two, `*+` adds one whose kind the next
line names. Source: the Humdrum Toolkit's reference manual, "spine paths".
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby
from typing import Final

from lstm_composer.runtime.errors import InputError

MOST_COLUMNS: Final = 200
"""An orchestra with its words has fifty; music21 makes a part of each."""
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


@dataclass(slots=True, eq=False)
class Column:
    """A spine, or a branch of one, and how far its music has come.

    Attributes:
        kind: What it holds: "kern", "text" ...; empty until it is named.
        part: Number of the spine that it has sprung from.
        free_at: Where its last note ends, in quarter notes from the start.
        is_branch: Whether it was split off: a second voice need not fill its bars.
        has_paused: Whether it had nothing to say since its last note, so that it may begin again at any time.
        is_unpitched: Whether a percussion clef is in force.
        is_cue: Whether its notes are cues for a player who rests.

    """

    kind: str
    part: int
    free_at: Fraction = field(default=Fraction(0))
    is_branch: bool = False
    has_paused: bool = True
    is_unpitched: bool = False
    is_cue: bool = False

    def split(self) -> list["Column"]:
        """Make a second voice beside it: both may leave their bars unfilled from now on."""
        self.is_branch = True
        return [self, replace(self, has_paused=True)]

    def change_kind(self, kind: str) -> None:
        """Hold something else from now on."""
        self.kind = kind

    def change_clef(self, *, is_unpitched: bool) -> None:
        """Have a clef from now on, be it one of percussion."""
        self.is_unpitched = is_unpitched

    def change_cue(self, *, is_cue: bool) -> None:
        """Have notes from now on that are cues, or are none."""
        self.is_cue = is_cue

    def pause(self, now: Fraction) -> None:
        """Have nothing new to say at a position; while its last note sounds, that is no pause."""
        self.has_paused = self.has_paused or self.free_at <= now

    def sound_until(self, end: Fraction) -> None:
        """Have a note or a rest up to a position."""
        self.free_at, self.has_paused = end, False


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its tokens, those of the columns as they were before the line changed them."""

    number: int
    columns: Sequence[Column]
    tokens: Sequence[str]


def decode_humdrum(data: bytes) -> str:
    """Decode a file. All that counts is ASCII; words and names are in UTF-8, in Latin-1 or in UTF-16 with a mark."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    return data.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def sections_of(text: str) -> Iterator[Iterator[Line]]:
    """Give the lines of each section, without comments: a new section begins where all spines have ended.

    The lines of a section have to be taken before the next section is.

    Raises:
        InputError: If lines and columns do not fit each other; the message is a reason that follows the file's name.

    """
    # Not splitlines(): in a file that is not UTF-8 a byte of the words may look like one of its rarer line breaks.
    lines = ((number, line) for number, line in enumerate(_LINE_END.split(text), start=1) if _speaks(line))
    for number, line in lines:
        yield _section(number, line, lines)


def _speaks(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("!")


def _section(first: int, opening: str, rest: Iterator[tuple[int, str]]) -> Iterator[Line]:
    tokens = opening.rstrip(" ").split("\t")
    if not all(token.startswith("**") for token in tokens):
        raise InputError(f"is no Humdrum file: line {first} stands outside all spines (they begin with **kern)")
    columns = [Column(token[2:], part) for part, token in enumerate(tokens)]
    parts = len(columns)
    for number, line in rest:
        tokens = [token.strip(" ") for token in line.split("\t")]
        if len(columns) > MOST_COLUMNS:
            raise InputError(f"has {len(columns)} columns in line {number}; up to {MOST_COLUMNS} are read")
        if len(tokens) != len(columns):
            raise InputError(f"has {len(tokens)} columns in line {number}, where {len(columns)} are open")
        if line.startswith("*") and not all(token.startswith("*") for token in tokens):
            raise InputError(f"has notes beside interpretations in line {number}")
        yield Line(number, columns, tokens)
        if line.startswith("*"):
            columns = _after(columns, tokens, number, parts)
            parts = max((parts, *(column.part + 1 for column in columns)))
        if not columns:
            return


def _after(columns: Sequence[Column], tokens: Sequence[str], number: int, parts: int) -> list[Column]:
    """Follow the spine paths of a line of interpretations.

    Args:
        columns: Those before it.
        tokens: The line.
        number: Its number.
        parts: How many spines there have been.

    """
    exchanged = _exchanged(list(zip(columns, tokens, strict=True)), number)
    after: list[Column] = []
    for token, run in groupby(exchanged, key=lambda pair: pair[1]):
        group = [column for column, _ in run]
        if token == "*v":  # noqa: S105 - a spine path
            after += _joined(group, number)
            continue
        for column in group:
            if token == "*^":  # noqa: S105
                after += column.split()
            elif token == "*+":  # noqa: S105
                after += [column, Column("", parts, column.free_at)]
                parts += 1
            elif token != "*-":  # noqa: S105
                if token.startswith("**"):
                    column.change_kind(token[2:])
                after.append(column)
    return after


def _exchanged(pairs: list[tuple[Column, str]], number: int) -> list[tuple[Column, str]]:
    places = [index for index, (_, token) in enumerate(pairs) if token == "*x"]  # noqa: S105 - a spine path
    if not places:
        return pairs
    if len(places) != 2:
        raise InputError(f"exchanges {len(places)} columns in line {number}; two can be exchanged")
    first, second = places
    pairs[first], pairs[second] = pairs[second], pairs[first]
    return pairs


def _joined(group: Sequence[Column], number: int) -> list[Column]:
    """Join neighbours; those of several spines each with their own, unless one would stand alone."""
    if len(group) == 1:
        raise InputError(f"joins a single column in line {number}; neighbours can be joined")
    by_part = [list(columns) for _, columns in groupby(group, key=lambda column: column.part)]
    if any(len(columns) == 1 for columns in by_part):
        by_part = [list(group)]
    return [_one(columns) for columns in by_part]


def _one(columns: Sequence[Column]) -> Column:
    last = max(columns, key=lambda column: column.free_at)
    return replace(last, part=columns[0].part, has_paused=all(column.has_paused for column in columns))
