"""From files to a style that composes, by the panel's routes and real processes; only the network is tiny."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from runtime.panel.context import PanelContext
from tests.support.waiting import wait_for
from tests.support.walks import walk, write_midi

ROOT = Path(__file__).parents[3]
PROGRAM = "tests.support.tiny_program"
ENDED = ("done", "stopped", "failed", "interrupted")
PATIENCE_SECONDS = 240.0
"""TensorFlow is loaded twice."""


@pytest.fixture
def context(context: PanelContext, monkeypatch: pytest.MonkeyPatch) -> PanelContext:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return PanelContext(context.data_folder, context.models_dirs, (sys.executable, "-m", PROGRAM))


def bad_files(folder: Path) -> None:
    """Files that cannot be learned from, each for another reason."""
    write_midi(folder / "drums.mid", walk(9, 30), channel=9)
    write_midi(folder / "short.mid", walk(9, 3))
    (folder / "cut.mid").write_bytes((folder / "drums.mid").read_bytes()[:60])
    (folder / "text.mid").write_text("Dear diary, today I wrote no music.")
    (folder / "<img src=x onerror=alert(1)>.abc").write_bytes(b"\xff\xfe")


def test_from_files_to_a_style_that_composes(
    page: TestClient, context: PanelContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.waiting.PATIENCE_SECONDS", PATIENCE_SECONDS)
    dropped = tmp_path / "dropped"
    for seed in range(5):
        write_midi(dropped / f"walk{seed}.mid", walk(seed, 40))
    bad_files(dropped)
    name = page.post("/api/training").json()["id"]
    one = f"/api/training/{name}"

    def details() -> dict[str, Any]:
        return dict(page.get(one).json())

    def until(met: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        wait_for(lambda: met(details()), what)
        return details()

    for path in dropped.iterdir():
        taken = page.post(f"/api/training/files/{name}", params={"name": path.name}, content=path.read_bytes())
        assert taken.status_code == 201
    assert page.post(f"{one}/look").status_code == 204
    found = until(lambda now: now["phase"] == "music", "what can be read")
    assert [piece["name"] for piece in found["pieces"]] == [f"walk{seed}.mid" for seed in range(5)]
    left_out = {row["name"]: row["reason"] for row in found["left_out"]}
    assert sorted(left_out) == sorted(path.name for path in dropped.iterdir() if "walk" not in path.name)
    assert left_out["drums.mid"] == "holds drums only; notes with a pitch are needed"

    assert page.post(f"{one}/start", json={"name": "walks", "from_base": False, "minutes": 5}).status_code == 204
    found = until(lambda now: now["phase"] in ENDED, "the end of the training")
    assert (found["phase"], found["problems"]) == ("done", [])
    assert [row["epoch"] for row in found["epochs"]] == [1, 2, 3, 4]
    assert [(saved["epoch"], saved["is_heard"]) for saved in found["saved"]] == [(2, True), (4, True)]
    assert all(saved["loops"] is not None for saved in found["saved"])
    assert {row["name"]: row["reason"] for row in found["left_out"]} == left_out
    assert found["advice"]
    sample = page.get(f"{one}/samples/4").json()
    assert len(sample["notes"]) == 40

    assert page.post(f"{one}/export", json={"epoch": 2}).status_code == 204
    found = until(lambda now: not now["is_at_work"], "the end of the export")
    assert (found["exported"], found["phase"]) == (2, "done"), found["line"]
    styles = {style["name"]: style for style in page.get("/api/compose/styles").json()["styles"]}
    assert styles["walks"]["pieces"] == 5
    composed = page.post("/api/compose", json={"style": "walks", "bars": 2, "seed": 1}).text.splitlines()
    assert '"kept"' in composed[-1]
    assert (context.data_folder / "pieces.db").exists()
