"""The page's files: what a browser is given, and what must not stand in them."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lstm_composer.runtime.panel.page_files import PAGE
from lstm_composer.runtime.sound.piano import PIANO_FILE

OWN = sorted(PAGE.glob("*.js"))
INDEX = (PAGE / "index.html").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r'(?:src|href)="/page/([^"]+)"', INDEX)))
SVG_SPACE = "http://www.w3.org/2000/svg"


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_types_are_checked_and_no_other_host_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("// @ts-check\n")
    assert set(re.findall(r"https?://[\w.]+[^\s\"'`]*", text)) <= {SVG_SPACE}
    assert "innerHTML" not in text
    assert "insertAdjacentHTML" not in text
    assert not re.search(r"\beval\(|new Function\(", text)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_what_is_imported_is_there(path: Path) -> None:
    for name in re.findall(r"""(?:from|import\()\s*["'](\./[^"']+)["']""", path.read_text(encoding="utf-8")):
        assert (PAGE / name).is_file(), name


def test_the_page_names_files_that_are_there_and_nothing_stands_in_line() -> None:
    assert len(NAMED) > 4
    assert [name for name in NAMED if not (PAGE / name).is_file()] == []
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", INDEX)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/page/app.js", "text/javascript"),
        ("/page/vendor/spessasynth_core.js", "text/javascript"),
        ("/page/style.css", "text/css"),
        ("/page/icon.svg", "image/svg+xml"),
    ],
)
def test_a_browser_is_told_what_a_file_is(page: TestClient, path: str, kind: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)


def test_the_piano_is_the_one_that_ships(page: TestClient) -> None:
    assert page.get("/piano.sf3").content == PIANO_FILE.read_bytes()


@pytest.mark.parametrize("path", ["/page/", "/page/nothing.js", "/page/vendor", "/server.py"])
def test_there_is_nothing_else(page: TestClient, path: str) -> None:
    assert page.get(path).status_code == 404


def test_the_licences_stand_beside_what_is_of_others() -> None:
    vendor = PAGE / "vendor"
    for name in ("spessasynth_core", "stb-vorbis"):
        assert (vendor / f"{name}.js").is_file()
        assert "Apache License" in (vendor / f"LICENSE.{name}.txt").read_text(encoding="utf-8")
