"""The scripts of `examples/` run as their first lines say, on the tiny bundle."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run_example(tiny_models: Path, tmp_path: Path):
    def run(name: str, *arguments: str) -> str:
        environment = {**os.environ, "LSTM_COMPOSER_MODELS": str(tiny_models), "PYTHONPATH": str(EXAMPLES.parent)}
        done = subprocess.run(
            [sys.executable, EXAMPLES / name, *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def test_write_files(run_example, tmp_path: Path) -> None:
    assert "3 files" in run_example("write_files.py", "scale")
    assert {one.name for one in tmp_path.glob("*.mid")} == {"as_learned.mid", "bolder.mid", "form.mid"}


def test_own_port(run_example) -> None:
    """Every note that is struck is ended."""
    sent = [line.split() for line in run_example("own_port.py", "scale", "1", "400").splitlines()]
    struck, ended = ([pitch for status, pitch, _ in sent if status == wanted] for wanted in ("90", "80"))
    assert len(struck) > 1
    assert sorted(struck) == sorted(ended)


def test_own_controls(run_example, tiny_models: Path, tmp_path: Path) -> None:
    take = tmp_path / "take.mid"
    quick = ("--style", "scale", "--tempo", "400", "--bars", "2", "--backend", "none", "--take", str(take))
    done = subprocess.run(
        [sys.executable, EXAMPLES / "own_controls.py", "60", *quick, "--models-dir", str(tiny_models)],
        cwd=EXAMPLES.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert take.exists()


def test_step_the_graph(run_example, tiny_models: Path) -> None:
    lines = run_example("step_the_graph.py", str(tiny_models / "tiny.onnx.json"), "5").splitlines()
    assert len(lines) == 6
    assert all("ticks later: pitch" in line for line in lines[1:])


def test_step_the_graph_of_a_named_style(run_example) -> None:
    lines = run_example("step_the_graph.py", "scale", "2").splitlines()
    assert lines[0] == "scale, a new piece"
    assert len(lines) == 3


def test_every_example_is_tried() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert all(f"test_{one.stem}" in here for one in EXAMPLES.glob("*.py"))
