"""What `lstm-composer train` does with preset `stream`: train, measure, choose an epoch, and say so to a musician."""

import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from runtime.music.event_encoding import vocabulary
from runtime.music.notes import Meter
from trainer.commands.advise import give_advice, write_report
from trainer.commands.music import check_same_music
from trainer.dataset.dataset import Dataset
from trainer.evaluation import markov_baseline
from trainer.evaluation.keras_nll import evaluate
from trainer.network.excerpts import SteppedNetwork, controls_of, stepped
from trainer.network.stream_network import StreamNetwork
from trainer.network.trained_network import load_network
from trainer.reports.artifacts import sample_checkpoint, write_animation, write_corpus_report, write_plot
from trainer.reports.corpus_report import report_of
from trainer.reports.tensorboard import FOLDER, TensorBoardWriter
from trainer.runs.run_directory import RunDirectory
from trainer.runs.run_files import METRICS
from trainer.runs.settings import TrainingSettings
from trainer.text.console import described
from trainer.training.early_stopping import early_stop_message, should_stop_early
from trainer.training.fine_tuning import initial_weights, save_initial_weights
from trainer.training.interruption import Interruption
from trainer.training.loop import Row, TrainingCallbacks, read_rollbacks, train
from trainer.training.stream_learner import StreamLearner


def train_stream(
    settings: TrainingSettings, run: RunDirectory, material: Dataset, console: Console, *, resume: bool
) -> int:
    """Train a network of preset `stream`; returns the exit code.

    Raises:
        InputError: If the music of a run that is resumed has changed, or its base is damaged.

    """
    _open(run, settings, material, resume=resume)
    began = time.monotonic()
    saved = _train(settings, material, run, console, resume=resume)
    if saved:
        # Who has interrupted a training does not want to wait until all of it has been listened to.
        complete = saved == settings.epochs or should_stop_early(run.read_history(), settings.patience)
        _conclude(run, settings, material, time.monotonic() - began, console, complete=complete)
    return 0


def _open(run: RunDirectory, settings: TrainingSettings, material: Dataset, *, resume: bool) -> None:
    """Write what the run is about; of a resumed run, only its last epoch may have changed."""
    summary = material.summary()
    if not resume:
        weights = initial_weights(settings)  # before the folder is made: a base may turn out to be damaged
        run.create()
        save_initial_weights(run, weights)
    else:
        check_same_music(run, material, settings)
    run.write_json("encoding.json", vocabulary())
    run.write_json("corpus.json", summary)
    run.write_json("config.json", settings)
    if not resume:
        write_corpus_report(run, settings.name, report_of(material.corpus))


def _train(
    settings: TrainingSettings,
    material: Dataset,
    run: RunDirectory,
    console: Console,
    *,
    resume: bool,
) -> int:
    columns = (
        TextColumn("epoch {task.completed:.0f} of {task.total}"),
        BarColumn(),
        TimeRemainingColumn(),
        described(),
    )
    with (
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
        Interruption() as interruption,
    ):
        task = progress.add_task("starting", total=settings.epochs)
        callbacks = _callbacks(settings, material, run, progress, task)
        learner = StreamLearner(settings, material, run)
        saved = train(learner, settings, run, interruption, callbacks, resume=resume)
    if interruption.asked and saved < settings.epochs:
        console.print(
            f"stopped after epoch {saved}; the same command with --resume goes on from there, and "
            f"lstm-composer advise {run.shown} says which epoch to take so far"
        )
    elif early := early_stop_message(run.read_history(), settings.patience, settings.epochs):
        console.print(early)
    return saved


def _callbacks(
    settings: TrainingSettings, material: Dataset, run: RunDirectory, progress: Progress, task: TaskID
) -> TrainingCallbacks:
    summary = material.summary()
    style = len(settings.base_styles)
    keys = tuple(card.keys for card in material.styles)
    controls = controls_of(settings.network.styles, style, meter=Meter.parse(summary["meter"]), style_keys=keys)
    events = TensorBoardWriter(run.path / FOLDER) if settings.tensorboard else None
    players: dict[int, SteppedNetwork] = {}  # one is compiled for each network: another comes only after a collapse

    def on_batch(epoch: int, batch: int, batches: int) -> None:
        progress.update(task, completed=epoch - 1 + batch / batches)

    def on_epoch(network: StreamNetwork, rows: Sequence[Row], saved: bool) -> None:  # noqa: FBT001 - a callback
        progress.update(task, completed=rows[-1]["epoch"], description=_figures(rows[-1]))
        if events:
            events.write(rows)
        if saved:
            epoch = int(rows[-1]["epoch"])
            write_plot(run, rows, name=settings.name, epochs=settings.epochs, rollbacks=read_rollbacks(run))
            player = players.setdefault(id(network), stepped(network))
            sample_checkpoint(run, player, epoch, name=settings.name, tempo_bpm=summary["tempo_bpm"], controls=controls)
            progress.console.print(f"epoch {epoch} saved: {_figures(rows[-1])}")

    def on_collapse(sentence: str) -> None:
        progress.console.print(sentence)

    return TrainingCallbacks(on_batch, on_epoch, on_collapse)


def _figures(row: Row) -> str:
    held_out = f", {row['val_loss']:.3f} held out" if "val_loss" in row else ""
    return f"{row['loss']:.3f} nats a note in training{held_out}, {row['notes_per_second']:,.0f} notes/s"


def _conclude(
    run: RunDirectory,
    settings: TrainingSettings,
    material: Dataset,
    seconds: float,
    console: Console,
    *,
    complete: bool,
) -> None:
    """Choose an epoch, measure it on the test part beside the Markov model, and write the report."""
    write_animation(run)
    advice = give_advice(run, settings, material, console) if complete else None
    epoch = run.best_epoch()
    metrics = _measure(run, material, epoch, seconds)
    test, baseline = metrics["test"]["loss"], metrics["markov_order_3"]["loss"]
    heard = "on pieces it has never heard" if material.test or material.validation else "on the pieces it learned"
    console.print(
        f"epoch {epoch} has {test:.3f} nats a note {heard}; "
        f"a Markov model of order 3 has {baseline:.3f} (the network is {metrics['below_markov']:.0%} below)"
    )
    console.print(f"next: composer-export --run {run.shown} --epoch {epoch}")
    if advice:
        write_report(run, settings.name, advice)


def _measure(run: RunDirectory, material: Dataset, epoch: int, seconds: float) -> dict[str, Any]:
    held_out = material.test or material.validation or material.train
    found = evaluate(load_network(run, epoch), held_out)
    baseline = markov_baseline.nll_per_note(markov_baseline.fit(material.train), held_out)
    metrics: dict[str, Any] = {
        "best_epoch": epoch,
        "measured_on": "test" if material.test else "validation" if material.validation else "train",
        "test": found,
        "markov_order_3": baseline,
        "below_markov": 1 - found["loss"] / baseline["loss"],
        "training_seconds": round(run.read_metrics().training_seconds + seconds, 1),
    }
    run.write_json(METRICS, metrics)
    return metrics
