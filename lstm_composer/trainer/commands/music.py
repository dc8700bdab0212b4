"""The music of a run: read, described, and read again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.corpus.corpus import Corpus, read_corpus
from lstm_composer.trainer.corpus.corpus import Progress as OnFile
from lstm_composer.trainer.dataset.dataset import Dataset, build_dataset
from lstm_composer.trainer.pieces.piece import SkippedFile
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.text.console import described

_REFUSALS_SHOWN = 12


def read_music(settings: TrainingSettings, console: Console, on_progress: OnFile = lambda *_: None) -> Corpus:
    """Read the music that settings name, with a bar; `on_progress` is told of each file as well."""
    with bar_of_reading(console) as show:

        def advance(done: int, total: int, name: str) -> None:
            show(done, total, name)
            on_progress(done, total, name)

        return read_corpus(settings.source, on_progress=advance, leave_out_untidy=settings.leave_out_untidy)


@contextmanager
def bar_of_reading(console: Console) -> Iterator[OnFile]:
    """Show a bar on a terminal; what is yielded moves it on with each file."""
    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), described())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=None)

        def advance(done: int, total: int, name: str) -> None:
            progress.update(task, completed=done, total=total, description=visible(name))

        yield advance


def describe(material: Dataset, console: Console) -> None:
    """Say how much music there is, and what was left out and why."""
    parts = material.summary()["parts"]
    sizes = ", ".join(f"{part['pieces']} pieces ({part['notes']:,} notes) for {name}" for name, part in parts.items())
    console.print(f"{len(material.corpus.pieces)} pieces read: {sizes}")
    show_left_out(material.corpus.refused, console, most=_REFUSALS_SHOWN)
    if not material.validation:
        console.print("too few different pieces to hold any out: the figures below are those of the training itself")


def show_left_out(refused: Sequence[SkippedFile], console: Console, *, most: int | None) -> None:
    """Name what was left out and why; of more than `most`, which corpus.json has, the first."""
    if refused:
        console.print(f"{len(refused)} left out:")
    for refusal in refused[:most]:
        console.print(f"  {refusal.name}: {refusal.reason}")
    if most is not None and len(refused) > most:
        console.print(f"  and {len(refused) - most} more: corpus.json names them all")


def check_same_music(run: RunDirectory, material: Dataset, settings: TrainingSettings) -> None:
    """Check that the music is what a run began with.

    Else pieces that the network has been trained on would come into the parts that it is measured on.

    Raises:
        InputError: If it is not.

    """
    names = run.read_corpus(settings).names
    if names is not None and names != material.summary()["names"]:
        raise InputError(
            f"the music in {visible(settings.source)} is not what {run.shown} began with: "
            "put it back, or give another --run-dir"
        )


def material_of(run: RunDirectory, settings: TrainingSettings, console: Console) -> Dataset:
    """Read the music of a run again and split it as it was.

    Raises:
        InputError: If it is not what the run was trained on.

    """
    corpus = read_music(settings, console)
    material = build_dataset(corpus, settings.seed, settings.style_names, settings.base_styles)
    check_same_music(run, material, settings)
    return material
