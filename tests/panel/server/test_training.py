"""Your own style: music taken in; trainings started, stopped, killed, found again and exported, which are pretended."""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from lstm_composer.runtime.panel.context import PanelContext
from lstm_composer.runtime.panel.training import processes
from lstm_composer.runtime.panel.training.trainings import Places, Trainings
from lstm_composer.runtime.panel.training.uploads import KINDS
from lstm_composer.trainer.corpus.corpus import SUFFIXES
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

ROOT = Path(__file__).parents[3]
EVIL = "<img src=x onerror=alert(1)>.mid"
Details = dict[str, Any]


@pytest.fixture
def context(context: PanelContext, tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> PanelContext:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PRETEND_BUNDLE", str(tiny_models / "tiny.onnx.json"))
    monkeypatch.setattr("lstm_composer.runtime.panel.training.conditions.missing_for_training", lambda: "")
    monkeypatch.setattr("lstm_composer.runtime.panel.training.bundles.BASE", "tiny")
    program = (sys.executable, "-m", "tests.support.pretend_training")
    return PanelContext(context.data_folder, context.models_dirs, program)


@pytest.fixture
def training(page: TestClient, context: PanelContext) -> Iterator[str]:
    """A training without music; whatever is at work for it is ended."""
    name = page.post("/api/training").json()["id"]
    yield name
    folder = context.data_folder / "training" / name
    if folder.is_dir():
        processes.end(folder)


@pytest.fixture
def put(page: TestClient, training: str) -> Callable[..., Any]:
    """Drop a file into the page."""

    def drop(name: str, content: bytes = b"music") -> Any:
        return page.post(f"/api/training/files/{training}", params={"name": name}, content=content)

    return drop


@pytest.fixture
def details(page: TestClient, training: str) -> Callable[[], Details]:
    return lambda: page.get(f"/api/training/{training}").json()


@pytest.fixture
def do(page: TestClient, training: str) -> Callable[..., None]:
    """Have something done that is not refused."""

    def ask(what: str, **asked: object) -> None:
        response = page.post(f"/api/training/{training}/{what}", json=asked)
        assert response.status_code == 204, response.text

    return ask


def until(details: Callable[[], Details], *phases: str) -> Details:
    wait_for(lambda: details()["phase"] in phases, " or ".join(phases))
    return details()


def test_the_kinds_of_files_are_those_that_the_trainer_reads() -> None:
    assert sorted(KINDS) == sorted(SUFFIXES)


def test_a_training_begins_with_music(page: TestClient, training: str, put: Any, details: Any) -> None:
    assert put("b.mid").json() == {"name": "b.mid", "bytes": 5}
    assert put("A/../x/a.MID", b"other").json() == {"name": "a.MID", "bytes": 5}
    assert put(EVIL).json()["name"] == EVIL
    found = details()
    assert [file["name"] for file in found["files"]] == [EVIL, "a.MID", "b.mid"]
    assert (found["phase"], found["pieces"], found["saved"]) == ("music", None, [])
    assert page.delete(f"/api/training/files/{training}", params={"name": EVIL}).status_code == 204
    assert [file["name"] for file in details()["files"]] == ["a.MID", "b.mid"]


def test_a_file_of_a_name_that_is_there_gets_a_number_unless_it_is_the_same(put: Any, details: Any) -> None:
    assert [put("a.mid", content).json()["name"] for content in (b"1", b"2", b"2", b"1", b"3")] == [
        "a.mid", "a (2).mid", "a (2).mid", "a.mid", "a (3).mid",
    ]  # fmt: skip
    assert len(details()["files"]) == 3


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("", b"x", "a file called '' cannot be taken in: give it a plain name"),
        ("..", b"x", "a file called '..' cannot be taken in"),
        (".hidden.mid", b"x", "a file called '.hidden.mid' cannot be taken in"),
        ("a\nb.mid", b"x", r"a file called 'a\nb.mid' cannot be taken in"),
        ("a" * 300 + ".mid", b"x", "cannot be taken in"),
        ("notes.txt", b"x", "notes.txt is left out: files that end in .mid, .midi,"),
        ("<b>.exe", b"x", "<b>.exe is left out"),
        ("a.mid", b"", "a.mid is empty"),
    ],
)
def test_files_that_are_not_taken(put: Any, details: Any, name: str, content: bytes, message: str) -> None:
    response = put(name, content)
    assert response.status_code == 400
    assert message in response.json()["error"]
    assert details()["files"] == []


def test_limits(put: Any, details: Any, monkeypatch: pytest.MonkeyPatch, context: PanelContext) -> None:
    monkeypatch.setattr("lstm_composer.runtime.panel.training.uploads.MOST_FILE_BYTES", 10)
    assert "is too large" in put("a.mid", b"x" * 11).json()["error"]
    assert put("b.mid", b"x" * 10).status_code == 201
    monkeypatch.setattr("lstm_composer.runtime.panel.training.uploads.MOST_FILES", 1)
    assert "as many as are taken: remove some" in put("c.mid").json()["error"]
    monkeypatch.setattr("lstm_composer.runtime.panel.training.uploads.MOST_FILES", 9)
    monkeypatch.setattr("lstm_composer.runtime.panel.training.uploads.MOST_BYTES", 10)
    assert "as much as is taken: remove some" in put("c.mid").json()["error"]
    assert [file["name"] for file in details()["files"]] == ["b.mid"]
    [music] = (context.data_folder / "training").glob("*/music")
    assert [path.name for path in music.iterdir()] == ["b.mid"]


class FullDisk(FileIO):
    """A file that can be opened, and not written to."""

    def write(self, _data: "ReadableBuffer") -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_one_message_and_nothing_half_there(
    put: Any, details: Any, monkeypatch: pytest.MonkeyPatch, context: PanelContext
) -> None:
    opened = Path.open

    def open_full(path: Path, mode: str = "r") -> Any:
        return FullDisk(path, mode) if mode == "xb" else opened(path, mode)

    monkeypatch.setattr(Path, "open", open_full)
    response = put("a.mid")
    assert (response.status_code, response.json()["error"]) == (507, "the disk is full: make room, then try again")
    [music] = (context.data_folder / "training").glob("*/music")
    assert list(music.iterdir()) == []
    assert details()["files"] == []


def test_what_can_be_read_and_what_not(put: Any, do: Any, details: Any) -> None:
    put("a.mid")
    put(EVIL, b"bad")
    do("look")
    found = until(details, "music")
    assert [piece["name"] for piece in found["pieces"]] == ["a.mid"]
    assert found["left_out"] == [{"name": EVIL, "reason": "is no music"}]


def test_music_that_comes_while_the_rest_is_looked_through(put: Any, do: Any, details: Any) -> None:
    put("a.mid")
    do("look")
    assert put("b.mid").status_code == 201
    do("look")
    do("look")  # another page does the same
    assert [piece["name"] for piece in until(details, "music")["pieces"]] == ["a.mid", "b.mid"]


def test_from_music_to_a_style_that_plays(
    page: TestClient, training: str, put: Any, do: Any, details: Any, context: PanelContext
) -> None:
    put("a.mid")
    do("start", name="mine", minutes=5, from_base=True)
    found = until(details, "training")
    assert (found["is_at_work"], found["line"], found["done"], found["total"]) == (True, "epoch 1", 1, 4)
    assert found["epochs"] == [{"epoch": 1, "loss": 8, "held_out": 8.5, "seconds": 0.5}]
    assert found["left_out"] == [{"name": "bad.mid", "reason": "is no music"}]
    sample = page.get(f"/api/training/{training}/samples/1").json()
    assert (sample["meter"], sample["ticks_per_bar"], sample["end_tick"], sample["tempo_bpm"]) == ("3/4", 72, 144, 96)
    assert sample["notes"][:2] == [[0, 60, 24, 80], [24, 61, 24, 80]]
    (context.data_folder / "training" / training / "go").touch()
    found = until(details, "done")
    assert (found["chosen"], found["advice"], found["line"]) == (3, "take epoch 3", "take epoch 3")
    assert found["saved"][2] == {"epoch": 3, "is_heard": True, "loops": False, "copies": False}
    assert (found["exported"], found["can_resume"]) == (None, False)
    do("export")
    found = until(details, "done")
    assert found["exported"] == 3
    names = [style["name"] for style in page.get("/api/compose/styles").json()["styles"]]
    assert "mine" in names
    [sources] = json.loads((context.data_folder / "training" / training / "sources.json").read_text())
    assert (sources["pieces"], sources["notes"], sources["styles"]) == (1, 40, ["mine"])


def test_the_command_that_is_started(put: Any, do: Any, details: Any, context: PanelContext, training: str) -> None:
    put("a.mid")
    do("start", name="my style", minutes=2.5, from_base=False)
    until(details, "training")
    folder = context.data_folder / "training" / training
    command = (folder / "run" / "config.json").read_text()
    for words in (
        '"train"',
        '"--name", "my style"',
        '"--minutes", "2.5"',
        '"--one-style"',
        '"--threads"',
        '"--patience"',
    ):
        assert words in command
    assert "--from" not in command


def test_stopped_and_resumed(put: Any, do: Any, details: Any, context: PanelContext, training: str) -> None:
    put("a.mid")
    do("start", name="mine")
    until(details, "training")
    do("stop")
    found = until(details, "stopped")
    assert (found["can_resume"], found["is_at_work"], found["advice"]) == (True, False, "")
    do("advise")
    wait_for(lambda: details()["advice"], "which epoch to take")
    found = until(details, "stopped")
    assert (found["advice"], found["chosen"], found["saved"][0]["loops"]) == ("take epoch 1", 1, False)
    (context.data_folder / "training" / training / "go").touch()
    do("resume", minutes=30)
    found = until(details, "done")
    assert [row["epoch"] for row in found["epochs"]] == [1, 2, 3, 4]
    assert found["minutes"] == 30
    command = (context.data_folder / "training" / training / "run" / "config.json").read_text()
    assert '"--minutes", "30"' in command
    assert '"--epochs", "101", "--patience", "6"' in command


def test_a_training_that_is_killed_is_found_interrupted(
    put: Any, do: Any, details: Any, context: PanelContext, training: str
) -> None:
    put("a.mid")
    do("start", name="mine")
    until(details, "training")
    folder = context.data_folder / "training" / training
    job = processes.at_work(folder)
    assert job is not None
    os.kill(job.pid, signal.SIGKILL)
    found = until(details, "interrupted")
    assert found["can_resume"]
    assert "Resume goes on from the last saved epoch" in found["line"]


def test_a_panel_that_is_started_later_finds_a_training_and_can_stop_it(
    put: Any, do: Any, details: Any, context: PanelContext, training: str
) -> None:
    """Nothing of what a panel knows is in its memory; a process number alone is never believed."""
    put("a.mid")
    do("start", name="mine")
    until(details, "training")
    later = Trainings(Places(context.data_folder / "training", context.models_dirs, context.program))
    assert [(row.id, row.name, row.phase) for row in later.listed()] == [(training, "mine", "training")]
    later.stop(training)
    until(details, "stopped")
    assert processes.at_work(context.data_folder / "training" / training) is None
    later.stop(training)  # its number may be another's by now: nobody is sent anything


def test_one_training_at_a_time(page: TestClient, put: Any, do: Any, details: Any) -> None:
    put("a.mid")
    do("start", name="mine")
    until(details, "training")
    other = page.post("/api/training").json()["id"]
    page.post(f"/api/training/files/{other}", params={"name": "a.mid"}, content=b"music")
    refused = page.post(f"/api/training/{other}/start", json={"name": "other"})
    assert (refused.status_code, refused.json()["error"]) == (
        400,
        "'mine' is being trained: wait for its end, or stop it",
    )


def test_a_training_that_is_refused_can_be_started_again(put: Any, do: Any, details: Any) -> None:
    put("a.mid")
    do("start", name="broken")
    found = until(details, "failed")
    assert (found["line"], found["can_resume"]) == ("nothing can be learned", False)
    do("start", name="whole")
    assert until(details, "training")["name"] == "whole"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"name": "<img src=x onerror=alert(1)>"}, "'<img src=x onerror=alert(1)>' cannot name a bundle: use letters"),
        ({"name": "../x"}, "'../x' cannot name a bundle"),
        ({"name": "scale"}, "there is a style 'scale' already"),
        ({"name": ""}, "the page sent what cannot be used"),
        ({"name": "a", "minutes": 0}, "the page sent what cannot be used"),
        ({"name": "a", "flags": "--x"}, "the page sent what cannot be used"),
    ],
)
def test_styles_that_are_not_begun(
    page: TestClient, training: str, put: Any, details: Any, asked: dict[str, object], message: str
) -> None:
    put("a.mid")
    response = page.post(f"/api/training/{training}/start", json=asked)
    assert response.status_code == 400
    assert message in response.json()["error"]
    assert (response.json().get("field") == "name") == (not message.startswith("the page"))
    assert details()["phase"] == "music"


def test_what_is_not_possible_yet(page: TestClient, training: str, problem: Any) -> None:
    one = f"/api/training/{training}"
    assert problem("POST", f"{one}/start", json={"name": "a"}) == (
        400,
        "there is no music yet: drop MIDI files or scores into the page",
    )
    assert "there is no music yet" in problem("POST", f"{one}/look", json={})[1]
    for what in ("resume", "advise", "export"):
        assert "has not been trained yet: press Train" in problem("POST", f"{one}/{what}", json={})[1]
    assert "what epoch 7 plays cannot be read" in problem("GET", f"{one}/samples/7")[1]


def test_music_of_a_training_that_has_begun_stays_as_it_is(put: Any, do: Any, details: Any) -> None:
    put("a.mid")
    do("start", name="mine")
    until(details, "training")
    assert "trained on the music that it began with" in put("b.mid").json()["error"]


def test_deleting(page: TestClient, training: str, put: Any, do: Any, details: Any, context: PanelContext) -> None:
    put("a.mid")
    do("start", name="mine")
    until(details, "training")
    assert page.delete(f"/api/training/{training}").json()["error"] == "this style is being worked at: stop that first"
    do("stop")
    until(details, "stopped")
    assert page.delete(f"/api/training/{training}").status_code == 204
    assert list((context.data_folder / "training").iterdir()) == []
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/look"), ("POST", "/stop")):
        gone = page.request(method, f"/api/training/{training}{path}")
        assert (gone.status_code, gone.json()["error"]) == (404, "this style is not there any more: load the page anew")
    assert page.get("/api/training").json()["trainings"] == []


def test_damaged_files_of_a_run_are_named_and_the_rest_is_shown(
    put: Any, do: Any, details: Any, context: PanelContext, training: str
) -> None:
    put("a.mid")
    (context.data_folder / "training" / training / "go").touch()
    do("start", name="mine")
    until(details, "done")
    run = context.data_folder / "training" / training / "run"
    (run / "advice.json").write_text("[" * 9999)
    (run / "history.csv").write_text("epoch\n1\n")
    found = details()
    assert [problem.split(" cannot")[0] for problem in found["problems"]] == ["history.csv", "advice.json"]
    assert (found["phase"], found["chosen"]) == ("done", None)


def test_a_training_whose_settings_are_damaged_does_not_hide_the_others(
    page: TestClient, training: str, context: PanelContext
) -> None:
    other = page.post("/api/training").json()["id"]
    (context.data_folder / "training" / training / "training.json").write_text("{")
    assert [row["id"] for row in page.get("/api/training").json()["trainings"]] == [other]
    assert "training.json is not valid JSON" in page.get(f"/api/training/{training}").json()["error"]


@pytest.mark.parametrize(
    ("python", "line"),
    [
        ((3, 12), 'training needs more than playing: pip install "lstm-composer[train]", then start the panel again'),
        ((3, 14), "training needs TensorFlow, which has no version for Python 3.14 yet"),
    ],
)
def test_what_is_said_where_the_extra_is_missing(
    page: TestClient, python: tuple[int, int], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_composer.runtime.panel.training.extra.find_spec", lambda _name: None)
    monkeypatch.setattr("lstm_composer.runtime.panel.training.extra.sys", SimpleNamespace(version_info=python))
    assert page.get("/api/training").json()["missing"].startswith(line)
