"""Engraving, with the extra "score": required where CI is set."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO

import pytest

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.score import NOTATIONS, engraving
from lstm_composer.runtime.score.engraving import check_engraving, pdf_of, svg_of
from lstm_composer.runtime.score.score import score_of
from lstm_composer.runtime.score.written import ScoreSettings
from tests.runtime.score.shown import notes_of, parsed, scored

_SVG = "{http://www.w3.org/2000/svg}"
_PROGRAMS = ("verovio", "cairosvg", "pypdf")
needs_extra = pytest.mark.skipif(
    "CI" not in os.environ and any(find_spec(name) is None for name in _PROGRAMS),
    reason='the extra "score" is not installed',
)

MUSIC = [
    *notes_of((0, 72, 24), (24, 74, 12), (36, 76, 12), (48, 77, 8), (56, 79, 8), (64, 81, 8), (72, 84, 48)),
    *notes_of((0, 48, 72), (0, 55, 24), (24, 57, 48), (96, 48, 96)),
]


@pytest.fixture
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Verovio says its warnings on standard error; here that is an error."""
    yield
    said = capfd.readouterr()
    assert said.out + said.err == ""


@needs_extra
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8", "5/4", "7/8"])
def test_every_head_has_its_id_in_the_picture(meter: str, notation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _warned(monkeypatch)
    score = scored(MUSIC, meter, notation, has_dynamics=True)
    ids = {element.get("id") for element in parsed(svg_of(score)).iter(f"{_SVG}g") if element.get("class") == "note"}
    assert ids == set(score.sounding)


@needs_extra
@pytest.mark.usefixtures("quiet")
def test_a_bar_full_of_notes_fits_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    _warned(monkeypatch)
    score = scored([Note(tick, 60 + tick % 7, 1, 64) for tick in range(96)])
    assert "<svg" in svg_of(score)


@needs_extra
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("width", [300, 358, 700, 1000])
@pytest.mark.parametrize("ticks", [1, 6, 24])
def test_a_score_is_as_wide_as_its_place(width: int, ticks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    _warned(monkeypatch)
    score = scored([Note(tick, 60 + tick % 7, ticks, 64) for tick in range(0, 4 * 96, ticks)])
    root = parsed(svg_of(score, width))
    assert float(root.get("width", "0")) == pytest.approx(width, abs=1)
    assert (score.title in "".join(root.itertext())) == (width >= 640)
    heads = [element for element in root.iter(f"{_SVG}g") if element.get("class") == "note"]
    assert len(heads) >= 4 * 96 / ticks


def _warned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have verovio say its warnings, which it does not say to users."""
    verovio = pytest.importorskip("verovio")
    monkeypatch.setattr(verovio, "LOG_ERROR", verovio.LOG_WARNING)


@needs_extra
def test_the_same_music_gives_the_same_picture_that_asks_for_nothing_from_elsewhere() -> None:
    score = scored(MUSIC)
    svg = svg_of(score)
    assert svg == svg_of(score)
    assert "url(" not in svg
    assert "@font-face" not in svg
    assert 'font-family="Leipzig"' not in svg


@needs_extra
def test_a_title_is_text_and_nothing_else() -> None:
    title = "<script>alert(1)</script> & 'x' \x1b\udcff"
    settings = ScoreSettings(title=title, names=(title, title))
    score = score_of([*MUSIC, Note(0, 60, 24, 64, 1)], settings)
    root = parsed(svg_of(score))
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    assert "<script>alert(1)</script> & 'x' \\x1b\\xff" in "".join(root.itertext())
    assert pdf_of(score).startswith(b"%PDF")


@pytest.mark.thorough
@needs_extra
def test_long_music_is_one_picture_of_several_stretches_and_several_pages() -> None:
    pypdf = pytest.importorskip("pypdf")
    score = scored(notes_of(*((12 * index, 60 + index % 12, 12) for index in range(8 * 80))))
    whole = parsed(svg_of(score))
    assert float(whole.get("height", "0")) > 1188
    reader = pypdf.PdfReader(BytesIO(pdf_of(score)))
    assert len(reader.pages) > 1
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    assert reader.metadata.title == "x"


@needs_extra
def test_pages_that_verovio_cannot_hold_are_stacked(monkeypatch: pytest.MonkeyPatch) -> None:
    score = scored(notes_of(*((12 * index, 60 + index % 12, 12) for index in range(8 * 24))))
    whole = parsed(svg_of(score))
    monkeypatch.setattr(engraving, "_TALLEST", 1000)
    stacked = parsed(svg_of(score))
    tops = [float(page.get("y", "0")) for page in stacked.findall(f"{_SVG}svg")]
    assert len(tops) > 1
    assert tops == sorted(set(tops))
    ids = [{one.get("id") for one in picture.iter() if one.get("class") == "note"} for picture in (whole, stacked)]
    assert ids[0] == ids[1] == set(score.sounding)


@pytest.mark.parametrize("missing", _PROGRAMS)
def test_a_missing_extra_is_one_line(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _PROGRAMS:
        monkeypatch.setitem(sys.modules, name, None if name == missing else sys)
    with pytest.raises(MissingError, match=rf'needs {missing}: pip install "lstm-composer\[score\]"'):
        check_engraving(pdf=True)


def test_nothing_else_loads_what_engraves() -> None:
    modules = "lstm_composer.runtime.score.engraving, lstm_composer.runtime.session.write"
    code = f"import {modules}, sys; print({{*sys.modules}} & {{'verovio', 'cairosvg'}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
