"""The training loop: epoch after epoch, a checkpoint every so often, stopped and resumed without loss."""

import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import keras
import numpy as np

from runtime.errors import MissingError
from trainer.batches import TrainingSet, dataset
from trainer.evaluation import evaluate
from trainer.interruption import Interruption
from trainer.material import Material
from trainer.network import StreamNetwork
from trainer.run_directory import RunDirectory, write_whole
from trainer.settings import TrainingSettings

CLIP_NORM = 1.0
"""Largest norm of a batch's gradient: Adam without clipping is how trainings collapse."""
FINAL_RATE = 0.02
"""Share of the learning rate that is left in the last epoch."""

Row = Mapping[str, float]
OnBatch = Callable[[int, int, int], None]
"""Told after each batch: the epoch, the batch and the batches in the epoch, all counted from 1."""
OnEpoch = Callable[[Row, bool], None]
"""Told after each epoch: its row of the history, and whether a checkpoint was saved."""


def _no_batch(_epoch: int, _batch: int, _batches: int) -> None: ...


def _no_epoch(_row: Row, _saved: bool) -> None: ...  # noqa: FBT001 - a callback's signature


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told how the training goes."""

    on_batch: OnBatch = field(default=_no_batch)
    on_epoch: OnEpoch = field(default=_no_epoch)


def new_network(settings: TrainingSettings, updates_per_epoch: int) -> StreamNetwork:
    """Make an untrained network with its optimizer."""
    keras.utils.set_random_seed(settings.seed)
    network = StreamNetwork(settings.network.as_dict())
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        decay_steps=max(1, (settings.epochs - 1) * updates_per_epoch),
        alpha=FINAL_RATE,
        warmup_target=settings.learning_rate,
        warmup_steps=updates_per_epoch,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay, global_clipnorm=CLIP_NORM)
    network.compile(optimizer=optimizer, jit_compile=False)
    return network


def load_network(run: RunDirectory, epoch: int) -> StreamNetwork:
    """Load a checkpoint, its optimizer included.

    Raises:
        MissingError: If the file cannot be read as a checkpoint.

    """
    path = run.checkpoint(epoch)
    try:
        network: StreamNetwork = keras.saving.load_model(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        reason = str(error).strip().splitlines()[0]
        raise MissingError(f"checkpoint {path} cannot be loaded ({reason}): choose another epoch") from error
    return network


def train(
    settings: TrainingSettings,
    material: Material,
    run: RunDirectory,
    interruption: Interruption,
    listener: Listener,
    *,
    resume: bool = False,
) -> int:
    """Train to the last epoch, or to the end of the one in which the user interrupts.

    Every epoch's figures go into history.csv; a checkpoint is saved every `save_every` epochs and after the last.

    Returns:
        The last epoch that was saved.

    """
    training_set = TrainingSet(
        material.train, settings.network.styles, settings.batch_steps, settings.window, settings.seed
    )
    done = run.saved_epochs()[-1] if resume and run.saved_epochs() else 0
    rows: list[Row] = [row for row in run.read_history() if row["epoch"] <= done]
    network = load_network(run, done) if done else new_network(settings, len(training_set.epoch(0)))
    for epoch in range(done + 1, settings.epochs + 1):
        seed_dropout(network, settings.seed, epoch)
        rows.append(_run_epoch(network, training_set, material, epoch, listener.on_batch))
        # Before the checkpoint: a run killed between the two resumes from an older one, and leaves no gap in the rows.
        run.write_history(rows)
        save = epoch % settings.save_every == 0 or epoch == settings.epochs or interruption.asked
        if save:
            write_whole(run.checkpoint(epoch), network.save)
            done = epoch
        listener.on_epoch(rows[-1], save)
        if interruption.asked:
            break
    return done


def seed_dropout(network: StreamNetwork, seed: int, epoch: int) -> None:
    """Settle the dropout of an epoch by seed and epoch alone: checkpoints do not keep the state of its generators."""
    states = [variable for variable in network.variables if variable.path.endswith("seed_generator_state")]
    for index, state in enumerate(states):
        state.assign(np.random.default_rng([seed, epoch, index]).integers(2**31, size=2))


def _run_epoch(
    network: StreamNetwork, training_set: TrainingSet, material: Material, epoch: int, on_batch: OnBatch
) -> Row:
    groups = training_set.epoch(epoch)
    began = time.monotonic()

    def tell(batch: int, logs: object = None) -> None:
        del logs
        on_batch(epoch, batch + 1, len(groups))

    history = network.fit(
        dataset(groups, training_set.styles),
        initial_epoch=epoch - 1,
        epochs=epoch,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=tell)],
    ).history
    seconds = time.monotonic() - began
    trained = {name: float(values[-1]) for name, values in history.items()}
    held_out = evaluate(network, material.validation) if material.validation else {}
    return {
        "epoch": epoch,
        "seconds": round(seconds, 3),
        "notes_per_second": round(sum(sequence.notes for sequence in material.train) / seconds, 1),
        "learning_rate": float(network.optimizer.learning_rate),
        **trained,
        **{f"val_{name}": value for name, value in held_out.items()},
    }
