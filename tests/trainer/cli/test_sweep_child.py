"""What the process that a worker starts for a run makes of the line on its standard input."""

import pickle
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from lstm_composer.trainer.runs.request import TrainingRequest
from lstm_composer.trainer.sweep.job import Job, _hand_over

sweep_child = pytest.importorskip("lstm_composer.trainer.cli.sweep_child", reason="filelock is not there")
REQUEST = TrainingRequest(folder="music", name="x", units=16, one_style=True)
ECHO = "import sys; print(sys.stdin.readline(), end='')"


def handed_over() -> bytes:
    """What a process that has just been started reads from its worker."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", ECHO], stdin=pipe, stdout=pipe) as process:
        _hand_over(REQUEST, process)
        assert process.stdout is not None
        return process.stdout.read()


@pytest.mark.parametrize("does", ["begins", "resumes"])
def test_it_trains_what_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], does: str
) -> None:
    trained: list[tuple[object, ...]] = []

    def train_run(*given: object) -> int:
        trained.append(given)
        return 0

    monkeypatch.setattr(sweep_child, "train_run", lambda *given, resume: train_run(*given, resume))
    monkeypatch.setattr(sweep_child, "_end_with_the_worker", lambda: None)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(handed_over())))
    run = tmp_path / "run"
    if does == "resumes":
        run.mkdir()
        (run / "config.json").touch()
    assert sweep_child.main([str(run)]) == 0
    assert trained == [(REQUEST, run, does == "resumes")]
    told = f': {does} {{"folder":"music","name":"x","one-style":true,"units":16}}\n'
    assert capsys.readouterr().out.endswith(told)


def test_it_ends_where_its_worker_has_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b'{"folder":')))
    assert sweep_child.main([str(tmp_path)]) == 1


def test_a_job_can_be_sent_to_another_machine(tmp_path: Path) -> None:
    job = Job("x", tmp_path, REQUEST, tmp_path, 0.5)
    assert pickle.loads(pickle.dumps(job)) == job  # noqa: S301 - our own
    assert job.threads == 1
