"""`lstm-composer train` as a program of its own, with trainings as small as they get: one, or a sweep of them.

Besides the command line of `train` it takes a run directory alone, which is what a worker of a sweep starts it with.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.cli.train import main as train
from lstm_composer.trainer.cli.train_extra import loaded_for
from lstm_composer.trainer.sweep.job import Job, Outcome, train_job
from tests.support.small_trainings import alone, short_pieces, step_by_step

PROGRAM: Final = "tests.support.small_train"


def train_small(job: Job) -> Outcome:
    """Do what a worker does for a run, with this program for its training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lstm_composer.trainer.sweep.job.TRAINING", PROGRAM)
        return train_job(job)


def main(argv: list[str]) -> int:
    """Do what the arguments ask for; a training keeps its cache beside its run."""
    if "--sweep" in argv:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("lstm_composer.trainer.sweep.ray_backend.train_job", train_small)
            return train(argv)
    run = Path(argv[0] if len(argv) == 1 else argv[argv.index("--run-dir") + 1])
    with alone(run.with_name(".cache")):
        with loaded_for("training"):
            import_module("lstm_composer.trainer.network.trained_network")
        return _train(argv)


def _train(argv: list[str]) -> int:
    with short_pieces(), step_by_step():
        if len(argv) > 1:
            return train(argv)
        from lstm_composer.trainer.cli.sweep_child import main as train_run  # noqa: PLC0415 - it needs the cluster's extra

        return train_run(argv)


if __name__ == "__main__":
    sys.exit(in_words(lambda: main(sys.argv[1:])))
