"""How the program starts itself, and what it says of packages that are left out."""

import sys

import pytest

from lstm_composer.runtime.cli.main import main
from lstm_composer.runtime.panel.training.extra import missing_for_training
from lstm_composer.runtime.system.own_program import (
    COMMANDS_FOR_TRAINING,
    TRAINING_ELSEWHERE,
    how_to_install,
    own_program,
)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be the app, as far as this process can know."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/app/lstm-composer")


def test_a_package_starts_itself_by_its_python() -> None:
    assert own_program() == (sys.executable, "-m", "lstm_composer")
    assert how_to_install("soundfile") == "pip install soundfile"


@pytest.mark.usefixtures("app")
def test_the_app_starts_itself_and_has_no_pip() -> None:
    assert own_program() == ("/app/lstm-composer",)
    assert how_to_install("soundfile") == "LSTM Composer for Python, not this app, and there pip install soundfile"


@pytest.mark.usefixtures("app")
def test_the_app_says_in_a_line_that_it_cannot_train(capsys: pytest.CaptureFixture[str]) -> None:
    assert missing_for_training() == TRAINING_ELSEWHERE
    for command in COMMANDS_FOR_TRAINING:
        assert main([command, "--help"]) == 2
        assert capsys.readouterr().err == f"lstm-composer: there is no {command}: {TRAINING_ELSEWHERE}\n"
