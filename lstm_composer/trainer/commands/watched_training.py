"""A training as a musician sees it: a bar in the terminal, and with each checkpoint a plot and a sample."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lstm_composer.trainer.reports.artifacts import write_plot
from lstm_composer.trainer.reports.tensorboard import FOLDER, TensorBoardWriter
from lstm_composer.trainer.runs.progress import ProgressFile
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import PRESETS, Preset, TrainingSettings
from lstm_composer.trainer.text.console import described
from lstm_composer.trainer.training.early_stopping import early_end_message
from lstm_composer.trainer.training.interruption import Interruption
from lstm_composer.trainer.training.loop import Learner, Network, Row, TrainingCallbacks, read_rollbacks, train


@dataclass(frozen=True, slots=True)
class Watchers:
    """Where it is seen what a training does: the terminal, and the file for programs."""

    console: Console
    progress: ProgressFile


WriteSample = Callable[[Network, int], None]
"""Writes what the network of an epoch plays into its run."""


def train_watched(
    learner: Learner,
    settings: TrainingSettings,
    run: RunDirectory,
    watchers: Watchers,
    write_sample: WriteSample,
    *,
    resume: bool,
) -> int:
    """Train to the end, or until the user interrupts, and say so; returns the last epoch with a checkpoint, 0 if none.

    Args:
        learner: What is trained, and on what.
        settings: Of the run.
        run: Where everything goes.
        watchers: Where the bar is, and a line for each checkpoint.
        write_sample: Called for each checkpoint.
        resume: Whether the run goes on from its last checkpoint.

    Raises:
        InputError: If the history of a run that is resumed cannot be read.

    """
    console = watchers.console
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
        callbacks = _callbacks(settings, run, progress, watchers.progress, write_sample)
        saved = train(learner, settings, run, interruption, callbacks, resume=resume)
    if interruption.asked and saved < settings.epochs:
        advice = _advice(settings, run)
        console.print(f"stopped after epoch {saved}; the same command with --resume goes on from there{advice}")
    elif early := early_end_message(run.read_history(), settings):
        console.print(early)
    return saved


def _advice(settings: TrainingSettings, run: RunDirectory) -> str:
    if not PRESETS[settings.preset].is_judged:
        return ""
    return f", and lstm-composer advise {run.shown} says which epoch to take so far"


def _callbacks(
    settings: TrainingSettings, run: RunDirectory, bar: Progress, progress: ProgressFile, write_sample: WriteSample
) -> TrainingCallbacks:
    preset = PRESETS[settings.preset]
    task = bar.add_task("starting", total=settings.epochs)
    progress.tell("training", line="starting", total=settings.epochs)
    events = TensorBoardWriter(run.path / FOLDER) if settings.tensorboard else None

    def on_batch(epoch: int, batch: int, batches: int) -> None:
        done = epoch - 1 + batch / batches
        bar.update(task, completed=done)
        progress.tell("training", done=round(done, 3))

    def on_epoch(network: Network, rows: Sequence[Row], saved: bool) -> None:  # noqa: FBT001 - a callback
        epoch, figures = int(rows[-1]["epoch"]), _figures(rows[-1], preset)
        bar.update(task, completed=epoch, description=figures)
        progress.tell("training", done=epoch, line=figures)
        if events:
            events.write(rows)
        if saved:
            rollbacks = read_rollbacks(run)
            write_plot(run, rows, name=settings.name, epochs=settings.epochs, rollbacks=rollbacks, unit=preset.unit)
            write_sample(network, epoch)
            bar.console.print(f"epoch {epoch} saved: {figures}")

    def on_collapse(sentence: str) -> None:
        bar.console.print(sentence)
        progress.tell("training", line=sentence)

    return TrainingCallbacks(on_batch, on_epoch, on_collapse)


def _figures(row: Row, preset: Preset) -> str:
    held_out = f", {row['val_loss']:.3f} held out" if "val_loss" in row else ""
    speed = f"{row['notes_per_second']:,.0f} {preset.targets}/s"
    return f"{row['loss']:.3f} nats a {preset.unit} in training{held_out}, {speed}"
