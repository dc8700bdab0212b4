"""A piece as a score: as MusicXML always, engraved with the extra."""

import os
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec

import music21
import pytest
from starlette.testclient import TestClient

from tests.panel.server.test_composing import composed

Problem = Callable[..., tuple[int, str]]
NEEDS_EXTRA = pytest.mark.skipif(
    "CI" not in os.environ and find_spec("verovio") is None, reason="the extra score is not here"
)


@pytest.fixture
def piece(page: TestClient) -> str:
    """The path of a piece of two bars."""
    return f"/api/pieces/{composed(page, bars=2)[-1]['piece']['id']}"


@pytest.mark.parametrize("notation", ["readable", "played"])
def test_the_notes_stand_in_the_file(page: TestClient, piece: str, notation: str) -> None:
    got = page.get(f"{piece}/score.musicxml", params={"notation": notation})
    assert got.headers["content-type"] == "application/vnd.recordare.musicxml+xml"
    assert got.headers["content-disposition"].endswith("scale%2C%20seed%201.musicxml")
    written = music21.converter.parseData(got.content.decode(), format="musicxml").flatten().notes
    struck = [note for note in written if note.tie is None or note.tie.type == "start"]
    pitches = sorted(pitch.midi for note in struck for pitch in note.pitches)
    assert pitches == sorted(pitch for _, pitch, _, _ in page.get(piece).json()["notes"])


@NEEDS_EXTRA
def test_heads_of_the_picture_say_when_they_sound(page: TestClient, piece: str) -> None:
    view = page.get(f"{piece}/score").json()
    assert "<style" not in view["svg"]
    ids = set(re.findall(r' id="([^"]+)"', view["svg"]))
    assert set(view["sounding"]) <= ids
    sounding = sorted({tuple(times) for times in view["sounding"].values()})
    notes = page.get(piece).json()["notes"]
    assert sounding == sorted({(onset, onset + duration) for onset, _, duration, _ in notes})


@NEEDS_EXTRA
def test_the_picture_is_as_wide_as_the_page_asks(page: TestClient, piece: str) -> None:
    def width(said: str) -> float:
        svg = page.get(f"{piece}/score", params={"width": said}).json()["svg"]
        return float(re.findall(r'<svg[^>]* width="([\d.]+)"', svg)[0])

    assert width("") == width("x") > width("300") > width("1")


@NEEDS_EXTRA
@pytest.mark.parametrize(("suffix", "begins"), [("svg", b"<svg"), ("pdf", b"%PDF")])
def test_engraved_files(page: TestClient, piece: str, suffix: str, begins: bytes) -> None:
    got = page.get(f"{piece}/score.{suffix}")
    assert got.content.startswith(begins)
    assert got.headers["content-disposition"].endswith(f"scale%2C%20seed%201.{suffix}")


def test_another_kind_of_file_is_none(problem: Problem, piece: str) -> None:
    assert problem("GET", f"{piece}/score.doc") == (
        400,
        "a score is not kept as .doc: choose one of .musicxml, .svg, .pdf",
    )


def test_without_the_extra_it_is_said_in_a_line(problem: Problem, piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "verovio", None)
    status, line = problem("GET", f"{piece}/score")
    assert status == 503
    assert 'pip install "lstm-composer[score]"' in line
