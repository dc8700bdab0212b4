"""Starting to play loads nothing that is slow or that only training needs."""

import subprocess
import sys
from pathlib import Path

import pytest

import lstm_composer

TRAINING_ONLY = {"tensorflow", "keras", "music21", "matplotlib", "symusic", "onnx", "tf2onnx"}
TRAINING_ONLY |= {"lstm_composer.trainer", "lstm_composer.export"}
SLOW = {"onnxruntime", "rich", "mido", "rtmidi", "supriya_midi", "jack", "miniaudio"}


def loaded_by(statement: str, surrounding: dict[str, str]) -> set[str]:
    """Packages in memory after a statement, in a process of its own."""
    code = f"{statement}\nimport sys\nprint(*{{*sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code], env=surrounding, capture_output=True, text=True, check=True, timeout=60
    )
    return set(result.stdout.split())


@pytest.mark.parametrize("statement", ["import lstm_composer", "import lstm_composer.runtime.cli.main"])
def test_importing_costs_nothing(statement: str, surrounding: dict[str, str]) -> None:
    loaded = loaded_by(statement, surrounding)
    assert "lstm_composer" in loaded
    assert not loaded & (TRAINING_ONLY | SLOW | {"numpy"})


@pytest.mark.parametrize(
    "statement",
    [
        "import lstm_composer.runtime.session.play",
        "import lstm_composer.runtime.session.write",
        "import lstm_composer.runtime.doctor.wording",
        "from lstm_composer import *",
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
    loaded = loaded_by(
        f"import lstm_composer.runtime.cli.main; lstm_composer.runtime.cli.main.main({arguments})", surrounding
    )
    assert loaded & {"miniaudio"} == sound


@pytest.mark.parametrize("name", lstm_composer.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(lstm_composer, name).__name__ == name


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'lstm_composer' has no attribute 'trumpet'"):
        _ = lstm_composer.trumpet
