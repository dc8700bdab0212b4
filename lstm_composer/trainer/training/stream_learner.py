"""What preset `stream` gives the training loop: pieces in batches, and a learning rate that falls along a cosine."""

import math

import keras
import tensorflow as tf

from lstm_composer.runtime.music.event_encoding import DELTA_CLASSES, DURATION_CLASSES, PITCHES, VELOCITY_BINS
from lstm_composer.trainer.dataset.batches import TrainingSet, dataset
from lstm_composer.trainer.dataset.dataset import Dataset
from lstm_composer.trainer.evaluation.keras_nll import evaluate
from lstm_composer.trainer.network.devices import make_ready, shared_by_all_gpus
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.network.trained_network import compiled, load_network
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.training.fine_tuning import load_weights, read_initial_weights
from lstm_composer.trainer.training.loop import Row

FINAL_RATE = 0.02
"""Share of the learning rate that is left in the last epoch."""
GUESSING_NLL = sum(map(math.log, (DELTA_CLASSES, PITCHES, DURATION_CLASSES, VELOCITY_BINS)))
"""Nats a note of a network that knows nothing."""


def new_network(settings: TrainingSettings, updates_per_epoch: int) -> StreamNetwork:
    """Make an untrained network with its optimizer."""
    keras.utils.set_random_seed(settings.seed)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        decay_steps=max(1, (settings.epochs - 1) * updates_per_epoch),
        alpha=FINAL_RATE,
        warmup_target=settings.learning_rate,
        warmup_steps=updates_per_epoch,
    )
    with shared_by_all_gpus():
        network = compiled(settings, schedule)
        make_ready(network)
    return network


class StreamLearner:
    """A run of preset `stream`; see `trainer.training.loop.Learner`."""

    guessing_nll = GUESSING_NLL

    def __init__(self, settings: TrainingSettings, material: Dataset, run: RunDirectory) -> None:
        """Take a run's settings, its music and its directory."""
        self._settings, self._material, self._run = settings, material, run
        self._training_set = TrainingSet(
            sequences=material.train,
            styles=settings.network.styles,
            batch_steps=settings.batch_steps,
            window=settings.window,
            seed=settings.seed,
            transpose=settings.transpose,
            own_keys_from=settings.epochs - settings.own_keys_last + 1,
        )
        self.targets = sum(sequence.notes for sequence in self._training_set.sequences)

    def new(self) -> StreamNetwork:
        """Make the network, with the weights of its base if it has one."""
        network = new_network(self._settings, len(self._training_set.epoch(0)))
        if self._settings.base:
            load_weights(network, read_initial_weights(self._run))
        return network

    def load(self, epoch: int) -> StreamNetwork:
        """Load a checkpoint."""
        return load_network(self._run, epoch, self._settings)

    def scale_rate(self, network: StreamNetwork, scale: float) -> None:
        """Set the highest rate of the schedule, which falls as was planned when the run began."""
        # A new schedule reaches only a network that has not been trained since it was loaded: its step is traced once.
        schedule = keras.optimizers.schedules.deserialize(network.optimizer.get_config()["learning_rate"])
        network.optimizer.learning_rate = type(schedule).from_config(
            {**schedule.get_config(), "warmup_target": self._settings.learning_rate * scale}
        )

    def epoch(self, number: int) -> tuple[tf.data.Dataset, int]:
        """Return the batches of an epoch, and how many they are."""
        groups = self._training_set.epoch(number)
        return dataset(groups, self._training_set.styles), len(groups)

    def held_out(self, network: StreamNetwork) -> Row:
        """Measure a network on the validation part."""
        found = evaluate(network, self._material.validation) if self._material.validation else {}
        return {f"val_{name}": value for name, value in found.items()}
