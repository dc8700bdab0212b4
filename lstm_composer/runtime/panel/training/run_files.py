"""What the files of a run say of its training; one that is damaged is named, and left out."""

import csv
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec

from lstm_composer.runtime.bundle.schema import PartCard
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, read_foreign_json, read_foreign_text

T = TypeVar("T")

_MOST_BYTES: Final = 16 * MEBIBYTE
_DIGITS: Final = 4

State = Literal["reading", "training", "judging", "done", "stopped", "failed"]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """progress.json, as `trainer.runs.progress` writes it."""

    state: State
    line: str = ""
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    done: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    total: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class LeftOut(msgspec.Struct, frozen=True):
    """A file or piece that is not learned from, and why, in words that follow its name."""

    name: str
    reason: str


class FoundPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece that is learned from."""

    name: str
    notes: int
    seconds: float
    tempo_bpm: float
    meter: str


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What `lstm-composer train --dry-run --json` finds."""

    pieces: list[FoundPiece] = []
    left_out: list[LeftOut] = []


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """A row of history.csv: nats a note on the training part and on the pieces held out."""

    epoch: int
    loss: float
    held_out: float | None = None
    seconds: float = 0.0


class _Gate(msgspec.Struct, frozen=True):
    passed: bool
    inside: int = 0
    excerpts: int = 0
    reasons: tuple[str, ...] = ()


class _Judged(msgspec.Struct, frozen=True):
    epoch: int
    loop: _Gate
    copy: _Gate


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """advice.json: which epoch to take, why, and what was heard of each."""

    epoch: int | None = None
    sentence: str = ""
    checkpoints: tuple[_Judged, ...] = ()


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """corpus.json: what the run is trained on, the sizes of the parts of its split, and what is left out and why."""

    refused: dict[str, str] = {}
    parts: dict[str, PartCard] = {}


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a run has begun, and what it does or how it ended; None before it says so."""

    is_there: bool
    progress: Progress | None


class RunFiles(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page shows of a run.

    Attributes:
        state: Whether it has begun, and what it does.
        epochs: Its history.
        saved: Epochs that have a checkpoint.
        heard: Epochs that have a sample.
        advice: Which epoch to take, None before it is known.
        learned: What it is trained on, None before it is known.
        problems: Files that cannot be read, in a line each.

    """

    state: RunState
    epochs: list[Epoch]
    saved: list[int]
    heard: list[int]
    advice: Advice | None
    learned: Learned | None
    problems: list[str]


def read_state(run: Path) -> RunState:
    """Read what a run does; nothing but a config.json that is there makes it one."""
    progress = None
    with suppress(InputError):
        progress = read_foreign_json(run / "progress.json", Progress)
    return RunState(is_there=(run / "config.json").is_file(), progress=progress)


def read_run(run: Path) -> RunFiles:
    """Read what there is of a run."""
    problems: list[str] = []

    def read(name: str, reader: Callable[[Path], T]) -> T | None:
        path = run / name
        if not path.is_file():
            return None
        try:
            return reader(path)
        except InputError as error:
            problems.append(f"{name} cannot be read: it {error}")
            return None

    return RunFiles(
        state=read_state(run),
        epochs=read("history.csv", _history) or [],
        saved=_epochs_in(run / "checkpoints", ".keras"),
        heard=_epochs_in(run / "samples", ".mid"),
        advice=read("advice.json", lambda path: read_foreign_json(path, Advice, _MOST_BYTES)),
        learned=read("corpus.json", lambda path: read_foreign_json(path, Learned, _MOST_BYTES)),
        problems=problems,
    )


def sample_path(run: Path, epoch: int) -> Path:
    """Return where the sample of an epoch lies."""
    return run / "samples" / f"epoch_{epoch:0{_DIGITS}}.mid"


def _epochs_in(folder: Path, suffix: str) -> list[int]:
    """Epochs of the files in a folder that are called epoch_0025 and end so, rising."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return []
    stems = [name.removeprefix("epoch_").removesuffix(suffix) for name in names]
    return sorted(
        int(stem)
        for stem, name in zip(stems, names, strict=True)
        if stem.isascii() and stem.isdecimal() and name == f"epoch_{int(stem[:8]):0{_DIGITS}}{suffix}"
    )


def _history(path: Path) -> list[Epoch]:
    rows = csv.DictReader(StringIO(read_foreign_text(path, _MOST_BYTES), newline=""))
    try:
        return [_epoch(row) for row in rows]
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise InputError(f"is no table of figures ({error})") from error


def _epoch(row: dict[str, str]) -> Epoch:
    held_out = row.get("val_loss")
    return Epoch(
        epoch=int(row["epoch"]),
        loss=float(row["loss"]),
        held_out=float(held_out) if held_out else None,
        seconds=float(row.get("seconds") or 0.0),
    )
