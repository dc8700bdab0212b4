"""Texts of others in Markdown: names of files and styles, and reasons that name them."""

import re
from typing import Final

from lstm_composer.runtime.system.visible_text import visible

_MEANT: Final = re.compile(r"[\\`*\[\]<>|]|(?<!\w)_|_(?!\w)|^[#+-](?=\s)")
"""What Markdown would take for itself: a cell's border, a link, a picture, HTML, emphasis, a heading, a list."""


def plain(text: str) -> str:
    r"""Return a text as it stands in a line or a table's cell of Markdown: "a|b" is "a\|b"."""
    return _MEANT.sub(r"\\\g<0>", visible(text))
