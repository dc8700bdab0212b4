"""Starting to play loads nothing that is slow or that only training needs."""

import subprocess
import sys
from pathlib import Path

import pytest

import runtime

TRAINING_ONLY = {"tensorflow", "keras", "music21", "matplotlib", "symusic", "onnx", "tf2onnx", "trainer", "export"}
SLOW = {"onnxruntime", "rich", "mido", "rtmidi", "supriya_midi", "jack", "miniaudio"}


def loaded_by(statement: str, surrounding: dict[str, str]) -> set[str]:
    """Packages in memory after a statement, in a process of its own."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code], env=surrounding, capture_output=True, text=True, check=True, timeout=60
    )
    return set(result.stdout.split())


@pytest.mark.parametrize("statement", ["import runtime", "import runtime.cli.main"])
def test_importing_costs_nothing(statement: str, surrounding: dict[str, str]) -> None:
    loaded = loaded_by(statement, surrounding)
    assert "runtime" in loaded
    assert not loaded & (TRAINING_ONLY | SLOW | {"numpy"})


@pytest.mark.parametrize(
    "statement",
    [
        "import runtime.session.play",
        "import runtime.session.write",
        "import runtime.doctor.wording",
        "from runtime import *",
    ],
)
def test_playing_needs_nothing_of_training(statement: str, surrounding: dict[str, str]) -> None:
    loaded = loaded_by(statement, surrounding)
    assert "onnxruntime" in loaded or "doctor" in statement
    assert not loaded & TRAINING_ONLY


@pytest.mark.parametrize(
    ("command", "sound"),
    [
        ("write --bars 1 -o x.mid", set()),
        ("play --bars 1 --backend none", set()),
        ("write --bars 1 -o x.wav", {"miniaudio"}),
    ],
)
def test_the_sound_is_loaded_where_it_sounds_only(
    command: str, sound: set[str], surrounding: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = [*command.split(), "--style", "scale", "--tempo", "400"]
    loaded = loaded_by(f"import runtime.cli.main; runtime.cli.main.main({arguments})", surrounding)
    assert loaded & {"miniaudio"} == sound


@pytest.mark.parametrize("name", runtime.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(runtime, name).__name__ == name


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'runtime' has no attribute 'trumpet'"):
        _ = runtime.trumpet
