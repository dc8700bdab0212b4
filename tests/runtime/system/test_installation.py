"""How the program is installed: how it starts itself, and how an extra is added."""

import sys
from pathlib import Path

import pytest

from lstm_composer.runtime.cli.main import main
from lstm_composer.runtime.panel.training.extra import missing_for_training
from lstm_composer.runtime.system.installation import (
    COMMANDS_FOR_TRAINING,
    TRAINING_ELSEWHERE,
    adding,
    how_to_install,
    own_program,
)

RECEIPT = """[tool]
requirements = [{{ name = "other" }}, {{ name = "lstm-composer"{more} }}]
python = "3.13"
entrypoints = [{{ name = "lstm-composer", install-path = "/a/lstm-composer", from = "lstm-composer" }}]
"""


def test_here_it_is_pip() -> None:
    assert adding("panel") == 'pip install "lstm-composer[panel]"'


@pytest.mark.parametrize(
    ("more", "command"),
    [
        ("", 'uv tool install "lstm-composer[train]"'),
        (', extras = ["panel", "score"]', 'uv tool install "lstm-composer[panel,score,train]"'),
        (', extras = ["train"]', 'uv tool install "lstm-composer[train]"'),
        (', extras = ["panel"], path = "/my music/x.whl"', 'uv tool install "/my music/x.whl[panel,train]"'),
        (', specifier = "==0.2.0"', 'uv tool install "lstm-composer[train]"'),
    ],
)
def test_a_tool_of_uv_keeps_the_extras_that_it_has(tmp_path: Path, more: str, command: str) -> None:
    (tmp_path / "uv-receipt.toml").write_text(RECEIPT.format(more=more))
    assert adding("train", tmp_path) == command


@pytest.mark.parametrize("text", ["", "[tool", "[tool]", "[tool]\nrequirements = 3", "\x00"])
def test_a_receipt_that_uv_writes_otherwise_one_day(tmp_path: Path, text: str) -> None:
    (tmp_path / "uv-receipt.toml").write_text(text)
    assert adding("train", tmp_path) == 'uv tool install "lstm-composer[train]"'


@pytest.mark.parametrize(
    ("folder", "command"),
    [
        ("pipx/venvs/lstm-composer", 'pipx inject lstm-composer "lstm-composer[osc]"'),
        ("pipx/py/4e1e0c", 'pip install "lstm-composer[osc]"'),  # of `pipx run`: nothing can be added to it
    ],
)
def test_pipx(tmp_path: Path, folder: str, command: str) -> None:
    environment = tmp_path / folder
    environment.mkdir(parents=True)
    (environment / "pipx_metadata.json").touch()
    assert adding("osc", environment) == command


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
    assert adding("gpu") == 'LSTM Composer for Python, not this app, and there pip install "lstm-composer[gpu]"'


@pytest.mark.usefixtures("app")
def test_the_app_says_in_a_line_that_it_cannot_train(capsys: pytest.CaptureFixture[str]) -> None:
    assert missing_for_training() == TRAINING_ELSEWHERE
    for command in COMMANDS_FOR_TRAINING:
        assert main([command, "--help"]) == 2
        assert capsys.readouterr().err == f"lstm-composer: there is no {command}: {TRAINING_ELSEWHERE}\n"
