"""Starting to play loads nothing that is slow or that only training needs."""

import subprocess
import sys

import pytest

import runtime

TRAINING_ONLY = {"tensorflow", "keras", "music21", "matplotlib", "symusic", "onnx", "tf2onnx", "trainer", "export"}
SLOW = {"onnxruntime", "rich", "mido", "rtmidi", "supriya_midi", "jack"}


def loaded_by(statement: str, surrounding: dict[str, str]) -> set[str]:
    """Packages in memory after a statement, in a process of its own."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code], env=surrounding, capture_output=True, text=True, check=True, timeout=60
    )
    return set(result.stdout.split())


@pytest.mark.parametrize("statement", ["import runtime", "import runtime.cli"])
def test_importing_costs_nothing(statement: str, surrounding: dict[str, str]) -> None:
    loaded = loaded_by(statement, surrounding)
    assert "runtime" in loaded
    assert not loaded & (TRAINING_ONLY | SLOW | {"numpy"})


@pytest.mark.parametrize(
    "statement",
    ["import runtime.performance", "import runtime.writing", "import runtime.doctor", "from runtime import *"],
)
def test_playing_needs_nothing_of_training(statement: str, surrounding: dict[str, str]) -> None:
    loaded = loaded_by(statement, surrounding)
    assert "onnxruntime" in loaded or "doctor" in statement
    assert not loaded & TRAINING_ONLY


@pytest.mark.parametrize("name", runtime.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(runtime, name).__name__ == name


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'runtime' has no attribute 'trumpet'"):
        _ = runtime.trumpet
