"""The mermaid diagrams of the pages in docs/, and the SVG files beside the pages that were drawn from them.

A hosted repository draws the source by itself; the site shows the file in its place, and so needs no script and no
download. The first line of a file says which source it was drawn from.
"""

import hashlib
import re
from pathlib import Path
from typing import Final

FENCE: Final = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def picture_of(page: Path) -> Path:
    """Return the file that the one diagram of a page is drawn into."""
    return page.with_suffix(".svg")


def mark(source: str) -> str:
    """Return the first line of the file that is drawn from this source."""
    return f"<!-- {hashlib.sha256(source.encode()).hexdigest()} -->"


def is_drawn(page: Path) -> bool:
    """Tell whether what lies beside a page is drawn from its diagram as it is now; true without a diagram."""
    found = FENCE.search(page.read_text(encoding="utf-8"))
    picture = picture_of(page)
    return not found or (picture.exists() and picture.read_text(encoding="utf-8").startswith(mark(found[1])))


def with_picture(text: str, page: Path) -> str:
    """Return the text of a page with the picture, as HTML that takes the page's colours, in the place of the source."""

    def drawn(_: re.Match[str]) -> str:
        picture = picture_of(page).read_text(encoding="utf-8")
        return f'```{{raw}} html\n<div class="diagram">\n{picture}</div>\n```'

    return FENCE.sub(drawn, text)
