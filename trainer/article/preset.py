"""What `lstm-composer train --preset article|skuldur` does: pieces as tokens, the article's way, into the same run."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from runtime.errors import InputError
from runtime.music.notes import Meter
from runtime.music.token_encoding import TokenControls, TokenEncoding, pitches_of
from runtime.system.foreign_files import MEBIBYTE
from runtime.system.visible_text import visible
from trainer.article.learner import TokenLearner, load_network
from trainer.article.network import lstm_kernel_report, lstm_layers
from trainer.article.sampling import make_token_excerpts, runner_of
from trainer.article.tokens import TokenCorpus, read_tokens
from trainer.article.windows import TokenMaterial, encoding_of, lay_out
from trainer.corpus.corpus import find_files, is_benchmark
from trainer.dataset.dataset import Dataset
from trainer.network.excerpts import MIN_P, TEMPERATURE
from trainer.reports.artifacts import SAMPLE_NOTES, SAMPLE_SEED, write_animation, write_plot, write_sample
from trainer.reports.tensorboard import FOLDER, TensorBoardWriter
from trainer.runs.run_directory import RunDirectory
from trainer.runs.settings import TrainingSettings
from trainer.training.early_stopping import early_stop_message
from trainer.training.interruption import Interruption
from trainer.training.loop import Row, TrainingCallbacks, read_rollbacks, train

TOKENS = "tokens.json"
"""The tokens as they were read: music21 takes its time, and a resumed run goes on with the same."""
MOST_TOKEN_BYTES = 64 * MEBIBYTE
_READ_ANEW = "delete it, and --resume reads the music anew"


def train_article(
    settings: TrainingSettings, run: RunDirectory, material: Dataset, console: Console, *, resume: bool
) -> int:
    """Train one of the article's networks on the pieces of `material`, split as they are; returns the exit code.

    Raises:
        InputError: If the source is no music that music21 can be given.
        CorpusError: If nothing can be read, or the training part is shorter than a window.

    """
    tokens = _tokens(settings, run, console, resume=resume)
    laid_out = lay_out(tokens, material.split)
    encoding = encoding_of(laid_out, settings.preset)
    if not resume:
        run.create()
    for name, content in (
        ("encoding.json", encoding), ("corpus.json", material.summary()), (TOKENS, tokens), ("config.json", settings),
    ):  # fmt: skip
        run.write_json(name, content)
    console.print(
        f"{len(laid_out.train):,} windows of {encoding.window} tokens to train on, {len(laid_out.validation):,} held "
        f"out, {len(laid_out.vocabulary)} different notes and chords"
    )
    saved = _train(settings, run, laid_out, encoding, material, console, resume=resume)
    if saved:
        _conclude(run, saved, console)
    return 0


def _tokens(settings: TrainingSettings, run: RunDirectory, console: Console, *, resume: bool) -> TokenCorpus:
    kept = run.read_as(TOKENS, TokenCorpus, cure=_READ_ANEW, most_bytes=MOST_TOKEN_BYTES) if resume else None
    if kept:
        _check_tokens(kept, run.path / TOKENS)
        return kept
    if is_benchmark(settings.source):
        raise InputError(
            f"{visible(settings.source)}: --preset {settings.preset} reads files of music; use --preset stream"
        )
    columns = (TextColumn("reading with music21"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=None)

        def advance(done: int, total: int, _name: str) -> None:
            progress.update(task, completed=done, total=total)

        found = find_files(settings.source)
        corpus = read_tokens(found.files, settings.source, on_progress=advance)
    return replace(corpus, refused=(*corpus.refused, *found.refused))


def _check_tokens(corpus: TokenCorpus, path: Path) -> None:
    for token in {token for piece in corpus.pieces for token in piece.tokens}:
        try:
            pitches_of(token)
        except ValueError as error:
            raise InputError(f"{path} cannot be read ({error}): {_READ_ANEW}") from error


def _train(
    settings: TrainingSettings,
    run: RunDirectory,
    tokens: TokenMaterial,
    encoding: TokenEncoding,
    material: Dataset,
    console: Console,
    *,
    resume: bool,
) -> int:
    columns = (TextColumn("epoch {task.completed:.0f} of {task.total}"), BarColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
        Interruption() as interruption,
    ):
        task = progress.add_task("", total=settings.epochs)
        callbacks = _callbacks(settings, run, encoding, material, progress, task)
        learner = TokenLearner(settings, tokens, run)
        saved = train(learner, settings, run, interruption, callbacks, resume=resume)
    if interruption.asked and saved < settings.epochs:
        console.print(f"stopped after epoch {saved}; the same command with --resume goes on from there")
    elif early := early_stop_message(run.read_history(), settings.patience, settings.epochs):
        console.print(early)
    return saved


def _callbacks(
    settings: TrainingSettings,
    run: RunDirectory,
    encoding: TokenEncoding,
    material: Dataset,
    progress: Progress,
    task: TaskID,
) -> TrainingCallbacks:
    summary = material.summary()
    tempo_bpm, meter = summary["tempo_bpm"], Meter.parse(summary["meter"])
    controls = TokenControls(TEMPERATURE[1], MIN_P)
    events = TensorBoardWriter(run.path / FOLDER) if settings.tensorboard else None

    def on_batch(epoch: int, batch: int, batches: int) -> None:
        progress.update(task, completed=epoch - 1 + batch / batches)

    def on_epoch(network: Any, rows: Sequence[Row], saved: bool) -> None:  # noqa: FBT001 - a callback
        row, epoch = rows[-1], int(rows[-1]["epoch"])
        progress.update(task, completed=epoch)
        if events:
            events.write(rows)
        if not saved:
            return
        rollbacks = read_rollbacks(run)
        write_plot(run, rows, name=settings.name, epochs=settings.epochs, rollbacks=rollbacks, unit="token")
        music = make_token_excerpts(runner_of(network), encoding, [SAMPLE_SEED], SAMPLE_NOTES, controls)[0]
        write_sample(run, epoch, music, name=settings.name, tempo_bpm=tempo_bpm, meter=meter)
        held_out = f", {row['val_loss']:.3f} held out" if "val_loss" in row else ""
        progress.console.print(
            f"epoch {epoch} saved: {row['loss']:.3f} nats a token in training{held_out}, "
            f"{row['notes_per_second']:,.0f} targets/s"
        )

    return TrainingCallbacks(on_batch, on_epoch, progress.console.print)


def _conclude(run: RunDirectory, saved: int, console: Console) -> None:
    write_animation(run)
    network, epoch = load_network(run, saved), run.best_epoch()
    row = next(row for row in run.read_history() if row["epoch"] == epoch)
    report = lstm_kernel_report(network)
    figures = {name: value for name, value in row.items() if name != "epoch"}
    run.write_json("metrics.json", {"best_epoch": epoch, "lstm_kernel": report, "at_best_epoch": figures})
    console.print(f"{len(lstm_layers(network))} LSTM layers. {report}")
    console.print(f"best saved epoch: {epoch}, {row.get('val_loss', row['loss']):.3f} nats a token")
    console.print(f"next: composer-export --run {run.shown} --epoch {epoch}")
