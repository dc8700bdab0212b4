"""Engraved scores, by verovio: SVG whose note heads have their ids, and PDF.

All of it needs the extra "score". It is imported when something is engraved, never before.
"""

import io
import re
from collections.abc import Sequence
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, fromstring, register_namespace, tostring

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.score.musicxml import musicxml
from lstm_composer.runtime.score.written import Score
from lstm_composer.runtime.system.installation import adding
from lstm_composer.runtime.system.visible_text import visible

_A4_WIDTH, _A4_HEIGHT = 2100, 2970
"""Tenths of a millimetre, in which verovio measures a page."""
_MARGIN, _NARROW_MARGIN, _NARROW_WIDTH = 100, 30, 1600
"""Around the music; less of it on a page narrower than that."""
_TALLEST: Final = 60_000
_SCALE: Final = 40
"""Percent: a page of A4 is 840 pixels wide, and a staff about 29 pixels high."""
_CROWDED_SYMBOLS: Final = 48
"""So many places of a bar fit on a line of A4; where a bar has more, the page is made wider and the print smaller."""
_A4_PIXELS: Final = (210 / 25.4 * 96, 297 / 25.4 * 96)
_SVG: Final = "http://www.w3.org/2000/svg"
_TEXT, _TSPAN, _DEFINITION = f"{{{_SVG}}}text", f"{{{_SVG}}}tspan", f"{{{_SVG}}}svg"
_FONT: Final = "Leipzig"
_UNITS_PER_EM: Final = 1000


def check_engraving(*, pdf: bool = False) -> None:
    """Find out before the music is made whether it can be engraved.

    Raises:
        MissingError: If the extra "score" is not installed, or the system lacks cairo, which PDF needs.

    """
    _module("verovio")
    if pdf:
        _module("pypdf")
        _module("cairosvg")


def svg_of(score: Score, width_pixels: int | None = None) -> str:
    """Return a score engraved as one picture, as tall as it must be.

    Each note head is an element with the id that `score.sounding` has for it.

    Args:
        score: What is engraved.
        width_pixels: Of the place that it is to fill; the print is as large as on A4 where a bar has room for that, and
            a narrow one has no title. None for the width of A4.

    Raises:
        MissingError: If the extra "score" is not installed.

    """
    pages = [fromstring(page) for page in _pages(score, _TALLEST, _page_width(width_pixels))]  # noqa: S314 - verovio made it
    sizes = [tuple(float(page.get(side, "0").removesuffix("px")) for side in ("width", "height")) for page in pages]
    if len(pages) == 1:
        whole = pages[0]
        (width, height), tops = sizes[0], [0.0]
    else:
        width, height = max(width for width, _ in sizes), sum(height for _, height in sizes)
        tops = [0.0, *accumulate(height for _, height in sizes)]
        whole = Element(_DEFINITION, {"version": "1.1"})
        for page, top in zip(pages, tops[:-1], strict=True):
            page.set("y", f"{top:g}")
            whole.append(page)
    whole.set("width", f"{width:g}")
    whole.set("height", f"{height:g}")
    whole.set("viewBox", f"0 0 {width:g} {height:g}")
    return tostring(whole, encoding="unicode")


def pdf_of(score: Score) -> bytes:
    """Return a score engraved on pages of A4.

    Raises:
        MissingError: If the extra "score" is not installed, or the system lacks cairo.

    """
    cairosvg, pypdf = _module("cairosvg"), _module("pypdf")
    writer = pypdf.PdfWriter()
    for page in _pages(score, _A4_HEIGHT):
        width, height = _A4_PIXELS
        pdf = cairosvg.svg2pdf(bytestring=page.encode(), output_width=width, output_height=height)
        writer.append(io.BytesIO(pdf))
    writer.add_metadata({"/Title": visible(score.title), "/Creator": "LSTM Composer"})
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def _module(name: str) -> Any:
    """Import what engraves; the program that draws PDF fails with an OSError where cairo itself is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingError(
            f"engraving scores needs {name}: {adding('score')}, or keep it as MusicXML, which does without"
        ) from error
    except OSError as error:
        raise MissingError(
            "PDF needs the system's library cairo: apt install libcairo2, or brew install cairo; or write an .svg file"
        ) from error


def _page_width(pixels: int | None) -> int:
    return _A4_WIDTH if pixels is None else round(pixels * 100 / _SCALE)


def _pages(score: Score, height: int, width: int = _A4_WIDTH) -> list[str]:
    """Return the pages as SVG."""
    verovio = _module("verovio")
    verovio.enableLog(verovio.LOG_ERROR)
    # Each thread has a path of its own, and importing verovio sets that of one.
    verovio.setDefaultResourcePath(str(Path(verovio.__file__).with_name("data")))
    toolkit = verovio.toolkit()
    toolkit.resetXmlIdSeed(1)
    crowded = max(1.0, _most_places(score) / _CROWDED_SYMBOLS * _A4_WIDTH / width)
    scale = max(1, int(_SCALE / crowded))  # verovio takes whole percents
    wider = _SCALE / scale
    is_narrow = width < _NARROW_WIDTH
    margin = _NARROW_MARGIN if is_narrow else _MARGIN
    is_tall = height == _TALLEST
    toolkit.setOptions({
        "pageWidth": round(width * wider),
        "pageHeight": height if is_tall else min(_TALLEST, round(height * wider)),
        "adjustPageHeight": is_tall,
        "pageMarginLeft": margin,
        "pageMarginRight": margin,
        "pageMarginTop": margin,
        "pageMarginBottom": margin,
        "scale": scale,
        "header": "none" if is_narrow else "auto",  # a title has no room there
        "footer": "none",
        "smuflTextFont": "none",
    })  # fmt: skip
    if not toolkit.loadData(musicxml(score).decode()):
        raise InputError("verovio cannot engrave this music: write a .musicxml file")
    resources = Path(toolkit.getResourcePath())
    return [_drawn(toolkit.renderToSVG(page), resources) for page in range(1, toolkit.getPageCount() + 1)]


def _most_places(score: Score) -> int:
    """Return at how many different times symbols begin in the bar that has most of them."""
    return max(
        len(
            {
                symbol.start
                for part in score.parts
                for staff in part.staves
                for voice in staff[bar].voices
                for symbol in voice
            }
        )
        for bar in range(len(score.bars))
    )


def _drawn(svg: str, resources: Path) -> str:
    """Draw the note of the tempo mark, which verovio writes as a character of a font that no system has."""
    if f'font-family="{_FONT}"' not in svg:
        return svg
    register_namespace("", _SVG)
    register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = fromstring(svg)  # noqa: S314 - verovio made it
    for parent in list(root.iter()):
        for text in parent.findall(_TEXT):
            spans = list(text.iter(_TSPAN))
            for place, span in enumerate(spans):
                if span.get("font-family") == _FONT and span.text:
                    _draw(parent, text, spans[place:], resources)
    return tostring(root, encoding="unicode")


def _draw(parent: Element, text: Element, spans: Sequence[Element], resources: Path) -> None:
    """Draw the characters of the first span where the text begins, and move what follows to the right of them."""
    x, y = float(text.get("x", "0")), float(text.get("y", "0"))
    size = float(spans[0].get("font-size", "0px").removesuffix("px")) / _UNITS_PER_EM
    metrics = (resources / f"{_FONT}.xml").read_text(encoding="utf-8")
    for character in (spans[0].text or "").strip():
        code = f"{ord(character):04X}"
        outline = fromstring((resources / _FONT / f"{code}.xml").read_text(encoding="utf-8"))  # noqa: S314 - verovio's own
        glyph = SubElement(parent, f"{{{_SVG}}}g", transform=f"translate({x:g}, {y:g}) scale({size:g})")
        for path in outline:
            SubElement(glyph, f"{{{_SVG}}}path", path.attrib)
        found = re.search(rf'c="{code}"[^>]*h-a-x="([\d.]+)"', metrics)
        x += size * float(found[1] if found else _UNITS_PER_EM)
    spans[0].clear()
    following = next((span for span in spans[1:] if (span.text or "").strip()), None)
    if following is not None:
        following.set("x", f"{x + 100 * size:g}")
        following.set("xml:space", "preserve")
