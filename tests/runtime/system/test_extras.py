"""The command that adds an extra, by the tool that made the environment."""

from pathlib import Path

import pytest

from lstm_composer.runtime.system.extras import adding

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
