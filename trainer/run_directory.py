"""The run directory: everything a training leaves behind, each file whole or not there.

config.json  encoding.json  corpus.json  corpus.md  corpus.png  history.csv  rollbacks.json  metrics.json
advice.json  advice.png  report.md
checkpoints/epoch_0025.keras ...  plots/epoch_0025.png ...  plots/training.gif  samples/epoch_0025.mid ...
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from runtime.errors import InputError
from runtime.visible import visible
from runtime.whole_files import fill_whole
from trainer.names import is_there
from trainer.settings import TrainingSettings

_CHECKPOINT = re.compile(r"epoch_(\d+)\.keras")


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
        try:
            self.checkpoints_path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot make the run directory {self.shown} ({error.strerror}): give another --run-dir"
            ) from error

    def check_unused(self) -> None:
        """Check that a new run would harm no other.

        Raises:
            InputError: If a run is there already.

        """
        if is_there(self.config_path):
            raise InputError(f"{self.shown} holds a run already: --resume goes on with it; or give another --run-dir")

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
        write_whole(self.path / name, lambda part: part.write_bytes(data))

    def read_settings(self) -> TrainingSettings:
        """Read how the run was started.

        Raises:
            InputError: If there is no run here, or its config.json cannot be understood.

        """
        try:
            return msgspec.json.decode(self.config_path.read_bytes(), type=TrainingSettings)
        except FileNotFoundError:
            raise InputError(f"{self.shown} is not a run directory: it has no config.json") from None
        except (OSError, msgspec.MsgspecError) as error:
            raise InputError(f"{self.config_path} cannot be read ({error})") from error

    def read_json(self, name: str) -> dict[str, Any]:
        """Read a JSON file of the run; empty if it is not there."""
        path = self.path / name
        return dict(msgspec.json.decode(path.read_bytes())) if path.exists() else {}

    def checkpoint(self, epoch: int) -> Path:
        """Where the checkpoint of an epoch lies, or will."""
        return self.checkpoints_path / f"epoch_{epoch:04}.keras"

    def saved_epochs(self) -> list[int]:
        """Epochs that have a checkpoint, rising."""
        matches = (_CHECKPOINT.fullmatch(path.name) for path in self.checkpoints_path.glob("epoch_*.keras"))
        return sorted(int(match[1]) for match in matches if match)

    def read_history(self) -> list[dict[str, float]]:
        """Rows of history.csv, one per epoch."""
        if not self.history_path.exists():
            return []
        with self.history_path.open(newline="") as file:
            return [{name: _figure(name, value) for name, value in row.items()} for row in csv.DictReader(file)]

    def write_history(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Write history.csv anew; it is small, and so never half a row."""

        def write(part: Path) -> None:
            with part.open("w", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["epoch"])
                writer.writeheader()
                writer.writerows(rows)

        write_whole(self.history_path, write)

    def best_epoch(self) -> int:
        """The saved epoch that advice.json names, or else the one with the lowest held-out NLL per note.

        Where nothing is held out, that on the training part.

        Raises:
            InputError: If nothing has been saved.

        """
        saved = set(self.saved_epochs())
        advised = self.read_json("advice.json").get("epoch")
        if advised in saved:
            return int(advised)
        rows = [row for row in self.read_history() if int(row["epoch"]) in saved]
        if not rows:
            raise InputError(f"{self.path} has no checkpoint yet: train it for longer, or with a smaller --save-every")
        return int(min(rows, key=lambda row: row.get("val_loss", row["loss"]))["epoch"])


def newest_run(folder: Path) -> RunDirectory:
    """The run in `folder` whose history was written last.

    Raises:
        InputError: If there is none.

    """
    runs = [path.parent for path in folder.glob("*/config.json")]
    if not runs:
        raise InputError(f"no run in {folder}: lstm-composer train FOLDER --name STYLE makes one; or give --run DIR")
    return RunDirectory(max(runs, key=lambda path: max(file.stat().st_mtime for file in path.iterdir())))


def _figure(name: str, value: str) -> float:
    """A value of history.csv; epochs stay whole numbers, so that a resumed run writes the rows that it read."""
    return int(value) if name == "epoch" else float(value)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    Raises:
        MissingError: If it cannot be written: no space, no permission. What was there before stays.

    """
    fill_whole(path, write, cure="make room; --resume goes on from the last checkpoint")
