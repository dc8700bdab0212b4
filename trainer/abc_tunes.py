"""Cutting an ABC tunebook into tunes, and leaving out of each what music21 trips over.

Seen with music21 10: a spacer such as `y0` becomes a note, and one annotation such as "@1,2 text" makes a whole
tunebook unreadable. Neither carries notes, nor do chord symbols, decorations, lyrics and comments.
"""

import re
from collections.abc import Iterator

_FIELD = re.compile(r"^[A-Za-z+]:")
_WORDS = re.compile(r"^[wWsTNZSHGCBDFOR]:")
_SHARED_FIELD = re.compile(r"^[LMQ]:")
_NO_LENGTH = "L:1/8"
"""What the standard says for a tune that names neither length nor meter; music21 refuses it."""
_DROPPED = re.compile(r'"[^"]*"|![^!]*!|%.*')
_INLINE_FIELD_OR_SPACER = re.compile(r"(\[[A-Za-z]:[^\]]*\])|y\d*")


def tunes_of(text: str) -> Iterator[str]:
    """Give each tune as ABC of its own; length, meter and tempo of the file's header hold where it names none."""
    header, *tunes = re.split(r"(?m)^(?=X:)", text.replace("\r\n", "\n").replace("\r", "\n"))
    shared = [line for line in header.splitlines() if _SHARED_FIELD.match(line)]
    for tune in tunes:
        first, *rest = tune.splitlines()
        missing = [field for field in shared if not any(line.startswith(field[:2]) for line in rest)]
        if not any(line.startswith(("L:", "M:")) for line in [*missing, *rest]):
            missing.append(_NO_LENGTH)
        yield "\n".join([first, *missing, *(line for line in map(_cleaned, rest) if line)]) + "\n"


def _cleaned(line: str) -> str:
    if _WORDS.match(line):
        return ""
    if _FIELD.match(line):
        return line.partition("%")[0].rstrip()
    return _INLINE_FIELD_OR_SPACER.sub(r"\1", _DROPPED.sub("", line)).rstrip()
