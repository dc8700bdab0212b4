"""What has to be so before something is begun for a training, and what a training is told that is to go on."""

from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.panel.training import processes
from lstm_composer.runtime.panel.training.extra import missing_for_training
from lstm_composer.runtime.panel.training.run_files import read_run
from lstm_composer.runtime.panel.training.uploads import music_files

MORE_EPOCHS: Final = 100
MORE_PATIENCE: Final = 6
"""What a training that is to go on for longer gets beyond what it has had."""


def flags_onwards(run: Path) -> tuple[str, ...]:
    """Flags by which a training goes on that has ended because it no longer grew better, or after its last epoch."""
    epochs = read_run(run).epochs
    held_out = [row.held_out for row in epochs if row.held_out is not None]
    age = len(held_out) - 1 - held_out.index(min(held_out)) if held_out else 0
    return ("--epochs", str(len(epochs) + MORE_EPOCHS), "--patience", str(age + MORE_PATIENCE))


def check_possible() -> None:
    """Raise a MissingError that says what to do if the extra `train` is missing."""
    if missing := missing_for_training():
        raise MissingError(missing)


def check_music(folder: Path) -> None:
    """Raise an InputError if a training has no music yet."""
    if not music_files(folder / "music"):
        raise InputError("there is no music yet: drop MIDI files or scores into the page")


def is_looking(folder: Path) -> bool:
    """Tell whether the music of a training is just being looked through."""
    job = processes.at_work(folder)
    return job is not None and job.kind == "look"


def check_begun(folder: Path) -> None:
    """Raise an InputError if a training has not come to a run."""
    if not has_begun(folder):
        raise InputError("this style has not been trained yet: press Train")


def has_begun(folder: Path) -> bool:
    """Tell whether a training has come to a run."""
    return (folder / "run" / "config.json").is_file()
