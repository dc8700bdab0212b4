"""Compose as the page asks for it: styles, notes as they are made, the list of pieces, and their files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.panel.composing.pieces import Pieces
from lstm_composer.runtime.panel.context import PanelContext
from lstm_composer.runtime.session.settings import MusicSettings
from lstm_composer.runtime.session.write import write

Made = list[dict[str, Any]]
Problem = Callable[..., tuple[int, str]]
SCALE = {"style": "scale", "bars": 4, "seed": 1, "temperature": 0.0}


def composed(page: TestClient, **changes: object) -> Made:
    """The lines that a composition tells."""
    response = page.post("/api/compose", json=SCALE | changes)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def test_the_styles_have_what_the_page_says_of_them(page: TestClient) -> None:
    found = page.get("/api/compose/styles").json()
    scale = next(style for style in found["styles"] if style["name"] == "scale")
    assert set(scale) == {"name", "bundle", "tempo_bpm", "meter", "pieces", "temperature"}
    assert scale["bundle"] == "tiny"


def test_notes_come_bar_by_bar_and_the_piece_is_kept(page: TestClient) -> None:
    begun, *bars, kept = composed(page)
    assert (begun["type"], kept["type"]) == ("begun", "kept")
    assert begun["end_tick"] == 4 * begun["ticks_per_bar"]
    assert [bar["until_tick"] for bar in bars] == [number * begun["ticks_per_bar"] for number in (1, 2, 3, 4)]
    told = 0
    for bar in bars:
        assert all(told <= onset < bar["until_tick"] for onset, *_ in bar["notes"])
        told = bar["until_tick"]
    listed = page.get("/api/pieces").json()
    assert [piece["id"] for piece in listed["pieces"]] == [kept["piece"]["id"]]
    notes = page.get(f"/api/pieces/{kept['piece']['id']}").json()["notes"]
    assert notes == [note for bar in bars for note in bar["notes"]]


def test_the_file_is_that_of_the_command(page: TestClient, music: Callable[..., MusicSettings], tmp_path: Path) -> None:
    *_, kept = composed(page, meter="3/4", tempo_bpm=90, form="ABA", section_bars=1, ending=True, key="D minor")
    got = page.get(f"/api/pieces/{kept['piece']['id']}/midi")
    settings = music(
        meter=Meter(3, 4),
        bars=4,
        tempo_bpm=90,
        form="ABA",
        section_bars=1,
        ending=True,
        initial_commands=("key D minor",),
    )
    write(settings, tmp_path / "x.mid", None)
    assert got.content == (tmp_path / "x.mid").read_bytes()
    assert got.headers["content-type"] == "audio/midi"
    assert got.headers["content-disposition"] == "attachment; filename*=utf-8''scale%2C%20seed%201.mid"


def test_a_seed_that_is_not_given_is_drawn_and_told(page: TestClient) -> None:
    first, second = (composed(page, seed=None)[0]["request"]["seed"] for _ in range(2))
    assert first != second


def test_the_same_request_makes_the_same_music(page: TestClient) -> None:
    first, second = (composed(page, temperature=1.0) for _ in range(2))
    assert first[1:-1] == second[1:-1]


def test_a_piece_goes_on(page: TestClient) -> None:
    *_, kept = composed(page)
    begun, earlier, *bars, longer = composed(page, continues=kept["piece"]["id"], seed=2)
    end = kept["piece"]["end_tick"]
    assert begun["end_tick"] == 2 * end
    assert earlier["notes"] == page.get(f"/api/pieces/{kept['piece']['id']}").json()["notes"]
    assert all(onset >= end for bar in bars for onset, *_ in bar["notes"])
    assert longer["piece"]["request"]["continues"] == kept["piece"]["id"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"style": "nobody"}, "there is no style 'nobody'"),
        ({"style": "<img src=x onerror=alert(1)>"}, "there is no style '<img src=x onerror=alert(1)>'"),
        ({"style": "a,b"}, "style 'a,b' cannot be named"),
        ({"bars": 0}, "Expected `int` >= 1 - at `$.bars`"),
        ({"bars": 513}, "Expected `int` <= 512 - at `$.bars`"),
        ({"tempo_bpm": 1000}, "`$.tempo_bpm`"),
        ({"meter": "7/7"}, "meter 7/7 is not allowed"),
        ({"key": "H"}, "key 'H' has no tonic"),
        ({"form": "A1"}, "form 'A1' is not allowed"),
        ({"temperature": 6}, "`$.temperature`"),
        ({"continues": 99}, "this piece is not there any more"),
        ({"else": 1}, "unknown field `else`"),
    ],
)
def test_what_cannot_be_composed_is_said_in_a_line(problem: Problem, change: dict[str, object], why: str) -> None:
    status, line = problem("POST", "/api/compose", json=SCALE | change)
    assert status == 400
    assert why in line
    assert "\n" not in line


@pytest.mark.parametrize(("field", "value"), [("style", "nobody"), ("meter", "7/7"), ("form", "A1")])
def test_what_cannot_be_composed_says_at_which_field(page: TestClient, field: str, value: str) -> None:
    assert page.post("/api/compose", json=SCALE | {field: value}).json()["field"] == field
    assert "field" not in page.post("/api/compose", json=SCALE | {"key": "H"}).json()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_what_is_no_json_is_said_in_a_line(problem: Problem, body: bytes) -> None:
    status, line = problem("POST", "/api/compose", content=body)
    assert (status, line.startswith("the page sent what cannot be used")) == (400, True)


def test_a_number_that_no_piece_can_have(problem: Problem) -> None:
    status, line = problem("GET", f"/api/pieces/{10**30}")
    assert (status, line.startswith("this piece is not there any more")) == (400, True)


def test_a_piece_is_named_starred_deleted_and_brought_back(page: TestClient, problem: Problem) -> None:
    number = composed(page)[-1]["piece"]["id"]
    one = f"/api/pieces/{number}"
    assert page.patch(one, json={"name": "Étude / 1", "starred": True}).status_code == 204
    (listed,) = page.get("/api/pieces").json()["pieces"]
    assert (listed["name"], listed["starred"]) == ("Étude / 1", True)
    named = page.get(f"{one}/midi").headers["content-disposition"]
    assert named == "attachment; filename*=utf-8''%C3%89tude%20%201.mid"
    assert page.delete(one).status_code == 204
    assert page.get("/api/pieces").json()["pieces"] == []
    assert problem("GET", one) == (400, "this piece is not there any more: load the page anew to see those that are")
    assert page.post(f"{one}/restore").status_code == 204
    assert page.get("/api/pieces").json()["pieces"] == [listed]


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"starred": True}), ("DELETE", None)])
def test_what_is_not_there_is_not_changed(problem: Problem, method: str, body: dict[str, object] | None) -> None:
    status, line = problem(method, "/api/pieces/7", json=body)
    assert (status, line.partition(":")[0]) == (400, "this piece is not there any more")


def test_pieces_are_there_the_next_time(page: TestClient, context: PanelContext) -> None:
    composed(page)
    again = Pieces(context.data_folder / "pieces.db")
    assert [piece.style for piece in again.listed()] == ["scale"]
    again.close()


def test_the_sound_of_a_piece(page: TestClient) -> None:
    number = composed(page, bars=1)[-1]["piece"]["id"]
    got = page.get(f"/api/pieces/{number}/wav")
    assert (got.headers["content-type"], got.content[:4]) == ("audio/wav", b"RIFF")
