"""What a worker does for one run of a sweep: start its training, wait for it, say how it ended."""

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import msgspec

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.runs.request import TrainingRequest
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.training.early_stopping import has_ended

State = Literal["waiting", "stopped", "done", "failed"]
"""Not begun, or begun and to be resumed, or over."""
TRAINING = "lstm_composer.trainer.cli.sweep_child"
"""The module that is started for a run."""
_LOOK_SECONDS = 0.3
_GAVE_UP = "its training came apart again and again: its log says when; give it a smaller learning-rate"


@dataclass(frozen=True, slots=True)
class Job:
    """A run for a worker.

    Attributes:
        name: Its name.
        directory: Its run directory; the log lies beside it.
        request: What is to be trained.
        folder: Where the sweep was started: relative paths are meant from there.
        gpus: GPUs to keep for it.

    """

    name: str
    directory: Path
    request: TrainingRequest
    folder: Path
    gpus: float

    @property
    def threads(self) -> int:
        """Processor cores to keep for it."""
        return self.request.threads or 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and for one that failed, why."""

    state: State
    reason: str = ""


def log_of(directory: Path) -> Path:
    """The log beside a run directory."""
    return directory.with_name(f"{directory.name}.log")


def train_job(job: Job) -> Outcome:
    """Train in a process of its own until it ends; a KeyboardInterrupt lets it finish and save its epoch first."""
    try:
        with log_of(job.directory).open("ab") as log, _start(job, log) as process:
            with suppress(BrokenPipeError):  # it has ended already, and its log says why
                _hand_over(job.request, process)
            asked = _wait(process)
    except OSError as error:
        return Outcome("failed", f"it cannot be started: {error}")
    if process.returncode == 0:
        try:
            complete = is_complete(RunDirectory(job.directory))
        except InputError as error:
            return Outcome("failed", str(error))
        if complete:
            return Outcome("done")
        return Outcome("stopped") if asked else Outcome("failed", _GAVE_UP)
    return Outcome("stopped") if asked else Outcome("failed", _last_words(job, process.returncode))


def is_complete(run: RunDirectory) -> bool:
    """Tell whether a run has come to its last epoch, or its patience to its end."""
    settings, rows = run.read_settings(), run.read_history()
    return has_ended(rows, settings)


def _start(job: Job, log: IO[bytes]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in the terminal is for the sweep, which then asks each training once.
    command = [sys.executable, "-u", "-m", TRAINING, str(job.directory)]
    surrounding = dict(os.environ)
    if job.gpus % 1:
        surrounding.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # or the first takes all of the GPU's memory
    return subprocess.Popen(  # noqa: S603 - our own program
        command,
        cwd=job.folder,
        env=surrounding,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _hand_over(request: TrainingRequest, process: subprocess.Popen[bytes]) -> None:
    """Tell a process in a line on its standard input what to train; the pipe stays open for as long as we live."""
    if process.stdin is not None:  # never: it is a pipe
        process.stdin.write(msgspec.json.encode(request) + b"\n")
        process.stdin.flush()


def _wait(process: subprocess.Popen[bytes]) -> bool:
    """Wait for its end; returns whether it was asked to end."""
    asked = False
    while process.poll() is None:
        try:
            # Ray interrupts a task between two of Python's instructions, not inside of a wait.
            process.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        except KeyboardInterrupt:
            asked = True
            process.terminate()
    return asked


def _last_words(job: Job, code: int) -> str:
    lines = log_of(job.directory).read_text(encoding="utf-8", errors="replace").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    if code < 0:
        return f"its training was ended by signal {-code}"
    return last.removeprefix("lstm-composer: ") or f"its training ended with exit code {code}"
