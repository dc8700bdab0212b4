"""progress.json: what it says, when it is written, and what is left of it."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lstm_composer.runtime.errors import CorpusError
from lstm_composer.trainer.runs.progress import PROGRESS, Progress, ProgressFile
from lstm_composer.trainer.runs.run_directory import RunDirectory


class Clock:
    """Seconds that are set."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    (tmp_path / "config.json").touch()
    return RunDirectory(tmp_path)


def written(run: RunDirectory) -> Progress:
    return msgspec.json.decode((run.path / PROGRESS).read_bytes(), type=Progress)


def test_it_is_written_at_each_new_state_and_once_a_second(run: RunDirectory) -> None:
    clock = Clock()
    progress = ProgressFile(run, clock)
    progress.tell("training", line="starting", total=4)
    first = Progress(state="training", line="starting", process=os.getpid(), total=4)
    assert written(run) == first
    clock.seconds += 0.9
    progress.tell("training", done=0.5)
    assert written(run) == first
    clock.seconds += 0.1
    progress.tell("training", done=0.75)
    assert written(run) == msgspec.structs.replace(first, done=0.75, seconds=1.0)
    progress.tell_judged(1, 3)
    assert written(run) == Progress(state="judging", process=os.getpid(), seconds=1.0, done=1, total=3)


@pytest.mark.parametrize(
    ("error", "state", "line"),
    [
        (CorpusError("nothing in x can be used"), "failed", "nothing in x can be used"),
        (ValueError("of\ntwo lines"), "failed", "ValueError: of two lines"),
        (KeyboardInterrupt(), "stopped", ""),
    ],
)
def test_how_it_ended(run: RunDirectory, error: BaseException, state: str, line: str) -> None:
    def ends() -> Iterator[None]:
        with ProgressFile(run, Clock()).closed():
            yield
            raise error

    ending = ends()
    next(ending)
    assert written(run).state == "reading"
    with pytest.raises(type(error)):
        next(ending)
    assert (written(run).state, written(run).line) == (state, line)


def test_the_last_word_is_written_however_soon_it_comes(run: RunDirectory) -> None:
    progress = ProgressFile(run, Clock())
    with progress.closed():
        progress.tell("done", line="take epoch 2")
        progress.tell("done", done=1)
    assert (written(run).state, written(run).line, written(run).done) == ("done", "take epoch 2", 1)


def test_a_training_that_has_not_said_how_it_ended_has_failed(run: RunDirectory) -> None:
    progress = ProgressFile(run, Clock())
    with progress.closed():
        progress.tell("training", line="it came apart")
    assert (written(run).state, written(run).line) == ("failed", "it came apart")


def test_nothing_stays_where_there_is_no_run(tmp_path: Path) -> None:
    with ProgressFile(RunDirectory(tmp_path), Clock()).closed():
        assert (tmp_path / PROGRESS).exists()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_done_without(run: RunDirectory) -> None:
    (run.path / PROGRESS).mkdir()
    ProgressFile(run, Clock()).tell("training")
