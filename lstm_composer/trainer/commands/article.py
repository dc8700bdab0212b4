"""What `lstm-composer train --preset article|skuldur` does: pieces as tokens, the article's way, into the same run."""

from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.music.token_encoding import TokenControls, TokenEncoding, pitches_of
from lstm_composer.runtime.system.foreign_files import MEBIBYTE
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.article.learner import TokenLearner, load_network
from lstm_composer.trainer.article.network import Network, lstm_kernel_report, lstm_layers
from lstm_composer.trainer.article.sampling import make_token_excerpts, runner_of
from lstm_composer.trainer.article.tokens import TokenCorpus, read_tokens
from lstm_composer.trainer.article.windows import encoding_of, lay_out
from lstm_composer.trainer.commands.watched_training import Watchers, WriteSample, train_watched
from lstm_composer.trainer.corpus.corpus import find_files, is_benchmark
from lstm_composer.trainer.dataset.dataset import Dataset
from lstm_composer.trainer.network.excerpts import MIN_P, TEMPERATURE
from lstm_composer.trainer.reports.artifacts import SAMPLE_NOTES, SAMPLE_SEED, write_animation, write_sample
from lstm_composer.trainer.runs.progress import ProgressFile
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.training.early_stopping import has_ended

TOKENS = "tokens.json"
"""The tokens as they were read: music21 takes its time, and a resumed run goes on with the same."""
MOST_TOKEN_BYTES = 64 * MEBIBYTE
_READ_ANEW = "delete it, and --resume reads the music anew"


def train_article(
    settings: TrainingSettings,
    run: RunDirectory,
    material: Dataset,
    console: Console,
    progress: ProgressFile,
    *,
    resume: bool,
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
    learner, sample = TokenLearner(settings, laid_out, run), _sampler(run, encoding, material, settings.name)
    saved = train_watched(learner, settings, run, Watchers(console, progress), sample, resume=resume)
    if saved:
        line = _conclude(run, saved, console)
        progress.tell("done" if has_ended(run.read_history(), settings) else "stopped", line=line)
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


def _sampler(run: RunDirectory, encoding: TokenEncoding, material: Dataset, name: str) -> WriteSample:
    summary = material.summary()
    tempo_bpm, meter = summary["tempo_bpm"], Meter.parse(summary["meter"])
    controls = TokenControls(TEMPERATURE[1], MIN_P)

    def sample(network: Network, epoch: int) -> None:
        music = make_token_excerpts(runner_of(network), encoding, [SAMPLE_SEED], SAMPLE_NOTES, controls)[0]
        write_sample(run, epoch, music, name=name, tempo_bpm=tempo_bpm, meter=meter)

    return sample


def _conclude(run: RunDirectory, saved: int, console: Console) -> str:
    write_animation(run)
    network, epoch = load_network(run, saved), run.best_epoch()
    row = next(row for row in run.read_history() if row["epoch"] == epoch)
    report = lstm_kernel_report(network)
    figures = {name: value for name, value in row.items() if name != "epoch"}
    run.write_json("metrics.json", {"best_epoch": epoch, "lstm_kernel": report, "at_best_epoch": figures})
    console.print(f"{len(lstm_layers(network))} LSTM layers. {report}")
    best = f"best saved epoch: {epoch}, {row.get('val_loss', row['loss']):.3f} nats a token"
    console.print(best)
    console.print(f"next: composer-export --run {run.shown} --epoch {epoch}")
    return best
