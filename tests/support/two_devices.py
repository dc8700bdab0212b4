"""A training shared by two devices, resumed, and the same on one: python -m tests.support.two_devices FOLDER RUNS.

Two halves of this machine's processor stand for two GPUs: a program of its own, since a processor is divided before
TensorFlow has begun. What the commands do around the loop has no devices: nothing is played, drawn or judged.
"""

import sys
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import tensorflow as tf

from lstm_composer.trainer.corpus.corpus import read_corpus
from lstm_composer.trainer.dataset.dataset import Dataset, build_dataset
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.training.interruption import Interruption
from lstm_composer.trainer.training.loop import TrainingCallbacks, train
from lstm_composer.trainer.training.stream_learner import StreamLearner
from tests.support.small_trainings import step_by_step

SEED: Final = 3
HALVES: Final = ("CPU:0", "CPU:1")


def train_on(seen: tuple[str, ...], material: Dataset, run: RunDirectory, *, epochs: int, resume: bool = False) -> None:
    """Train with these devices taken for GPUs."""
    network = {"units": 16, "layers": 1, "head_units": 16}
    given: dict[str, Any] = {"name": "x", "source": "music", "epochs": epochs, "save_every": 1, "batch_steps": 256}
    settings = msgspec.convert({**given, "seed": SEED, "network": network}, TrainingSettings)
    if not resume:
        run.create()
    with pytest.MonkeyPatch.context() as patch:
        for module in ("lstm_composer.trainer.network.devices", "lstm_composer.trainer.dataset.batches"):
            patch.setattr(f"{module}.gpus", lambda: list(seen))
        learner = StreamLearner(settings, material, run)
        train(learner, settings, run, Interruption(), TrainingCallbacks(), resume=resume)


def main(folder: str, runs: str) -> None:
    """Train the runs `two` and `one` for three epochs, `two` resumed before the last."""
    [processor] = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * len(HALVES))
    material = build_dataset(read_corpus(folder), SEED)
    two, one = RunDirectory(Path(runs) / "two"), RunDirectory(Path(runs) / "one")
    train_on(HALVES, material, two, epochs=2)
    train_on(HALVES, material, two, epochs=3, resume=True)
    with step_by_step():  # as good a measure as a graph, and sooner made
        train_on((), material, one, epochs=3)


if __name__ == "__main__":
    main(*sys.argv[1:])
