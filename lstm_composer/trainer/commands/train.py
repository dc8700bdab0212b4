"""What `lstm-composer train` does: read the music, and train what the preset is."""

from pathlib import Path
from typing import Final, Protocol

import msgspec
import tensorflow as tf
from rich.console import Console

from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.commands.article import train_article
from lstm_composer.trainer.commands.music import describe, read_music
from lstm_composer.trainer.commands.stream import train_stream
from lstm_composer.trainer.dataset.dataset import Dataset, build_dataset
from lstm_composer.trainer.runs.progress import ProgressFile
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings, with_styles
from lstm_composer.trainer.text.console import PlainConsole
from lstm_composer.trainer.training.loop import read_rollbacks


class Training(Protocol):
    """Trains the network of a preset on music that is read and split; returns the exit code."""

    def __call__(
        self,
        settings: TrainingSettings,
        run: RunDirectory,
        material: Dataset,
        console: Console,
        progress: ProgressFile,
        *,
        resume: bool,
    ) -> int:
        """Train, measure, and say what came of it."""


TRAININGS: Final[dict[str, Training]] = {
    "stream": train_stream,
    "article": train_article,
    "skuldur": train_article,
}
"""By preset."""


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
    settings: TrainingSettings,
    path: Path,
    *,
    last_epoch: int | None,
    threads: int | None,
    patience: int | None = None,
    minutes: float | None = None,
) -> int:
    """Go on with a run from its last checkpoint; returns the exit code.

    Args:
        settings: `tensorboard` may be asked for anew; everything else is taken from the run.
        path: The run directory.
        last_epoch: Where to stop, None for where the run would have. The learning rate falls as was planned when the
            run began, and keeps its last value in the epochs added.
        patience: Epochs without a better one after which it ends early, None for as many as it would have.
        minutes: After which it ends early, those before included; None for as many as it would have.
        threads: Processor cores to use, None for all.

    Raises:
        InputError: If there is no run, or the music has changed since.

    """
    run = RunDirectory(path)
    earlier = run.read_settings()
    _check_whole(run, earlier)
    run.clear_up()
    resumed = msgspec.structs.replace(
        earlier,
        epochs=last_epoch or earlier.epochs,
        patience=patience or earlier.patience,
        minutes=minutes or earlier.minutes,
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
    with run.claimed():
        progress = ProgressFile(run)
        with progress.closed():
            settings, material = _read(settings, console, progress, resume=resume)
            return TRAININGS[settings.preset](settings, run, material, console, progress, resume=resume)


def _read(
    settings: TrainingSettings, console: Console, progress: ProgressFile, *, resume: bool
) -> tuple[TrainingSettings, Dataset]:
    """Read and split the music; the settings of a new run then name its styles."""

    def on_file(done: int, total: int, name: str) -> None:
        progress.tell("reading", line=visible(name), done=done, total=total)

    corpus = read_music(settings, console, on_file)
    if not resume:
        settings = with_styles(settings, corpus.styles)
    material = build_dataset(corpus, settings.seed, settings.style_names, settings.base_styles)
    describe(material, console)
    progress.tell("reading", pieces=len(corpus.pieces), left_out=len(corpus.refused))
    return settings, material
