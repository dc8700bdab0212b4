"""The training loop of the article's presets: as that of `stream`, but in windows, and at one learning rate.

What the article had not is around the network, not in it: the figures of held-out pieces, whole checkpoints, resumption
and the guard against collapse. Neither gradient clipping nor a decaying rate is added: they would be other networks.
"""

import math
import time
from collections.abc import Mapping
from typing import Any

import keras

from runtime.errors import BundleError, InputError
from runtime.music.token_encoding import ArticleEncoding, SkuldurEncoding, check_encoding
from trainer.article.network import Network, new_network
from trainer.article.windows import TokenMaterial, dataset
from trainer.network.checkpoints import fill_network
from trainer.runs.run_directory import RunDirectory, write_run_file
from trainer.runs.settings import TrainingSettings
from trainer.training.collapse_guard import CollapseGuard
from trainer.training.early_stopping import should_stop_early
from trainer.training.interruption import Interruption
from trainer.training.loop import OnBatch, Row, TrainingCallbacks, go_back, read_rollbacks, seed_dropout
from trainer.training.resuming import last_whole

UNEVEN = 2.0
"""How much worse than blind guessing a first epoch may be: with batch normalisation nothing is guessed evenly."""
MOST_TOKENS = 100_000
MOST_WINDOW = 10_000


def train(
    settings: TrainingSettings,
    material: TokenMaterial,
    run: RunDirectory,
    interruption: Interruption,
    callbacks: TrainingCallbacks,
    *,
    resume: bool = False,
    scale: float = 1.0,
) -> int:
    """Train to the last epoch, or to the end of the one in which the user interrupts.

    Every epoch's figures go into history.csv (`notes_per_second` counts targets); a checkpoint is saved every
    `save_every` epochs and after the last, which patience may bring early. A training that collapses goes back to the
    last good checkpoint with half the learning rate (see collapse_guard.py).

    Args:
        settings: `preset`, `epochs`, `save_every`, `patience`, `seed` and `learning_rate` count.
        material: What to train on.
        run: Where everything goes.
        interruption: Asked after each epoch.
        callbacks: Called as the training goes on.
        resume: Go on from the last checkpoint of the run.
        scale: What the widths of the layers are multiplied by.

    Returns:
        The last epoch that was saved; 0 if the training collapsed again and again before the first.

    """

    def load(epoch: int) -> Network:
        return _loaded(run, epoch, settings, len(material.vocabulary), material.train.length, scale)

    done, loaded = last_whole(run, load, callbacks.on_collapse) if resume else (0, None)
    rows: list[Row] = list(run.history_until(done))
    losses, guessing = [row["loss"] for row in rows], UNEVEN * math.log(len(material.vocabulary))
    guard = CollapseGuard(settings.learning_rate, guessing, losses, read_rollbacks(run))
    network = _with_rate(loaded or _new(settings, material, scale), settings, guard)
    while len(rows) < settings.epochs and not interruption.asked and not should_stop_early(rows, settings.patience):
        epoch = len(rows) + 1
        seed_dropout(network, settings.seed, epoch)
        row = _trained(network, material, settings.seed, epoch, callbacks.on_batch)
        collapse = guard.observe(row["loss"])
        if collapse is not None:
            if guard.exhausted:
                callbacks.on_collapse(guard.final_message(collapse, run.saved_epochs()))
                break
            done = go_back(guard.roll_back(collapse, run.saved_epochs()), guard, run, rows)
            callbacks.on_collapse(guard.rollbacks[-1].sentence)
            network = _with_rate(load(done) if done else _new(settings, material, scale), settings, guard)
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


def load_network(run: RunDirectory, epoch: int) -> Network:
    """Build the network of a run and load a checkpoint into it, its optimizer included.

    Raises:
        DamagedCheckpointError: If the file is damaged, or of another network than the run's files describe.
        InputError: If it cannot be opened, or the run's files cannot be read.
        MissingError: If there is not enough memory.

    """
    settings = run.read_settings()
    encoding = read_encoding(run, settings)
    return _loaded(run, epoch, settings, len(encoding.vocabulary), encoding.window, 1.0)


def _loaded(
    run: RunDirectory, epoch: int, settings: TrainingSettings, classes: int, window: int, scale: float
) -> Network:
    network = new_network(settings.preset, classes, scale=scale, window=window)
    network.optimizer.build(network.trainable_variables)
    fill_network(network, run.checkpoint(epoch))
    return network


def read_encoding(run: RunDirectory, settings: TrainingSettings) -> ArticleEncoding | SkuldurEncoding:
    """Read what the tokens of a run are.

    Raises:
        InputError: If encoding.json is not there, or cannot be understood.

    """
    name = "encoding.json"
    encoding: ArticleEncoding | SkuldurEncoding | None
    if settings.preset == "article":
        encoding = run.read_as(name, ArticleEncoding)
    else:
        encoding = run.read_as(name, SkuldurEncoding)
    if encoding is None:
        raise InputError(f"{run.path} has no {name}: put back a copy of it, or train again")
    if len(encoding.vocabulary) > MOST_TOKENS or encoding.window > MOST_WINDOW:
        raise InputError(f"{run.path / name} has more tokens than music has: put back a copy of it")
    try:
        check_encoding(encoding, run.path.name)
    except BundleError as error:
        raise InputError(f"{run.path / name} cannot be read ({error}): put back a copy of it") from error
    return encoding


def _new(settings: TrainingSettings, material: TokenMaterial, scale: float) -> Network:
    keras.utils.set_random_seed(settings.seed)
    return new_network(settings.preset, len(material.vocabulary), scale=scale, window=material.train.length)


def _with_rate(network: Network, settings: TrainingSettings, guard: CollapseGuard) -> Network:
    network.optimizer.learning_rate = settings.learning_rate * guard.scale
    return network


def _trained(network: Network, material: TokenMaterial, seed: int, epoch: int, on_batch: OnBatch) -> Row:
    """Train one epoch; its figures on the training part."""
    windows = dataset(material.train, material.train.order(seed, epoch))
    batches = int(windows.cardinality())
    began = time.monotonic()

    def tell(batch: int, logs: Mapping[str, float] | None = None) -> None:
        on_batch(epoch, batch + 1, batches)
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            network.stop_training = True

    history: dict[str, list[Any]] = network.fit(
        windows,
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
        "notes_per_second": round(len(material.train) / seconds, 1),
        "learning_rate": float(network.optimizer.learning_rate),
        **{name: float(values[-1]) for name, values in history.items()},
    }


def _held_out(network: Network, material: TokenMaterial) -> Row:
    if not len(material.validation):
        return {}
    found = network.evaluate(dataset(material.validation), verbose=0, return_dict=True)
    return {f"val_{name}": float(value) for name, value in found.items()}
