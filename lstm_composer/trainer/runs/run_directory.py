"""The run directory: everything a training leaves behind, each file whole or not there.

config.json  encoding.json  corpus.json  corpus.md  corpus.png  history.csv  rollbacks.json  metrics.json
advice.json  advice.png  report.md  progress.json
checkpoints/epoch_0025.keras ...  plots/epoch_0025.png ...  plots/training.gif  samples/epoch_0025.mid ...
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.system.atomic_files import is_device, remove_leftovers, write_atomically
from lstm_composer.runtime.system.claims import claim
from lstm_composer.runtime.system.foreign_files import read_foreign_json
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.runs.history import read_rows, write_rows
from lstm_composer.trainer.runs.run_files import (
    ADVICE,
    CORPUS,
    METRICS,
    MOST_RUN_FILE_BYTES,
    ChosenEpoch,
    CorpusSummary,
    Metrics,
    check_summary,
)
from lstm_composer.trainer.runs.settings import TrainingSettings, check_read

_CHECKPOINT: Final = re.compile(r"epoch_([0-9]{4,8})\.keras")
DAMAGED: Final = ".damaged"
"""Ends the name of a checkpoint that could not be loaded and was put aside."""
_TRAIN_AGAIN: Final = "put back a copy of it, or train again into another --run-dir"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """A run directory at `path`, made or to be made."""

    path: Path

    @property
    def shown(self) -> str:
        """The path, for a terminal."""
        return visible(str(self.path))

    def create(self) -> None:
        """Make the folder.

        Raises:
            InputError: If a run is there already, or the folder cannot be made.

        """
        self.check_unused()
        self.clear_up()
        try:
            self.checkpoints_path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot make the run directory {self.shown} ({error.strerror or error}): give another --run-dir"
            ) from error

    def check_unused(self) -> None:
        """Check that a new run would harm no other.

        Raises:
            InputError: If a run is there already.

        """
        if self.is_there:
            raise InputError(f"{self.shown} holds a run already: --resume goes on with it; or give another --run-dir")

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Keep every other training out of the folder within the block; it is made if it is not there.

        One that is still empty afterwards goes again, and so do those above it that were made for it.

        Raises:
            InputError: If another is at work in it, or it cannot be made.

        """
        made = [path for path in (self.path, *self.path.parents) if not has_entry(path)]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            held = claim(self.path / "training")
        except OSError as error:
            raise InputError(
                f"cannot make the run directory {self.path} ({error.strerror}): give another --run-dir"
            ) from error
        if held is None:
            raise InputError(f"another training is at work in {self.path}: wait for its end, or give another --run-dir")
        try:
            with held:
                yield
        finally:
            with suppress(OSError):  # there is something in it
                for path in made or [self.path]:
                    path.rmdir()

    @property
    def is_there(self) -> bool:
        """Whether there is a run: a config.json, whatever it may be."""
        return has_entry(self.config_path)

    def clear_up(self) -> None:
        """Remove the halves of files that a training has left here that was killed while it wrote them."""
        for folder in (self.path, *(self.path / name for name in ("checkpoints", "plots", "samples"))):
            remove_leftovers(folder)

    @property
    def config_path(self) -> Path:
        """What was trained on what, and how."""
        return self.path / "config.json"

    @property
    def checkpoints_path(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def history_path(self) -> Path:
        """One row of figures per epoch."""
        return self.path / "history.csv"

    def write_json(self, name: str, content: Any) -> None:
        """Write a file of the run as indented JSON."""
        data = msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
        write_run_file(self.path / name, lambda part: part.write_bytes(data))

    def read_settings(self) -> TrainingSettings:
        """Read how the run was started.

        Raises:
            InputError: If there is no run here, or its config.json cannot be understood.

        """
        if not self.is_there:
            raise InputError(f"{self.shown} is not a run directory: it has no config.json")
        settings = self._read("config.json", TrainingSettings, check=check_read)
        if settings is None:  # went away meanwhile
            raise InputError(f"{self.shown} is not a run directory: it has no config.json")
        return settings

    def read_json(self, name: str) -> dict[str, Any]:
        """Read a JSON file of the run; empty if it is not there.

        Raises:
            InputError: If it cannot be understood.

        """
        return self._read(name, dict[str, Any]) or {}

    def read_as(
        self, name: str, kind: type[T], *, cure: str = _TRAIN_AGAIN, most_bytes: int = MOST_RUN_FILE_BYTES
    ) -> T | None:
        """Read a JSON file of the run as a type of msgspec's; None if it is not there.

        Raises:
            InputError: If it cannot be understood; the line ends with the cure.

        """
        return self._read(name, kind, cure=cure, most_bytes=most_bytes)

    def _read(
        self,
        name: str,
        kind: type[T],
        *,
        check: Callable[[T], None] = lambda _: None,
        cure: str = _TRAIN_AGAIN,
        most_bytes: int = MOST_RUN_FILE_BYTES,
    ) -> T | None:
        path = self.path / name
        if not has_entry(path):
            return None
        try:
            content = read_foreign_json(path, kind, most_bytes)
            check(content)
        except InputError as error:
            raise InputError(f"{path} cannot be read (it {error}): {cure}") from error
        return content

    def read_corpus(self, settings: TrainingSettings) -> CorpusSummary:
        """Read what the run was trained on.

        Raises:
            InputError: If corpus.json is not there, cannot be understood, or does not fit the settings.

        """
        styles = settings.network.styles
        summary = self._read(CORPUS, CorpusSummary, check=lambda found: check_summary(found, settings.name, styles))
        if summary is None:
            raise InputError(f"{self.path} has no {CORPUS}: {_TRAIN_AGAIN}")
        return summary

    def read_advice(self) -> ChosenEpoch:
        """Read which epoch was chosen; none if nothing was.

        Raises:
            InputError: If advice.json cannot be understood.

        """
        cure = f"lstm-composer advise {self.path} makes it anew"
        return self._read(ADVICE, ChosenEpoch, cure=cure) or ChosenEpoch()

    def read_metrics(self) -> Metrics:
        """Read what the best epoch was found to be; empty if nothing was.

        Raises:
            InputError: If metrics.json cannot be understood.

        """
        return self._read(METRICS, Metrics, cure="delete it, and it is done without") or Metrics()

    def checkpoint(self, epoch: int) -> Path:
        """Where the checkpoint of an epoch lies, or will."""
        return self.checkpoints_path / f"epoch_{epoch:04}.keras"

    def saved_epochs(self) -> list[int]:
        """Epochs that have a checkpoint, rising.

        Raises:
            InputError: If the folder of the checkpoints cannot be looked into.

        """
        try:
            names = {path.name for path in self.checkpoints_path.iterdir()}
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise InputError(f"{self.checkpoints_path} cannot be looked into ({error.strerror})") from error
        epochs = {int(match[1]) for match in map(_CHECKPOINT.fullmatch, names) if match}
        return sorted(epoch for epoch in epochs if epoch > 0 and self.checkpoint(epoch).name in names)

    def put_aside(self, epoch: int) -> Path:
        """Rename a checkpoint that cannot be loaded, so that no command takes it for one; returns where it is now.

        Raises:
            MissingError: If it cannot be renamed.

        """
        path = self.checkpoint(epoch)
        aside = path.with_name(path.name + DAMAGED)
        try:
            path.replace(aside)
        except OSError as error:
            raise MissingError(f"{path} is damaged and cannot be renamed ({error.strerror}): delete it") from error
        return aside

    def read_history(self) -> list[dict[str, float]]:
        """Rows of history.csv, one per epoch; none if it is not there.

        Raises:
            InputError: If it cannot be understood.

        """
        if not has_entry(self.history_path):
            return []
        try:
            return read_rows(self.history_path)
        except InputError as error:
            raise InputError(f"{self.history_path} cannot be read (it {error}): {_TRAIN_AGAIN}") from error

    def history_until(self, epoch: int) -> list[dict[str, float]]:
        """Rows of history.csv up to an epoch, for a training that goes on from there.

        Raises:
            InputError: If it cannot be understood, or a row is missing.

        """
        rows = [row for row in self.read_history() if row["epoch"] <= epoch]
        if len(rows) != epoch:  # each stands there once, rising
            raise InputError(
                f"{self.history_path} does not have every epoch up to {epoch}, of which there is a checkpoint: "
                f"{_TRAIN_AGAIN}"
            )
        return rows

    def write_history(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Write history.csv anew; it is small, and so never half a row."""
        write_run_file(self.history_path, lambda part: write_rows(part, rows))

    def best_epoch(self) -> int:
        """The saved epoch that advice.json names, or else the one with the lowest held-out NLL per note.

        Where nothing is held out, that on the training part.

        Raises:
            InputError: If nothing has been saved, or what says which is best cannot be understood.

        """
        saved = set(self.saved_epochs())
        advised = self.read_advice().epoch
        if advised in saved and advised is not None:
            return advised
        rows = [row for row in self.read_history() if int(row["epoch"]) in saved]
        if not rows:
            raise self.nothing_saved()
        held_out = [row for row in rows if "val_loss" in row]
        best = min(held_out, key=lambda row: row["val_loss"]) if held_out else min(rows, key=lambda row: row["loss"])
        return int(best["epoch"])

    def nothing_saved(self) -> InputError:
        """The error that nothing has been saved yet."""
        return InputError(f"{self.path} has no checkpoint yet: train it for longer, or with a smaller --save-every")


def has_entry(path: Path) -> bool:
    """Whether there is something of this name, be it a link to nowhere."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        raise InputError(f"{path} cannot be looked for ({error.strerror or error})") from error
    return True


def write_run_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    Raises:
        MissingError: If it cannot be written: no space, no permission. What was there before stays.

    """
    if is_device(path):  # a pipe in a run directory has nobody who reads it
        raise MissingError(f"{path} cannot be written (it is no file): move it away")
    write_atomically(path, write, cure="make room; --resume goes on from the last checkpoint")
