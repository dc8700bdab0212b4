"""What `lstm-composer train` does: read, train, measure, and say so to a musician."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import tensorflow as tf
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from runtime.errors import CorpusError, InputError
from runtime.music.event_encoding import vocabulary
from runtime.music.notes import Meter
from runtime.system.foreign_files import MEBIBYTE, read_foreign_text
from runtime.system.visible_text import visible
from trainer.article.preset import train_article
from trainer.corpus.corpus import Corpus, read_corpus
from trainer.dataset.dataset import Dataset, build_dataset
from trainer.evaluation import markov_baseline
from trainer.evaluation.epoch_choice import EpochChoice, choose_epoch
from trainer.evaluation.keras_nll import evaluate
from trainer.network.excerpts import SteppedNetwork, controls_of, stepped
from trainer.network.stream_network import StreamNetwork
from trainer.network.trained_network import load_network
from trainer.reports.artifacts import (
    CORPUS_PAGE,
    sample_checkpoint,
    write_animation,
    write_corpus_report,
    write_epoch_choice_plot,
    write_plot,
)
from trainer.reports.corpus_report import report_of
from trainer.reports.report import report
from trainer.reports.tensorboard import FOLDER, TensorBoardWriter
from trainer.runs.run_directory import RunDirectory, write_run_file
from trainer.runs.run_files import ADVICE, METRICS
from trainer.runs.settings import TrainingSettings, with_styles
from trainer.text.console import PlainConsole, described
from trainer.training.early_stopping import early_stop_message, should_stop_early
from trainer.training.fine_tuning import initial_weights, save_initial_weights
from trainer.training.interruption import Interruption
from trainer.training.loop import Row, TrainingCallbacks, read_rollbacks, train

_REFUSALS_SHOWN = 12


def start_training(settings: TrainingSettings, path: Path, *, threads: int | None) -> int:
    """Train a style in a new run directory; returns the exit code.

    Args:
        settings: How.
        path: The run directory, not there yet.
        threads: Processor cores to use, None for all.

    Raises:
        InputError: If a run is there already.
        CorpusError: If the source has no music that can be used.

    """
    run = RunDirectory(path)
    run.check_unused()
    return _run(settings, run, threads, resume=False)


def resume_training(
    settings: TrainingSettings, path: Path, *, last_epoch: int | None, threads: int | None, patience: int | None = None
) -> int:
    """Go on with a run from its last checkpoint; returns the exit code.

    Args:
        settings: Name and source must be those of the run; `tensorboard` may be asked for anew; everything else is
            taken from the run.
        path: The run directory.
        last_epoch: Where to stop, None for where the run would have. The learning rate falls as was planned when the
            run began, and keeps its last value in the epochs added.
        patience: Epochs without a better one after which it ends early, None for as many as it would have.
        threads: Processor cores to use, None for all.

    Raises:
        InputError: If there is no run, it was started with another name or source, or the music has changed since.

    """
    run = RunDirectory(path)
    earlier = run.read_settings()
    _check_whole(run, earlier)
    run.clear_up()
    if earlier.source != settings.source or earlier.name != settings.name:
        raise InputError(
            f"{run.shown} was trained as {earlier.name} on {visible(earlier.source)}, not as {settings.name} on "
            f"{visible(settings.source)}: give the same, or another --run-dir"
        )
    resumed = msgspec.structs.replace(
        earlier,
        epochs=last_epoch or earlier.epochs,
        patience=patience or earlier.patience,
        tensorboard=earlier.tensorboard or settings.tensorboard,
    )
    return _run(resumed, run, threads, resume=True)


def _check_whole(run: RunDirectory, settings: TrainingSettings) -> None:
    """Read whatever the training will need at its end, rather than find out then that it is damaged."""
    run.read_corpus(settings)
    run.read_history()
    run.read_metrics()
    run.read_advice()
    read_rollbacks(run)


def _run(settings: TrainingSettings, run: RunDirectory, threads: int | None, *, resume: bool) -> int:
    console = PlainConsole()
    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    corpus = _read(settings, console)
    if not resume:
        settings = with_styles(settings, corpus.styles)
    material = build_dataset(corpus, settings.seed, settings.style_names, settings.base_styles)
    _describe(material, console)
    with run.claimed():
        if settings.preset != "stream":
            return train_article(settings, run, material, console, resume=resume)
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
        _check_same_music(run, material, settings)
    run.write_json("encoding.json", vocabulary())
    run.write_json("corpus.json", summary)
    run.write_json("config.json", settings)
    if not resume:
        write_corpus_report(run, settings.name, report_of(material.corpus))


def _check_same_music(run: RunDirectory, material: Dataset, settings: TrainingSettings) -> None:
    """Else pieces that the network has been trained on would come into the parts that it is measured on."""
    names = run.read_corpus(settings).names
    if names is not None and names != material.summary()["names"]:
        raise InputError(
            f"the music in {visible(settings.source)} is not what {run.shown} began with: "
            "put it back, or give another --run-dir"
        )


def _read(settings: TrainingSettings, console: Console) -> Corpus:
    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), described())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=None)

        def advance(done: int, total: int, name: str) -> None:
            progress.update(task, completed=done, total=total, description=visible(name))

        return read_corpus(settings.source, on_progress=advance, leave_out_untidy=settings.leave_out_untidy)


def _describe(material: Dataset, console: Console) -> None:
    parts = material.summary()["parts"]
    sizes = ", ".join(f"{part['pieces']} pieces ({part['notes']:,} notes) for {name}" for name, part in parts.items())
    console.print(f"{len(material.corpus.pieces)} pieces read: {sizes}")
    refused = material.corpus.refused
    if refused:
        console.print(f"{len(refused)} left out:")
    for refusal in refused[:_REFUSALS_SHOWN]:
        console.print(f"  {refusal.name}: {refusal.reason}")
    if len(refused) > _REFUSALS_SHOWN:
        console.print(f"  and {len(refused) - _REFUSALS_SHOWN} more: corpus.json names them all")
    if not material.validation:
        console.print("too few different pieces to hold any out: the figures below are those of the training itself")


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
        saved = train(settings, material, run, interruption, callbacks, resume=resume)
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


def give_advice(
    run: RunDirectory, settings: TrainingSettings, material: Dataset, console: Console
) -> EpochChoice | None:
    """Write advice.json and advice.png, and say what they say; None where the pieces are too short to judge by."""
    columns = (TextColumn("listening to the saved epochs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=None)

        def on_checkpoint(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        try:
            advice = choose_epoch(run, material, on_checkpoint)
        except CorpusError as error:
            console.print(f"no advice on the epoch: {error}")
            return None
    run.write_json(ADVICE, advice)
    write_epoch_choice_plot(run, settings.name, advice)
    console.print(advice.sentence)
    return advice


def write_report(run: RunDirectory, name: str, advice: EpochChoice) -> None:
    """Write report.md."""
    sentences = [rollback.sentence for rollback in read_rollbacks(run)]
    music = _corpus_page(run).replace("# ", "## ", 1)
    text = report(name, advice, run.read_metrics().as_dict(), sentences, music, pictures=True)
    write_run_file(run.path / "report.md", lambda part: part.write_text(text, encoding="utf-8"))


def _corpus_page(run: RunDirectory) -> str:
    """corpus.md; nothing where it is missing or damaged: the report can do without."""
    try:
        return read_foreign_text(run.path / CORPUS_PAGE, 4 * MEBIBYTE)
    except InputError:
        return ""


def advise_run(path: Path) -> int:
    """Do `lstm-composer advise`: hear the checkpoints of a run again, and write advice and report anew.

    Raises:
        InputError: If there is no run or checkpoint there, or its music has changed since.
        CorpusError: If its music is gone, or too short to judge by.

    """
    run, console = RunDirectory(path), PlainConsole()
    settings = run.read_settings()
    check_stream(run, settings)
    if not run.saved_epochs():
        raise run.nothing_saved()
    run.read_corpus(settings)
    run.read_history()
    material = material_of(run, settings, console)
    advice = give_advice(run, settings, material, console)
    if advice is None:
        return 2
    write_report(run, settings.name, advice)
    console.print(f"{run.shown}/report.md says why")
    return 0


def check_stream(run: RunDirectory, settings: TrainingSettings) -> None:
    """Check that the gates and figures of note events can be had of a run.

    Raises:
        InputError: If it is of the article's presets.

    """
    if settings.preset != "stream":
        raise InputError(
            f"{run.path} is of preset {settings.preset}, whose tokens have no rhythm to judge: name a run of stream"
        )


def material_of(run: RunDirectory, settings: TrainingSettings, console: Console) -> Dataset:
    """Read the music of a run again and split it as it was.

    Raises:
        InputError: If it is not what the run was trained on.

    """
    corpus = _read(settings, console)
    material = build_dataset(corpus, settings.seed, settings.style_names, settings.base_styles)
    _check_same_music(run, material, settings)
    return material
