"""What is said where the extra `train` or TensorFlow is missing."""

import sys
from collections.abc import Callable

import pytest

from lstm_composer.runtime.errors import MissingError
from lstm_composer.trainer.cli import train_extra
from lstm_composer.trainer.cli.train_extra import check_tensorflow, loaded_for

NO_VERSION = (
    "training needs TensorFlow, which has no version for Python {} yet: "
    'use Python 3.11 to 3.13, and there pip install "lstm-composer[train]"'
)
Become = Callable[[tuple[int, int], str], None]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Become:
    """Become a machine with some Python, on which one package is missing."""

    def become(python: tuple[int, int], missing: str) -> None:
        monkeypatch.setattr(sys, "version_info", (*python, 0))
        monkeypatch.setattr(train_extra, "find_spec", lambda name: None if name == missing else object())

    return become


@pytest.mark.parametrize(
    ("python", "missing", "noticed", "said"),
    [
        ((3, 11), "music21", "music21", 'training needs music21: pip install "lstm-composer[train]"'),
        ((3, 13), "tensorflow", "keras", 'training needs TensorFlow: pip install "lstm-composer[train]"'),
        ((3, 14), "music21", "music21", 'training needs music21: pip install "lstm-composer[train]"'),
        ((3, 14), "tensorflow", "keras", NO_VERSION.format("3.14")),
        ((3, 15), "tensorflow", "matplotlib", NO_VERSION.format("3.15")),
    ],
)
def test_what_is_missing_is_told_with_what_to_do(
    machine: Become, python: tuple[int, int], missing: str, noticed: str, said: str
) -> None:
    machine(python, missing)
    with pytest.raises(MissingError) as caught, loaded_for("training"):
        raise ModuleNotFoundError(name=noticed)
    assert str(caught.value) == said


def test_a_tensorflow_that_does_not_load_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        raise ImportError("Traceback ...\n\nFailed to load the native TensorFlow runtime.\n")

    monkeypatch.setattr(train_extra, "import_module", load)
    said = r"exporting needs TensorFlow, which does not load \(Failed to load the native TensorFlow runtime\.\)"
    with pytest.raises(MissingError, match=said), loaded_for("exporting"):
        raise ImportError("DLL load failed")


def test_an_error_of_our_own_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_extra, "import_module", lambda name: None)
    with pytest.raises(ImportError, match="cannot import name"), loaded_for("training"):
        raise ImportError("cannot import name 'x' from 'lstm_composer.trainer.y'")


def test_where_tensorflow_is_nothing_is_said(machine: Become) -> None:
    machine((3, 14), "music21")
    check_tensorflow("training")
