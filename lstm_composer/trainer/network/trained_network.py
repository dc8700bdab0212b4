"""A trained network of preset `stream`: built, with its optimizer, and filled from a checkpoint."""

from typing import Any

import keras

from lstm_composer.trainer.network.checkpoints import check_size, fill_network, read_schedule
from lstm_composer.trainer.network.devices import make_ready, shared_by_all_gpus
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings

CLIP_NORM = 1.0
"""Largest norm of a batch's gradient: Adam without clipping is how trainings collapse."""


def compiled(settings: TrainingSettings, schedule: Any) -> StreamNetwork:
    """Make a network that is not yet built, with its optimizer."""
    network = StreamNetwork(settings.network.as_dict())
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay, global_clipnorm=CLIP_NORM)
    network.compile(optimizer=optimizer, jit_compile=False)
    return network


def load_network(run: RunDirectory, epoch: int, settings: TrainingSettings | None = None) -> StreamNetwork:
    """Build the network of a run of preset `stream` and load a checkpoint into it, its optimizer included.

    Args:
        run: The run.
        epoch: One that is saved.
        settings: Those of the run, None to read them.

    Raises:
        DamagedCheckpointError: If the file is damaged, or of another network than the settings describe.
        InputError: If it cannot be opened, or the settings cannot be read.
        MissingError: If there is not enough memory.

    """
    settings, path = settings or run.read_settings(), run.checkpoint(epoch)
    check_size(path, settings.network)
    plan = read_schedule(path)
    schedule = keras.optimizers.schedules.CosineDecay(
        plan.initial_learning_rate,
        decay_steps=plan.decay_steps,
        alpha=plan.alpha,
        warmup_target=settings.learning_rate,
        warmup_steps=plan.warmup_steps,
    )
    with shared_by_all_gpus():
        network = compiled(settings, schedule)
        make_ready(network)
        fill_network(network, path)
    return network
