"""Text of others on its way to a terminal: what would steer the terminal is shown instead of obeyed."""

import json
import re
from typing import Any, Final

_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters: escape sequences begin with one of them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of what follows
    "\u2028\u2029"  # break the line
    "\ud800-\udfff]"  # bytes of a name that is not UTF-8; no terminal takes them
)

_LEFT_OUT: Final = " ... "


def visible(text: str) -> str:
    r"""Return a text on one line with its control characters spelled out: "\x1b[31m" instead of red.

    For every text that comes from a file, a file's name or the network. Spaces stay as they are; a line break becomes
    "\n". A byte of a file's name that is not UTF-8 is shown as "\xfc".
    """
    return _UNSEEN.sub(_spelled, text)


def json_text(value: Any, indent: int | None = None) -> str:
    """Return JSON in ASCII that steers no terminal: whatever it holds is read back as it was."""
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def _spelled(match: re.Match[str]) -> str:
    character = match[0]
    if "\udc80" <= character <= "\udcff":  # how Python carries a byte that it could not decode (PEP 383)
        return f"\\x{ord(character) - 0xDC00:02x}"
    if "\ud800" <= character <= "\udfff":
        return f"\\u{ord(character):04x}"
    return character.encode("unicode_escape").decode("ascii")


def shortened(text: str, most: int) -> str:
    """Return a text with its middle left out where it is longer than `most` characters; both ends say what it is."""
    if len(text) <= most:
        return text
    kept = (most - len(_LEFT_OUT)) // 2
    return f"{text[:kept]}{_LEFT_OUT}{text[-kept:]}"
