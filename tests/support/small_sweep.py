"""`lstm-composer train --sweep` on a Ray of its own, with trainings as small as they get, each a process as always."""

import sys
from pathlib import Path
from typing import Final

import pytest

from lstm_composer.trainer.sweep.job import Job, Outcome, train_job
from tests.support.small_trainings import alone, short_pieces, step_by_step

PROGRAM: Final = "tests.support.small_sweep"


def train_small(job: Job) -> Outcome:
    """Do what a worker does for a run, with this program for its training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lstm_composer.trainer.sweep.job.TRAINING", PROGRAM)
        return train_job(job)


def main(argv: list[str]) -> int:
    """Do the sweep of `--sweep FILE`, or the training whose run directory is the only argument."""
    if "--sweep" in argv:
        from lstm_composer.trainer.cli.train import main as sweep  # noqa: PLC0415 - a training has no need of it

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("lstm_composer.trainer.sweep.ray_backend.train_job", train_small)
            return sweep(argv)
    from lstm_composer.trainer.cli.sweep_child import main as train  # noqa: PLC0415 - a sweep has no need of it

    with alone(Path(argv[0]).with_name(".cache")), short_pieces(), step_by_step():
        return train(argv)


if __name__ == "__main__":
    from lstm_composer.runtime.system.process_exit import in_words

    sys.exit(in_words(lambda: main(sys.argv[1:])))
