"""The training loop, one for all presets: epoch after epoch, a checkpoint every so often, resumed without loss."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from lstm_composer.trainer.runs.run_directory import RunDirectory, write_run_file
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.training.collapse_guard import CollapseGuard, Rollback, Rollbacks
from lstm_composer.trainer.training.early_stopping import has_ended
from lstm_composer.trainer.training.interruption import Interruption
from lstm_composer.trainer.training.resuming import last_whole

ROLLBACKS = "rollbacks.json"
"""The file of a run that keeps what the guard did."""

Network = Any
"""A compiled `keras.Model`; Keras ships no types."""
Row = Mapping[str, float]
OnBatch = Callable[[int, int, int], None]
"""Told after each batch: the epoch, the batch and the batches in the epoch, all counted from 1."""
OnEpoch = Callable[[Network, Sequence[Row], bool], None]
"""Told after each epoch: the network, the history up to it, and whether a checkpoint was saved."""
OnCollapse = Callable[[str], None]
"""Told in a sentence when the training has collapsed, and what is done about it."""


class Learner(Protocol):
    """What a preset gives the loop: its network and its music."""

    @property
    def guessing_nll(self) -> float:
        """Nats a note, or a token, that an untrained network may have at the most; more is a collapse."""

    @property
    def targets(self) -> int:
        """Notes, or tokens, that are learned from in an epoch."""

    def new(self) -> Network:
        """Make the network as it is before the first epoch."""

    def load(self, epoch: int) -> Network:
        """Load a checkpoint of the run, its optimizer included.

        Raises:
            DamagedCheckpointError: If the file is damaged, or of another network than the run's files describe.

        """

    def scale_rate(self, network: Network, scale: float) -> None:
        """Set the learning rate of a network that has not been trained since it was made or loaded."""

    def epoch(self, number: int) -> tuple[tf.data.Dataset, int]:
        """Return what is learned from in an epoch, counted from 1, and in how many batches."""

    def held_out(self, network: Network) -> Row:
        """Measure a network on the pieces that are held out; empty where none are."""


def _no_batch(_epoch: int, _batch: int, _batches: int) -> None: ...


def _no_epoch(_network: Network, _rows: Sequence[Row], _saved: bool) -> None: ...  # noqa: FBT001 - a callback


def _no_collapse(_sentence: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TrainingCallbacks:
    """Functions that the training loop calls as it goes on."""

    on_batch: OnBatch = field(default=_no_batch)
    on_epoch: OnEpoch = field(default=_no_epoch)
    on_collapse: OnCollapse = field(default=_no_collapse)


def train(
    learner: Learner,
    settings: TrainingSettings,
    run: RunDirectory,
    interruption: Interruption,
    callbacks: TrainingCallbacks,
    *,
    resume: bool = False,
) -> int:
    """Train to the last epoch, or to the end of the one in which the user interrupts; returns the last that was saved.

    Every epoch's figures go into history.csv (`notes_per_second` counts targets); there are checkpoints every
    `save_every` epochs and after the last. A training that collapses goes back to the last good one with half the
    learning rate (see collapse_guard.py); one that collapses again and again before the first returns 0.

    Args:
        learner: What is trained, and on what.
        settings: `epochs`, `save_every`, `patience`, `minutes`, `seed` and `learning_rate` count here.
        run: Where everything goes.
        interruption: Asked after each epoch.
        callbacks: Called as the training goes on.
        resume: Go on from the last checkpoint of the run.

    """
    done, loaded = last_whole(run, learner.load, callbacks.on_collapse) if resume else (0, None)
    rows: list[Row] = list(run.history_until(done))
    losses = [row["loss"] for row in rows]
    guard = CollapseGuard(settings.learning_rate, learner.guessing_nll, losses, read_rollbacks(run))
    network = _at_rate(guard.scale, loaded or learner.new(), learner)
    while not interruption.asked and not has_ended(rows, settings):
        epoch = len(rows) + 1
        seed_dropout(network, settings.seed, epoch)
        row = _trained(learner, network, epoch, callbacks.on_batch)
        collapse = guard.observe(row["loss"])
        if collapse is not None:
            if guard.exhausted:
                callbacks.on_collapse(guard.final_message(collapse, run.saved_epochs()))
                break
            done = _go_back(guard.roll_back(collapse, run.saved_epochs()), guard, run, rows)
            callbacks.on_collapse(guard.rollbacks[-1].sentence)
            network = _at_rate(guard.scale, learner.load(done) if done else learner.new(), learner)
            continue
        rows.append({**row, **learner.held_out(network)})
        # Before the checkpoint: a run killed between the two resumes from an older one, and leaves no gap in the rows.
        run.write_history(rows)
        if save := _is_checkpoint_due(rows, settings) or interruption.asked:
            write_run_file(run.checkpoint(epoch), network.save)
            done = epoch
        callbacks.on_epoch(network, rows, save)
    return done


def _at_rate(scale: float, network: Network, learner: Learner) -> Network:
    learner.scale_rate(network, scale)
    return network


def _is_checkpoint_due(rows: Sequence[Row], settings: TrainingSettings) -> bool:
    """Whether a checkpoint is saved now: every so often, and after the last epoch, which may come early."""
    return has_ended(rows, settings) or len(rows) % settings.save_every == 0


def read_rollbacks(run: RunDirectory) -> list[Rollback]:
    """What the guard did in a run so far.

    Raises:
        InputError: If rollbacks.json cannot be understood.

    """
    kept = run.read_as(ROLLBACKS, Rollbacks, cure="delete it, and the learning rate is the first again")
    return list(kept.rollbacks) if kept else []


def _go_back(rollback: Rollback, guard: CollapseGuard, run: RunDirectory, rows: list[Row]) -> int:
    """Forget everything after the epoch that the guard goes back to, and return that epoch.

    The checkpoints go first: a run that is killed meanwhile resumes from an older one and collapses again, but never
    goes on from a bad one.
    """
    for epoch in reversed(run.saved_epochs()):
        if rollback.back_to < epoch <= len(rows):
            run.checkpoint(epoch).unlink()
    run.write_json(ROLLBACKS, guard.to_dict())
    del rows[rollback.back_to :]
    run.write_history(rows)
    return rollback.back_to


def seed_dropout(network: Network, seed: int, epoch: int) -> None:
    """Settle the dropout of an epoch by seed and epoch alone: checkpoints do not keep the state of its generators."""
    states = [variable for variable in network.variables if variable.path.endswith("seed_generator_state")]
    for index, state in enumerate(states):
        state.assign(np.random.default_rng([seed, epoch, index]).integers(2**31, size=2))


def _trained(learner: Learner, network: Network, epoch: int, on_batch: OnBatch) -> Row:
    """Train one epoch; its figures on the training part."""
    served, batches = learner.epoch(epoch)
    began = time.monotonic()

    def tell(batch: int, logs: Mapping[str, float] | None = None) -> None:
        on_batch(epoch, batch + 1, batches)
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            network.stop_training = True

    history: dict[str, list[Any]] = network.fit(
        served,
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
        "notes_per_second": round(learner.targets / seconds, 1),
        "learning_rate": float(network.optimizer.learning_rate),
        **{name: float(values[-1]) for name, values in history.items()},
    }
