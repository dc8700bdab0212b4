"""What `lstm-composer advise` does, and what `train` does at its end: hear the checkpoints, and say which to take."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, read_foreign_text
from lstm_composer.trainer.commands.music import material_of
from lstm_composer.trainer.dataset.dataset import Dataset
from lstm_composer.trainer.evaluation.epoch_choice import EpochChoice, OnCheckpoint, choose_epoch
from lstm_composer.trainer.reports.artifacts import CORPUS_PAGE, write_epoch_choice_plot
from lstm_composer.trainer.reports.report import report
from lstm_composer.trainer.runs.run_directory import RunDirectory, write_run_file
from lstm_composer.trainer.runs.run_files import ADVICE
from lstm_composer.trainer.runs.settings import PRESETS, TrainingSettings
from lstm_composer.trainer.text.console import PlainConsole
from lstm_composer.trainer.training.loop import read_rollbacks


def advise_run(path: Path) -> int:
    """Do `lstm-composer advise`: hear the checkpoints of a run again, and write advice and report anew.

    Raises:
        InputError: If there is no run or checkpoint there, or its music has changed since.
        CorpusError: If its music is gone, or too short to judge by.

    """
    run, console = RunDirectory(path), PlainConsole()
    settings = run.read_settings()
    check_judged(run, settings)
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


def give_advice(
    run: RunDirectory,
    settings: TrainingSettings,
    material: Dataset,
    console: Console,
    on_judged: OnCheckpoint = lambda *_: None,
) -> EpochChoice | None:
    """Write advice.json and advice.png, and say what they say; None where the pieces are too short to judge by."""
    columns = (TextColumn("listening to the saved epochs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=None)

        def on_checkpoint(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)
            on_judged(done, total)

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


def check_judged(run: RunDirectory, settings: TrainingSettings) -> None:
    """Check that the gates and figures of note events can be had of a run.

    Raises:
        InputError: If it is of the article's presets.

    """
    if not PRESETS[settings.preset].is_judged:
        raise InputError(
            f"{run.path} is of preset {settings.preset}, whose tokens have no rhythm to judge: name a run of stream"
        )
