"""The file of pieces: kept, changed, damaged, newer, full."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.panel.composing.pieces import SCHEMA_VERSION, PieceInfo, Pieces
from lstm_composer.runtime.panel.composing.requests import ComposeRequest
from lstm_composer.runtime.panel.context import PanelContext
from lstm_composer.runtime.panel.server import application
from lstm_composer.runtime.panel.session_token import SessionToken
from tests.panel.server.test_composing import SCALE, composed

DAY = 24 * 3600.0
MADE = PieceInfo(
    id=0,
    made=0.0,
    name="",
    starred=False,
    request=ComposeRequest(style="scale", seed=1),
    style="scale",
    tempo_bpm=120.0,
    meter="4/4",
    end_tick=96,
)
NOTES = [(0, 60, 24, 80), (24, 64, 24, 90)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "pieces.db"


def full(pieces: Pieces) -> None:
    """Have SQLite find no more room, as on a full disk."""
    (pages,) = pieces._connection.execute("PRAGMA page_count").fetchone()
    pieces._connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_piece_is_there_when_the_file_is_opened_again(path: Path) -> None:
    pieces = Pieces(path, now=lambda: 1000.0)
    kept = pieces.add(MADE, NOTES)
    pieces.close()
    again = Pieces(path)
    assert again.problem == ""
    assert again.listed() == [kept]
    assert (kept.id, kept.made) == (1, 1000.0)
    assert again.get(1).notes == NOTES
    again.close()


@pytest.mark.parametrize(("passed", "is_there"), [(DAY - 1, True), (DAY + 1, False)])
def test_a_deletion_can_be_undone_for_a_day(path: Path, passed: float, *, is_there: bool) -> None:
    pieces = Pieces(path, now=lambda: 1000.0)
    pieces.add(MADE, NOTES)
    pieces.delete(1)
    assert pieces.listed() == []
    pieces.close()
    later = Pieces(path, now=lambda: 1000.0 + passed)
    if is_there:
        later.restore(1)
    assert len(later.listed()) == is_there
    later.close()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_folder_is_the_users_alone(path: Path) -> None:
    Pieces(path).close()
    assert path.parent.stat().st_mode & 0o077 == 0


def no_database(path: Path) -> None:
    path.write_bytes(b"this is no database, and long enough to be looked at as one" * 20)


def newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()


def cut_off(path: Path) -> None:
    pieces = Pieces(path)
    for _ in range(100):
        pieces.add(MADE, NOTES * 50)
    pieces.close()
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size // 2)


def another_content(path: Path) -> None:
    pieces = Pieces(path)
    pieces.add(MADE, NOTES)
    pieces._connection.execute("UPDATE pieces SET request = 'no JSON'")
    pieces._connection.commit()
    pieces.close()


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (no_database, "is damaged (file is not a database): move it away, and a new one is begun"),
        (newer, "was written by a newer LSTM Composer (its version is 2, this program knows 1): update this program"),
        (cut_off, "is damaged (database disk image is malformed)"),
        (another_content, "is damaged ("),
        (a_folder, "cannot be used (unable to open database file)"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_as_it_is(path: Path, spoil: Callable[[Path], None], why: str) -> None:
    path.parent.mkdir()
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    pieces = Pieces(path)
    assert why in pieces.problem
    assert pieces.problem.endswith("; until then pieces are kept only while the panel runs")
    assert "\n" not in pieces.problem
    pieces.add(MADE, NOTES)
    assert len(pieces.listed()) == 1
    pieces.close()
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    pieces = Pieces(tmp_path / "file" / "pieces.db")
    assert "cannot be made (" in pieces.problem
    pieces.close()


def test_a_full_disk_is_said_and_what_was_kept_stays(path: Path) -> None:
    pieces = Pieces(path)
    kept = pieces.add(MADE, NOTES)
    full(pieces)
    with pytest.raises(MissingError, match=r"pieces\.db cannot be used \(database or disk is full\): make room"):
        pieces.add(MADE, NOTES * 10_000)
    assert pieces.listed()[-1] == kept
    pieces.close()


def test_a_piece_that_cannot_be_kept_is_heard_all_the_same(page: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise MissingError("pieces.db cannot be used (database or disk is full): make room")

    monkeypatch.setattr(Pieces, "add", refuse)
    *notes, last = composed(page)
    assert [line["type"] for line in notes] == ["begun", "notes", "notes", "notes", "notes"]
    assert last == {
        "type": "not_kept",
        "error": "this piece is not kept: pieces.db cannot be used (database or disk is full): make room; "
        "its seed 1 makes it again",
    }


def test_a_damaged_file_is_told_to_the_page(context: PanelContext, token: SessionToken) -> None:
    context.data_folder.mkdir()
    no_database(context.data_folder / "pieces.db")
    headers = {"Cookie": f"{token.cookie}={token.secret}"}
    with TestClient(application(context, token, lambda: None), base_url=token.address, headers=headers) as page:
        told = page.get("/api/pieces").json()
    assert told["pieces"] == []
    assert "is damaged" in told["problem"]


def test_a_download_without_room_is_said(page: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    number = composed(page, **SCALE)[-1]["piece"]["id"]

    def refuse(**_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    response = page.get(f"/api/pieces/{number}/wav")
    assert (response.status_code, response.json()) == (507, {"error": "the disk is full: make room, then try again"})
