"""A piece as a score: to look at while it sounds, and as a file to take away."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from starlette.responses import Response

from lstm_composer.runtime.bundle.library import find_style
from lstm_composer.runtime.errors import ComposerError, InputError
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.panel.composing.downloads import as_file, title_of
from lstm_composer.runtime.panel.composing.pieces import Piece, notes_of
from lstm_composer.runtime.panel.context import PanelContext
from lstm_composer.runtime.score import Notation
from lstm_composer.runtime.score.musicxml import musicxml
from lstm_composer.runtime.score.score import score_of
from lstm_composer.runtime.score.written import Score, ScoreSettings

_STYLE_SHEET: Final = re.compile(r"<style\b.*?</style>", re.DOTALL)
"""Verovio's own, which the policy of the page does not allow; the page's style sheet says the same."""


class ScoreView(msgspec.Struct, frozen=True):
    """An engraved score, and when its notes sound.

    Attributes:
        svg: The picture; each note head is an element with an id.
        sounding: First tick, and tick at which it ends, of the note of each head, by the head's id.

    """

    svg: str
    sounding: Mapping[str, tuple[int, int]]


def score_view(piece: Piece, notation: Notation, width_pixels: int | None, context: PanelContext) -> ScoreView:
    """Return the score of a piece to look at, as wide as the place for it; None for the width of A4.

    Raises:
        MissingError: If the extra "score" is not installed.

    """
    from lstm_composer.runtime.score.engraving import svg_of  # noqa: PLC0415 - an extra

    score = _written(piece, notation, context)
    return ScoreView(_STYLE_SHEET.sub("", svg_of(score, width_pixels)), score.sounding)


def score_file(piece: Piece, notation: Notation, suffix: str, context: PanelContext) -> Response:
    """Return the score of a piece as a file.

    Args:
        piece: The piece.
        notation: How lengths are written.
        suffix: .musicxml, .svg or .pdf.
        context: Where the style is found.

    Raises:
        InputError: If the suffix is none of these.
        MissingError: If the extra "score" is not installed.

    """
    if suffix not in _FILES:
        raise InputError(f"a score is not kept as {suffix}: choose one of {', '.join(_FILES)}")
    media_type, write = _FILES[suffix]
    data = write(_written(piece, notation, context))
    return Response(data, media_type=media_type, headers=as_file(piece.info, suffix))


def _written(piece: Piece, notation: Notation, context: PanelContext) -> Score:
    settings = ScoreSettings(
        title=piece.info.name or f"In the style of {title_of(piece.info)}",
        meters=(MeterChange(0, Meter.parse(piece.info.meter)),),
        tempos=((0, piece.info.tempo_bpm),),
        notation=notation,
        end_tick=piece.info.end_tick,
        has_dynamics=_is_performed(piece.info.request.style, context),
    )
    return score_of(notes_of(piece), settings)


def _svg_bytes(score: Score) -> bytes:
    from lstm_composer.runtime.score.engraving import svg_of  # noqa: PLC0415 - an extra

    return svg_of(score).encode()


def _pdf_bytes(score: Score) -> bytes:
    from lstm_composer.runtime.score.engraving import pdf_of  # noqa: PLC0415 - an extra

    return pdf_of(score)


_FILES: Final[Mapping[str, tuple[str, Callable[[Score], bytes]]]] = {
    ".musicxml": ("application/vnd.recordare.musicxml+xml", musicxml),
    ".svg": ("image/svg+xml", _svg_bytes),
    ".pdf": ("application/pdf", _pdf_bytes),
}


def _is_performed(style: str, context: PanelContext) -> bool:
    """Tell whether the loudness of a style's notes means something; not where the style is there no more."""
    try:
        return find_style(style, context.models_dirs).card.dynamics == "performed"
    except ComposerError:
        return False
