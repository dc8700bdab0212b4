"""`lstm-composer train --sweep` on a local Ray, as a user runs it; Ray is started once, for all that it can show."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lstm_composer.runtime.errors import ComposerError, InputError, MissingError
from lstm_composer.trainer.cli.train import main, train_run
from lstm_composer.trainer.runs.request import TrainingRequest
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.sweep.job import Job, Outcome
from lstm_composer.trainer.sweep.ray_backend import _check_room, workers
from lstm_composer.trainer.sweep.ray_cluster import Answer, _asked
from tests.support.listening import Listening, listening
from tests.support.small_trainings import step_by_step

ROOT = Path(__file__).parents[3]
PROGRAM = "tests.support.small_train"
WITH_RAY = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason='Ray is not there: pip install "lstm-composer[cluster]"'
)
TINY = "name = 'tiny'\nunits = 16\nlayers = 1\nhead_units = 16\nbatch_steps = 256\nsave_every = 2\n"
EPOCHS = 4
ENDLESS = 100_000
"""Epochs of the run that is interrupted."""
STRANGER = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | {
    "RAY_AUTH_MODE": "disabled"
}


@contextmanager
def sweeping(
    *argv: str, program: str = "lstm_composer.trainer.cli.train", **surrounding: str
) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own, killed at the end if it is still there."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_CPP", "RAY_"))}
    command = [sys.executable, "-u", "-m", program, *argv]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env={**environment, **surrounding}, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], log: Path, words: str) -> str:
    """Read a log until some words are in it; returns it."""
    while process.poll() is None:
        text = log.read_text() if log.exists() else ""
        if words in text:
            return text
        time.sleep(0.05)
    pytest.fail(f"the sweep ended before {words!r} was in {log}: {process.communicate()}")


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Read what the sweep says until a line begins with some words; returns what was read."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if line.startswith(words):
            return said
    pytest.fail(f"the sweep ended without {words!r}: {said} {process.communicate()}")


def trainings(log: str) -> list[tuple[int, int, str]]:
    """Worker, training and arguments of each time that a run was begun or gone on with."""
    found = re.findall(r"^# worker (\d+), training (\d+) on \S+: (.*)$", log, flags=re.MULTILINE)
    return [(int(worker), int(training), arguments) for worker, training, arguments in found]


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def results_in(directory: Path) -> dict[str, dict[str, Any]]:
    return {run["name"]: run for run in json.loads((directory / "sweep.json").read_text())["runs"]}


@dataclass(frozen=True)
class Swept:
    """A sweep of three runs, and what it said: one cannot be done, one is done, and one has no end.

    The worker of the endless run was killed in mid-run, and the sweep interrupted after another had gone on with it.
    """

    file: Path
    directory: Path
    exit_code: int
    said: str
    errors: str
    listening: list[Listening]
    told_a_stranger: list[Answer]
    left_behind: list[str]


@pytest.fixture(scope="module")
def swept(music_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Swept:
    folder = tmp_path_factory.mktemp("sweep")
    file, directory = folder / "seeds.toml", folder / "runs"
    file.write_text(
        f"[common]\n{TINY}folder = '{music_folder}'\nepochs = {EPOCHS}\n"
        "[[run]]\nname = 'lost'\nfolder = 'nowhere'\n"
        f"[[run]]\nname = 'endless'\nepochs = {ENDLESS}\n"
        "[[run]]\nname = 'short'\nseed = 2\n"
    )
    argv = ("--sweep", str(file), "--run-dir", str(directory))
    with tempfile.TemporaryDirectory() as temporary, sweeping(*argv, program=PROGRAM, TMPDIR=temporary) as process:
        log = wait_for(process, directory / "endless.log", "epoch 2 saved")
        os.kill(trainings(log)[0][0], signal.SIGKILL)
        heard = listening(process.pid) if sys.platform == "linux" else []
        told = [_asked(f"127.0.0.1:{one.port}", STRANGER) for one in heard if one.process == "gcs_server"]
        said = read_until(process, "short done")
        wait_for(process, directory / "endless.log", f"epoch {EPOCHS} saved")
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate()
        left = [path.name for path in Path(temporary).glob("composer-*")]
    return Swept(file, directory, process.returncode, said + rest, errors, heard, told, left)


@WITH_RAY
@pytest.mark.timeout(400)
def test_a_sweep_outlives_a_worker_and_saves_its_epochs_when_interrupted(swept: Swept) -> None:
    assert swept.exit_code == 0
    assert swept.errors == "\nfinishing this epoch and saving it; once more stops at once\n"
    found = results_in(swept.directory)
    assert {name: run["state"] for name, run in found.items()} == {
        "lost": "failed",
        "endless": "stopped",
        "short": "done",
    }
    for name in ("endless", "short"):
        run, epochs = RunDirectory(swept.directory / name), found[name]["epochs"]
        assert [row["epoch"] for row in run.read_history()] == list(range(1, epochs + 1))
        assert run.saved_epochs() == sorted({*range(2, epochs + 1, 2), epochs})
    assert found["short"]["epochs"] == EPOCHS <= found["endless"]["epochs"] < ENDLESS


@WITH_RAY
@pytest.mark.timeout(400)
@pytest.mark.skipif(sys.platform != "linux", reason="which sockets a process has is asked as Linux tells it")
def test_nobody_but_this_users_programs_can_reach_a_sweep(swept: Swept) -> None:
    assert {"gcs_server", "raylet"} <= {one.process for one in swept.listening}
    assert [one for one in swept.listening if not one.is_of_this_machine] == []
    assert swept.told_a_stranger == ["refused"]
    assert swept.left_behind == []


@WITH_RAY
@pytest.mark.timeout(400)
def test_the_run_of_the_killed_worker_was_resumed_by_another(swept: Swept) -> None:
    first, second = trainings((swept.directory / "endless.log").read_text())
    assert first[0] != second[0]
    assert (first[2].startswith("begins "), second[2].startswith("resumes ")) == (True, True)
    assert not is_running(first[1])
    [of_another_run] = trainings((swept.directory / "short.log").read_text())
    assert of_another_run[0] != first[0]


@WITH_RAY
@pytest.mark.timeout(400)
def test_the_results_are_said_and_written(swept: Swept) -> None:
    found = results_in(swept.directory)
    assert "lost failed: nowhere" in swept.said
    assert f"short done after epoch {EPOCHS}, " in swept.said
    assert f"endless stopped after epoch {found['endless']['epochs']}, " in swept.said
    assert "raylet" not in swept.said
    assert swept.said.endswith(
        f"{swept.directory / 'sweep.md'} keeps this table\nstopped; the same command goes on from there\n"
    )
    done = found["short"]
    assert done["differs"] == {"seed": 2}
    assert done["best_epoch"] in range(2, EPOCHS + 1, 2)
    assert done["held_out_nll"] > 0
    assert (
        f"| short | seed 2 | {EPOCHS} | {done['best_epoch']} | {done['held_out_nll']:.3f} |"
        in (swept.directory / "sweep.md").read_text()
    )


@WITH_RAY
def test_flags_of_a_begun_run_stay(swept: Swept, tmp_path: Path) -> None:
    changed = tmp_path / "changed.toml"
    changed.write_text(swept.file.read_text().replace("\nunits = 16", "\nunits = 24"))
    with pytest.raises(InputError, match=r"run .endless. was begun with .*units 16, not 24"):
        main(["--sweep", str(changed), "--run-dir", str(swept.directory)])


def trained_here(job: Job) -> Outcome:
    """What a worker makes of a run, in this process."""
    run = RunDirectory(job.directory)
    try:
        with step_by_step():
            train_run(job.request, run.path, resume=run.config_path.exists())
    except ComposerError as error:
        return Outcome("failed", str(error))
    return Outcome("done")


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs are done one after another, here and without Ray; filled with their names."""
    names: list[str] = []

    def run_jobs(
        jobs: Sequence[Job],
        on_outcome: Callable[[Job, Outcome], None],
        on_look: Callable[[], None],
        asked: Callable[[], bool],
    ) -> None:
        for job in jobs:
            names.append(job.name)
            on_outcome(job, trained_here(job))
            on_look()

    monkeypatch.setattr("lstm_composer.trainer.sweep.sweep.workers", nullcontext)
    monkeypatch.setattr("lstm_composer.trainer.sweep.sweep.run_jobs", run_jobs)
    return names


@WITH_RAY
def test_the_same_command_goes_on_and_what_is_done_is_not_done_again(
    swept: Swept, begun: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory, file = tmp_path / "runs", tmp_path / "seeds.toml"
    shutil.copytree(swept.directory, directory)
    epochs = results_in(directory)["endless"]["epochs"]
    file.write_text(swept.file.read_text().replace(str(ENDLESS), str(epochs + 1)))
    assert main(["--sweep", str(file), "--run-dir", str(directory)]) == 0
    said = capsys.readouterr().out
    assert begun == ["lost", "endless"]
    assert "lost failed: nowhere" in said
    assert f"endless done after epoch {epochs + 1}, " in said
    assert "short done" not in said
    assert [row["epoch"] for row in RunDirectory(directory / "endless").read_history()] == list(range(1, epochs + 2))
    assert {name: run["state"] for name, run in results_in(directory).items()} == {
        "lost": "failed",
        "endless": "done",
        "short": "done",
    }


@pytest.mark.usefixtures("begun")
def test_where_all_runs_fail_so_does_the_sweep(tmp_path: Path) -> None:
    file = tmp_path / "lost.toml"
    file.write_text(f"[common]\nfolder = '{tmp_path / 'nowhere'}'\n[grid]\nseed = [1]\n")
    with pytest.raises(MissingError) as refusal:
        main(["--sweep", str(file), "--run-dir", str(tmp_path / "runs")])
    assert re.fullmatch(r"all 1 runs failed, 'seed-1' so: .*nowhere.*; see .*seed-1\.log", str(refusal.value))


def test_a_run_larger_than_the_machine(tmp_path: Path) -> None:
    job = Job("seed-1", tmp_path, TrainingRequest(folder="x", name="x", threads=5000), tmp_path, gpus=0)
    machines = [{"CPU": 2.0, "memory": 1e9}, {"CPU": 8.0, "GPU": 1.0}]
    message = "run 'seed-1' asks for 5000 threads and 0 GPUs: the machines here have up to 8 cores and 1 GPUs"
    with pytest.raises(InputError, match=message):
        _check_room([job], machines)


def small_file(folder: Path) -> Path:
    file = folder / "far.toml"
    file.write_text("[common]\nfolder = 'x'\n[grid]\nseed = [1]\n")
    return file


@WITH_RAY
def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    argv = ("--sweep", str(small_file(tmp_path)), "--run-dir", str(tmp_path / "runs"))
    with sweeping(*argv, RAY_ADDRESS=":1") as process:  # which Ray itself looks for
        _, errors = process.communicate()
    assert process.returncode == 2
    assert errors.startswith("lstm-composer: no Ray cluster at RAY_ADDRESS=:1 (")
    assert len(errors.splitlines()) == 1


@pytest.fixture
def joining(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Join the cluster at an address."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")

    def join(address: str) -> None:
        monkeypatch.setenv("RAY_ADDRESS", address)
        with workers():
            pytest.fail("it is joined")

    return join


@WITH_RAY
@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", "127.0.0.1:99999", "nowhere.invalid:6379", "\x1b[31m:6379", "x" * 300 + ":1"]
)
def test_an_address_at_which_nobody_listens(joining: Callable[[str], None], address: str) -> None:
    with pytest.raises(MissingError, match=r"^no Ray cluster at RAY_ADDRESS=") as refusal:
        joining(address)
    assert str(refusal.value).isprintable()


def test_without_ray_it_names_the_extra(joining: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingError, match=r'^--sweep needs Ray: pip install "lstm-composer\[cluster\]"$'):
        joining("127.0.0.1:1")


def test_other_flags_belong_into_the_file() -> None:
    with pytest.raises(InputError, match=r"--epochs is not allowed beside --sweep: write it into \[common\] of x.toml"):
        main(["--sweep", "x.toml", "--epochs", "3"])


def test_a_run_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "runs" / "seed-1").mkdir(parents=True)
    (tmp_path / "runs" / "seed-1" / "config.json").write_text("{}")
    with pytest.raises(InputError, match="seed-1 holds a run that is not of this sweep: give another --run-dir"):
        main(["--sweep", str(small_file(tmp_path)), "--run-dir", str(tmp_path / "runs")])
