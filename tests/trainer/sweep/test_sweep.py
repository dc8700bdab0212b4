"""`lstm-composer train --sweep` on a local Ray, as a user runs it."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.cli.train import main
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.sweep.ray_cluster import Answer, _asked
from tests.support.listening import Listening, listening

ROOT = Path(__file__).parents[3]
WITH_RAY = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason='Ray is not there: pip install "lstm-composer[cluster]"'
)
TINY = "name = 'tiny'\nunits = 16\nlayers = 1\nhead_units = 16\nbatch_steps = 256\nsave_every = 2\n"
EPOCHS = 4
STRANGER = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | {
    "RAY_AUTH_MODE": "disabled"
}


@contextmanager
def sweeping(*argv: str, **surrounding: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own, killed at the end if it is still there."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_CPP", "RAY_"))}
    command = [sys.executable, "-u", "-m", "lstm_composer.trainer.cli.train", *argv]
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


@dataclass(frozen=True)
class Swept:
    """A sweep of which one worker was killed in mid-run, and what it said."""

    argv: tuple[str, ...]
    directory: Path
    killed: str
    exit_code: int
    said: str
    errors: str
    listening: list[Listening]
    told_a_stranger: list[Answer]
    left_behind: list[str]

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        return {run["name"]: run for run in json.loads((self.directory / "sweep.json").read_text())["runs"]}


@pytest.fixture(scope="module")
def swept(music_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Swept:
    folder = tmp_path_factory.mktemp("sweep")
    file, directory = folder / "seeds.toml", folder / "runs"
    runs = "".join(f"[[run]]\nname = 'seed{seed}'\nseed = {seed}\n" for seed in (1, 2))
    file.write_text(
        f"[common]\n{TINY}folder = '{music_folder}'\nepochs = {EPOCHS}\n{runs}[[run]]\nname='lost'\nfolder='nowhere'\n"
    )
    argv = ("--sweep", str(file), "--run-dir", str(directory))
    with tempfile.TemporaryDirectory() as temporary, sweeping(*argv, TMPDIR=temporary) as process:
        log = wait_for(process, directory / "seed1.log", "epoch 2 saved")
        os.kill(trainings(log)[0][0], signal.SIGKILL)
        heard = listening(process.pid) if sys.platform == "linux" else []
        told = [_asked(f"127.0.0.1:{one.port}", STRANGER) for one in heard if one.process == "gcs_server"]
        said, errors = process.communicate()
        left = [path.name for path in Path(temporary).glob("composer-*")]
    return Swept(argv, directory, "seed1", process.returncode, said, errors, heard, told, left)


@WITH_RAY
@pytest.mark.timeout(400)
def test_a_sweep_outlives_a_worker(swept: Swept) -> None:
    assert (swept.exit_code, swept.errors) == (0, "")
    assert {name: run["state"] for name, run in swept.results.items()} == {
        "seed1": "done",
        "seed2": "done",
        "lost": "failed",
    }
    for name in ("seed1", "seed2"):
        run = RunDirectory(swept.directory / name)
        assert [row["epoch"] for row in run.read_history()] == list(range(1, EPOCHS + 1))
        assert run.saved_epochs() == list(range(2, EPOCHS + 1, 2))


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
    first, second = trainings((swept.directory / "seed1.log").read_text())
    assert first[0] != second[0]
    assert (first[2].startswith("begins "), second[2].startswith("resumes ")) == (True, True)
    assert not is_running(first[1])
    assert len(trainings((swept.directory / "seed2.log").read_text())) == 1


@WITH_RAY
@pytest.mark.timeout(400)
def test_the_results_are_said_and_written(swept: Swept) -> None:
    assert "lost failed: nowhere" in swept.said
    assert f"seed1 done after epoch {EPOCHS}, " in swept.said
    assert "raylet" not in swept.said
    assert swept.said.endswith(f"{swept.directory / 'sweep.md'} keeps this table\n")
    done = swept.results["seed1"]
    assert done["differs"] == {"seed": 1}
    assert done["best_epoch"] in range(2, EPOCHS + 1, 2)
    assert done["held_out_nll"] > 0
    assert (
        f"| seed1 | seed 1 | {EPOCHS} | {done['best_epoch']} | {done['held_out_nll']:.3f} |"
        in (swept.directory / "sweep.md").read_text()
    )


@WITH_RAY
@pytest.mark.timeout(400)
def test_what_is_done_is_not_done_again(swept: Swept) -> None:
    with sweeping(*swept.argv) as process:
        said, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert "lost failed: nowhere" in said
    assert "seed1 done" not in said
    assert len(trainings((swept.directory / "seed2.log").read_text())) == 1


@WITH_RAY
def test_flags_of_a_begun_run_stay(swept: Swept, tmp_path: Path) -> None:
    changed = tmp_path / "changed.toml"
    changed.write_text(Path(swept.argv[1]).read_text().replace("\nunits = 16", "\nunits = 24"))
    with pytest.raises(InputError, match=r"run .seed1. was begun with .*units 16, not 24"):
        main(["--sweep", str(changed), "--run-dir", str(swept.directory)])


@WITH_RAY
@pytest.mark.timeout(400)
def test_an_interrupted_sweep_saves_its_epochs_and_goes_on(music_folder: Path, tmp_path: Path) -> None:
    file, run = tmp_path / "long.toml", RunDirectory(tmp_path / "runs" / "seed-1")
    text = f"[common]\n{TINY}folder = '{music_folder}'\nepochs = EPOCHS\n[grid]\nseed = [1]\n"
    file.write_text(text.replace("EPOCHS", "100000"))
    argv = ("--sweep", str(file), "--run-dir", str(tmp_path / "runs"))
    with sweeping(*argv) as process:
        wait_for(process, tmp_path / "runs" / "seed-1.log", "epoch 2 saved")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate()
    assert process.returncode == 0
    assert said.endswith("stopped; the same command goes on from there\n")
    epochs = len(run.read_history())
    assert f"seed-1 stopped after epoch {epochs}" in said
    assert run.saved_epochs()[-1] == epochs
    file.write_text(text.replace("EPOCHS", str(epochs + 2)))
    with sweeping(*argv) as process:
        said, _ = process.communicate()
    assert process.returncode == 0
    assert f"seed-1 done after epoch {epochs + 2}" in said
    assert [row["epoch"] for row in run.read_history()] == list(range(1, epochs + 3))


@WITH_RAY
def test_where_all_runs_fail_so_does_the_sweep(tmp_path: Path) -> None:
    file = tmp_path / "lost.toml"
    file.write_text(f"[common]\nfolder = '{tmp_path / 'nowhere'}'\n[grid]\nseed = [1]\n")
    with sweeping("--sweep", str(file), "--run-dir", str(tmp_path / "runs")) as process:
        _, errors = process.communicate()
    assert process.returncode == 2
    assert re.fullmatch(r"lstm-composer: all 1 runs failed, 'seed-1' so: .*nowhere.*; see .*seed-1\.log\n", errors)


@WITH_RAY
def test_a_run_larger_than_the_machine(tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    file.write_text("[common]\nfolder = 'x'\nthreads = 5000\n[grid]\nseed = [1]\n")
    with sweeping("--sweep", str(file), "--run-dir", str(tmp_path / "runs")) as process:
        _, errors = process.communicate()
    assert process.returncode == 2
    assert errors.startswith(
        "lstm-composer: run 'seed-1' asks for 5000 threads and 0 GPUs: the machines here have up to "
    )


@WITH_RAY
def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "far.toml"
    file.write_text("[common]\nfolder = 'x'\n[grid]\nseed = [1]\n")
    with sweeping("--sweep", str(file), "--run-dir", str(tmp_path / "runs"), RAY_ADDRESS="127.0.0.1:1") as process:
        _, errors = process.communicate()
    assert process.returncode == 2
    assert errors.startswith("lstm-composer: no Ray cluster at RAY_ADDRESS=127.0.0.1:1 (")
    assert len(errors.splitlines()) == 1


@WITH_RAY
@pytest.mark.parametrize(
    "address", ["127.0.0.1:99999", "nowhere.invalid:6379", "\x1b[31m:6379", "x" * 300 + ":1", ":1"]
)
def test_an_address_that_is_none(tmp_path: Path, address: str) -> None:
    file = tmp_path / "far.toml"
    file.write_text("[common]\nfolder = 'x'\n[grid]\nseed = [1]\n")
    with sweeping("--sweep", str(file), "--run-dir", str(tmp_path / "runs"), RAY_ADDRESS=address) as process:
        _, errors = process.communicate()
    assert process.returncode == 2
    assert errors.startswith("lstm-composer: no Ray cluster at RAY_ADDRESS=")
    assert errors.removesuffix("\n").isprintable()


def test_without_ray_it_names_the_extra(tmp_path: Path) -> None:
    file = tmp_path / "few.toml"
    file.write_text("[common]\nfolder = 'x'\n[grid]\nseed = [1]\n")
    (tmp_path / "ray.py").write_text("raise ModuleNotFoundError(\"No module named 'ray'\", name='ray')")
    with sweeping("--sweep", str(file), "--run-dir", str(tmp_path / "runs"), PYTHONPATH=str(tmp_path)) as process:
        _, errors = process.communicate()
    assert (process.returncode, errors) == (
        2,
        'lstm-composer: --sweep needs Ray: pip install "lstm-composer[cluster]"\n',
    )


def test_other_flags_belong_into_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--epochs is not allowed beside --sweep: write it into \[common\] of x.toml"):
        main(["--sweep", "x.toml", "--epochs", "3"])


def test_a_run_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "few.toml"
    file.write_text("[common]\nfolder = 'x'\n[grid]\nseed = [1]\n")
    (tmp_path / "runs" / "seed-1").mkdir(parents=True)
    (tmp_path / "runs" / "seed-1" / "config.json").write_text("{}")
    with pytest.raises(InputError, match="seed-1 holds a run that is not of this sweep: give another --run-dir"):
        main(["--sweep", str(file), "--run-dir", str(tmp_path / "runs")])
