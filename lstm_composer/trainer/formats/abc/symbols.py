"""The signs of a line of music (standard 2.1, chapter 4), cut apart by one regular expression.

No part of it can go back over what another has matched, so that a line of any length takes linear time.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.visible_text import visible

_LENGTH: Final = r"(\d*+)(/*+)(\d*+)"
_NOTE: Final = r"(\^{0,2}|_{1,2}|=)([A-Ga-g])([,']*+)" + _LENGTH
_DECORATION: Final = r"!(?:[^!|\s\"\[\]]++|(?:D\.[CS]|[Dd]al?|[Tt]o|[Ff]ine)\b[^!|]*+)!|\+[^+|\s\"\[\]]++\+"
"""One with a space, such as !D.C. al Fine!, is known by its words: of old, a lone ! was the end of a printed line."""
_PASSED_OVER: Final = r"[ \t`$*;@#?\f\v\u00a0]++|\"[^\"]*+\""
"""Spaces, signs reserved by section 8.1, chord symbols and annotations."""

_SYMBOL: Final = re.compile(
    rf"(?P<note>{_NOTE})"
    rf"|(?P<skip>{_PASSED_OVER})"
    r"|(?P<inline>\[([A-Za-z]):([^\]]*+)\])"
    r"|(?P<bar>\.?(?::*\|++[\]|:]*+|::++|\[\|[\]|:]*+)(?:[ \t]*\[?\d++(?:[-,.]\d++)*+)?)"
    r"|(?P<torn>:(?=[ \t]*\|)|(?<=[|:][ \t]):++)"
    r"|(?P<ending>\[\d++(?:[-,.]\d++)*+)"
    rf"|(?P<chord>\[((?:\"[^\"]*+\"|{_DECORATION}|[^\]\[\"|!{{}}&])*+)\]{_LENGTH})"
    r"|(?P<label>(?<=[|\]:])\[\"[^\"]*+\")"
    rf"|(?P<rest>[zx]{_LENGTH})"
    r"|(?P<bars_rest>[ZX](\d*+))"
    r"|(?P<spacer>y\d*+/*+\d*+)"
    r"|(?P<layers>\(&(?!&)|(?<!&)&\))"
    r"|(?P<tuplet>\((\d++):?(\d*+):?(\d*+))"
    r"|(?P<slur>\.?[()])"
    r"|(?P<tie>\.?-)"
    r"|(?P<broken>>++|<++)"
    r"|(?P<grace>\{[^}|]*+\})"
    rf"|(?P<decoration>{_DECORATION})"
    r"|(?P<letter>[H-WY~.h-w])"
    r"|(?P<overlay>&(?!&))"
    r"|(?P<continued>\\(?=\s*(?:%|$)))"
    r"|(?P<comment>%.*)"
    r"|(?P<line_break>!(?=[^!]*$))"
)
_CHORD_SYMBOL: Final = re.compile(
    rf"(?P<note>{_NOTE}\.?(-?))"
    rf"|(?P<rest>[zx]{_LENGTH})"
    rf"|(?P<skip>{_PASSED_OVER}|{_DECORATION}|[H-WY~.uv()])"
)
_OLD_CHORD: Final = re.compile(r"\+(?:[\^_=]*[A-Ga-g][,']*\d*/*\d*){2,}\+")
_MOVES_PITCHES: Final = re.compile(r"[!+](?:8|15|22)(?:va|vb|ma|mb)[()]?[!+]")


_SILENT: Final = frozenset(
    ["skip", "torn", "ending", "label", "spacer", "slur", "grace", "decoration", "continued", "comment", "line_break"]
)
"""Signs that change no note: what they look like, or how they are played."""


def _parts_by_kind(pattern: re.Pattern[str]) -> dict[str, Callable[[re.Match[str]], tuple[str, ...]]]:
    """How to take out the groups inside each named group; one without any stands for itself.

    All of these groups take part in a match of their kind, if only with nothing.
    """
    starts = sorted((index, name) for name, index in pattern.groupindex.items())
    ends = [index for index, _ in starts[1:]] + [pattern.groups + 1]
    parts: dict[str, Callable[[re.Match[str]], tuple[str, ...]]] = {}
    for (index, name), end in zip(starts, ends, strict=True):
        inner = tuple(range(index + 1, end))
        parts[name] = partial(_several, inner) if len(inner) > 1 else partial(_single, end - 1)
    return parts


def _several(groups: tuple[int, ...], match: re.Match[str]) -> tuple[str, ...]:
    return match.group(*groups)


def _single(group: int, match: re.Match[str]) -> tuple[str, ...]:
    return (match[group],)


_PARTS: Final = _parts_by_kind(_SYMBOL)
_CHORD_PARTS: Final = _parts_by_kind(_CHORD_SYMBOL)


def symbols_of(line: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the kind of each sign that matters, in order, and its parts ("" for one that is missing).

    note: accidental, letter, octave marks, then number, slashes and number of its length; chord: what is inside,
    and the length behind it; rest: length; bars_rest: number; tuplet: p, q and r; inline: letter and text;
    bar, tie, broken, overlay, layers (of several bars) and letter: the sign itself.

    Raises:
        InputError: At a sign that is none, or out of place.

    """
    position, end, match_at = 0, len(line), _SYMBOL.match
    while position < end:
        match = match_at(line, position)
        if match is None:
            raise _unknown(line, position)
        # The group that closes last: of a kind with groups inside it that is the one of the kind.
        kind = match.lastgroup or ""
        if kind == "decoration":
            _check_decoration(match[0])
        if kind not in _SILENT:
            yield kind, _PARTS[kind](match)
        position = match.end()


def chord_symbols_of(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the notes and rests inside a chord, in order, as `symbols_of` does; a note's last part is its tie.

    Raises:
        InputError: At anything else.

    """
    position = 0
    while position < len(text):
        match = _CHORD_SYMBOL.match(text, position)
        if match is None:
            raise InputError(f"has a sign out of place in a chord {_quoted(text[position:])}")
        kind = match.lastgroup or ""
        if kind != "skip":
            yield kind, _CHORD_PARTS[kind](match)
        elif match[0][0] in "!+":
            _check_decoration(match[0])
        position = match.end()


def _check_decoration(text: str) -> None:
    if _OLD_CHORD.fullmatch(text):
        raise InputError(f"uses the old way to write a chord, {visible(text[:20])}: write it within [ and ]")
    if _MOVES_PITCHES.fullmatch(text):
        raise InputError(f"uses {visible(text[:20])}, which programs do not agree about")


def _unknown(line: str, position: int) -> InputError:
    rest = line[position:]
    if re.match(r"[\^_=]+\d*/|[\^_]+\d", rest):
        return InputError(f"uses microtones {_quoted(rest)}")
    what = {'"': "a quotation mark that is not closed", "{": "grace notes that are not closed"}.get(rest[0])
    return InputError(f"has {what or 'a sign out of place'} {_quoted(rest)}")


def _quoted(text: str) -> str:
    """The beginning of a foreign text, for a message."""
    return f"at {visible(text[:12])!r}"
