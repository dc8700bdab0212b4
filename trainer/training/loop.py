"""The training loop: epoch after epoch, a checkpoint every so often, stopped and resumed without loss."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import keras
import numpy as np

from runtime.music.event_encoding import DELTA_CLASSES, DURATION_CLASSES, PITCHES, VELOCITY_BINS
from trainer.dataset.batches import TrainingSet, dataset
from trainer.dataset.dataset import Dataset
from trainer.evaluation.keras_nll import evaluate
from trainer.network.devices import make_ready, shared_by_all_gpus
from trainer.network.stream_network import StreamNetwork
from trainer.network.trained_network import compiled, load_network
from trainer.runs.run_directory import RunDirectory, write_run_file
from trainer.runs.settings import TrainingSettings
from trainer.training.collapse_guard import CollapseGuard, Rollback, Rollbacks
from trainer.training.early_stopping import should_stop_early
from trainer.training.fine_tuning import load_weights, read_initial_weights
from trainer.training.interruption import Interruption
from trainer.training.resuming import last_whole

FINAL_RATE = 0.02
"""Share of the learning rate that is left in the last epoch."""
ROLLBACKS = "rollbacks.json"
"""The file of a run that keeps what the guard did."""
GUESSING_NLL = sum(map(math.log, (DELTA_CLASSES, PITCHES, DURATION_CLASSES, VELOCITY_BINS)))
"""Nats a note of a network that knows nothing."""

Row = Mapping[str, float]
OnBatch = Callable[[int, int, int], None]
"""Told after each batch: the epoch, the batch and the batches in the epoch, all counted from 1."""
OnEpoch = Callable[[StreamNetwork, Sequence[Row], bool], None]
"""Told after each epoch: the network, the history up to it, and whether a checkpoint was saved."""
OnCollapse = Callable[[str], None]
"""Told in a sentence when the training has collapsed, and what is done about it."""


def _no_batch(_epoch: int, _batch: int, _batches: int) -> None: ...


def _no_epoch(_network: StreamNetwork, _rows: Sequence[Row], _saved: bool) -> None: ...  # noqa: FBT001 - a callback


def _no_collapse(_sentence: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TrainingCallbacks:
    """Functions that the training loop calls as it goes on."""

    on_batch: OnBatch = field(default=_no_batch)
    on_epoch: OnEpoch = field(default=_no_epoch)
    on_collapse: OnCollapse = field(default=_no_collapse)


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


def train(
    settings: TrainingSettings,
    material: Dataset,
    run: RunDirectory,
    interruption: Interruption,
    callbacks: TrainingCallbacks,
    *,
    resume: bool = False,
) -> int:
    """Train to the last epoch, or to the end of the one in which the user interrupts.

    Every epoch's figures go into history.csv; a checkpoint is saved every `save_every` epochs and after the last. A
    training that collapses goes back to the last good checkpoint with half the learning rate (see collapse_guard.py).

    Returns:
        The last epoch that was saved; 0 if the training collapsed again and again before the first.

    """
    training_set = TrainingSet(
        sequences=material.train,
        styles=settings.network.styles,
        batch_steps=settings.batch_steps,
        window=settings.window,
        seed=settings.seed,
        transpose=settings.transpose,
        own_keys_from=settings.epochs - settings.own_keys_last + 1,
    )

    def load(epoch: int) -> StreamNetwork:
        return load_network(run, epoch, settings)

    done, loaded = last_whole(run, load, callbacks.on_collapse) if resume else (0, None)
    rows: list[Row] = list(run.history_until(done))
    losses = [row["loss"] for row in rows]
    guard = CollapseGuard(settings.learning_rate, GUESSING_NLL, losses, read_rollbacks(run))
    updates = len(training_set.epoch(0))
    network = _network_at(run, done, settings, updates, guard.scale, loaded)
    while len(rows) < settings.epochs and not interruption.asked and not should_stop_early(rows, settings.patience):
        epoch = len(rows) + 1
        seed_dropout(network, settings.seed, epoch)
        row = _trained(network, training_set, epoch, callbacks.on_batch)
        collapse = guard.observe(row["loss"])
        if collapse is not None:
            if guard.exhausted:
                callbacks.on_collapse(guard.final_message(collapse, run.saved_epochs()))
                break
            done = go_back(guard.roll_back(collapse, run.saved_epochs()), guard, run, rows)
            callbacks.on_collapse(guard.rollbacks[-1].sentence)
            network = _network_at(run, done, settings, updates, guard.scale)
            continue
        rows.append({**row, **_held_out(network, material)})
        # Before the checkpoint: a run killed between the two resumes from an older one, and leaves no gap in the rows.
        run.write_history(rows)
        save = epoch % settings.save_every == 0 or epoch == settings.epochs or interruption.asked
        save = save or should_stop_early(rows, settings.patience)
        if save:
            write_run_file(run.checkpoint(epoch), network.save)
            done = epoch
        callbacks.on_epoch(network, rows, save)
    return done


def read_rollbacks(run: RunDirectory) -> list[Rollback]:
    """What the guard did in a run so far.

    Raises:
        InputError: If rollbacks.json cannot be understood.

    """
    kept = run.read_as(ROLLBACKS, Rollbacks, cure="delete it, and the learning rate is the first again")
    return list(kept.rollbacks) if kept else []


def _network_at(
    run: RunDirectory,
    epoch: int,
    settings: TrainingSettings,
    updates_per_epoch: int,
    scale: float,
    loaded: StreamNetwork | None = None,
) -> StreamNetwork:
    """The network as it was saved after an epoch, 0 for a new one, its learning rate scaled."""
    network = loaded or (load_network(run, epoch, settings) if epoch else new_network(settings, updates_per_epoch))
    if settings.base and not epoch:
        network.build_from_config({})
        load_weights(network, read_initial_weights(run))
    # A new schedule reaches only a network that has not been trained since it was loaded: its step is traced once.
    schedule = keras.optimizers.schedules.deserialize(network.optimizer.get_config()["learning_rate"])
    network.optimizer.learning_rate = type(schedule).from_config(
        {**schedule.get_config(), "warmup_target": settings.learning_rate * scale}
    )
    return network


def go_back(rollback: Rollback, guard: CollapseGuard, run: RunDirectory, rows: list[Row]) -> int:
    """Forget everything after the epoch that the guard goes back to, and return that epoch.

    The checkpoints go first: a run that is killed meanwhile resumes from an older one and collapses again, but never
    goes on from a bad one.
    """
    for epoch in reversed(run.saved_epochs()):
        if epoch > rollback.back_to:
            run.checkpoint(epoch).unlink()
    run.write_json(ROLLBACKS, guard.to_dict())
    del rows[rollback.back_to :]
    run.write_history(rows)
    return rollback.back_to


def seed_dropout(network: StreamNetwork, seed: int, epoch: int) -> None:
    """Settle the dropout of an epoch by seed and epoch alone: checkpoints do not keep the state of its generators."""
    states = [variable for variable in network.variables if variable.path.endswith("seed_generator_state")]
    for index, state in enumerate(states):
        state.assign(np.random.default_rng([seed, epoch, index]).integers(2**31, size=2))


def _trained(network: StreamNetwork, training_set: TrainingSet, epoch: int, on_batch: OnBatch) -> Row:
    """Train one epoch; its figures on the training part."""
    groups = training_set.epoch(epoch)
    began = time.monotonic()

    def tell(batch: int, logs: Mapping[str, float] | None = None) -> None:
        on_batch(epoch, batch + 1, len(groups))
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            network.stop_training = True

    history = network.fit(
        dataset(groups, training_set.styles),
        initial_epoch=epoch - 1,
        epochs=epoch,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=tell)],
    ).history
    seconds = time.monotonic() - began
    return {
        "epoch": epoch,
        "seconds": round(seconds, 3),
        "notes_per_second": round(sum(sequence.notes for sequence in training_set.sequences) / seconds, 1),
        "learning_rate": float(network.optimizer.learning_rate),
        **{name: float(values[-1]) for name, values in history.items()},
    }


def _held_out(network: StreamNetwork, material: Dataset) -> Row:
    found = evaluate(network, material.validation) if material.validation else {}
    return {f"val_{name}": value for name, value in found.items()}
