"""The trainings of a user: folders that hold their music, their runs, and what is at work in them.

    training/0123456789abcdef/    training.json   what was asked for
                                  music/          what was dropped into the page
                                  look.json       what of it can be read
                                  run/            the run directory of `lstm-composer train`
                                  train.log       what the command says; look.log and export.log as well
                                  process.json    what is at work, see `runtime.panel.training.processes`

Nothing is kept in memory: a panel that is started later finds everything.
"""

import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from lstm_composer.runtime.errors import ComposerError, InputError, MissingError
from lstm_composer.runtime.panel.answers import at_field
from lstm_composer.runtime.panel.training import processes
from lstm_composer.runtime.panel.training.bundles import base_card, check_free, name_taken, own_bundles, write_sources
from lstm_composer.runtime.panel.training.conditions import (
    check_begun,
    check_music,
    check_possible,
    flags_onwards,
    has_begun,
    is_looking,
)
from lstm_composer.runtime.panel.training.processes import Output
from lstm_composer.runtime.panel.training.report import describe, overview
from lstm_composer.runtime.panel.training.requests import Details, Export, Overview, Resume, Settings, Start
from lstm_composer.runtime.panel.training.run_files import read_run, sample_path
from lstm_composer.runtime.panel.training.samples import Sample, read_sample
from lstm_composer.runtime.panel.training.uploads import remove_parts
from lstm_composer.runtime.system.atomic_files import write_bytes_atomically
from lstm_composer.runtime.system.foreign_files import read_foreign_json

MOST_TRAININGS: Final = 100
_ID: Final = re.compile(r"[0-9a-f]{16}")
_SETTINGS: Final = "training.json"
_FROM_NOTHING: Final = ("--save-every", "10", "--patience", "30")
"""Often enough to hear how it comes on; a network that starts from a base has a recipe for that."""


class NoTrainingError(ComposerError):
    """There is no training of that name: the page shows one that another page has deleted."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are.

    Attributes:
        trainings: The folder of all trainings; it may not be there yet.
        models_dirs: Folders that are searched for bundles before all others.
        program: The words that start `lstm-composer`.

    """

    trainings: Path
    models_dirs: tuple[Path, ...]
    program: tuple[str, ...]


class Trainings:
    """All trainings; may be used from several threads."""

    def __init__(self, places: Places, now: Callable[[], float] = time.time) -> None:
        """Find what is there.

        Args:
            places: Where things are.
            now: Seconds since 1970.

        """
        self._places, self._now = places, now
        self._lock = threading.RLock()

    def listed(self) -> list[Overview]:
        """Return all trainings, the newest first."""
        with suppress(OSError), os.scandir(self._places.trainings) as entries:
            found = [entry.name for entry in entries if _ID.fullmatch(entry.name)]
            rows = [row for name in found if (row := self._overview(name)) is not None]
            return sorted(rows, key=lambda row: (-row.made, row.id))
        return []

    def _overview(self, name: str) -> Overview | None:
        with suppress(ComposerError):
            folder, settings = self._found(name)
            with self._lock:
                return overview(name, folder, settings, processes.at_work(folder))
        return None

    def add(self) -> Details:
        """Make a training without music.

        Raises:
            InputError: If there are too many.
            OSError: If its folder cannot be made.

        """
        if len(self.listed()) >= MOST_TRAININGS:
            raise InputError(f"{MOST_TRAININGS} trainings are kept, which is as many as there can be: delete one")
        name = secrets.token_hex(8)
        folder = self._places.trainings / name
        folder.mkdir(parents=True)
        try:
            _write(folder, Settings(made=self._now()))
        except MissingError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return self.get(name)

    def get(self, name: str) -> Details:
        """Return all that is known of a training.

        Raises:
            NoTrainingError: If there is none such.

        """
        folder, settings = self._found(name)
        with self._lock:
            job = processes.at_work(folder)
            return describe(name, folder, settings, job)

    def music(self, name: str) -> Path:
        """Return the folder of a training's music, to change what is in it; what looks through it is ended.

        Raises:
            NoTrainingError: If there is no such training.
            InputError: If it has begun, and needs the music that it began with.
            MissingError: If what looks through it does not end.

        """
        folder, _ = self._found(name)
        with self._lock:
            self._end_look(folder)
            if processes.at_work(folder) is not None or has_begun(folder):
                raise InputError(
                    "this style is trained on the music that it began with: make a new one for other music"
                )
        return folder / "music"

    def look(self, name: str) -> None:
        """Begin to find out what of the music can be read, anew where that is being done.

        Raises:
            NoTrainingError: If there is no such training.
            InputError: If something is at work there, or there is no music.
            MissingError: If the program cannot be started.

        """
        folder, _ = self._found(name)
        check_music(folder)
        command = (*self._places.program, "train", str(folder / "music"), "--dry-run", "--json")
        with self._lock:
            self._end_look(folder)
            processes.start(folder, "look", command, Output(folder / "look.json", folder / "look.log"))

    @staticmethod
    def _end_look(folder: Path) -> None:
        """End what looks through the music, if it is at work: its findings are out of date."""
        if is_looking(folder):
            processes.end(folder)

    def start(self, name: str, asked: Start) -> None:
        """Begin to train.

        Raises:
            NoTrainingError: If there is no such training.
            InputError: If the style cannot be called so, there is no music, or something is at work.
            MissingError: If the extra `train` or the base is missing, or the program cannot be started.

        """
        folder, settings = self._found(name)
        style = asked.name.strip()
        with at_field("name"):
            self._check_name(style)
        check_music(folder)
        if has_begun(folder):
            raise InputError("this style has been trained already: resume it, or make a new one")
        options = ("--from", str(base_card(self._places.models_dirs))) if asked.from_base else _FROM_NOTHING
        with self._only_one():
            self._end_look(folder)
            shutil.rmtree(folder / "run", ignore_errors=True)
            remove_parts(folder / "music")
            asked_for = msgspec.structs.replace(
                settings, name=style, from_base=asked.from_base, minutes=float(asked.minutes)
            )
            _write(folder, asked_for)
            self._train(folder, asked_for, *options)

    def resume(self, name: str, asked: Resume) -> None:
        """Go on with a training from its last saved epoch.

        Raises:
            NoTrainingError: If there is no such training.
            InputError: If it has not begun, or something is at work.
            MissingError: If the extra `train` is missing, or the program cannot be started.

        """
        folder, settings = self._found(name)
        check_begun(folder)
        with self._only_one():
            if asked.minutes is None:
                self._train(folder, settings, "--resume")
                return
            settings = msgspec.structs.replace(settings, minutes=float(asked.minutes))
            _write(folder, settings)
            self._train(folder, settings, "--resume", *flags_onwards(folder / "run"))

    def _train(self, folder: Path, settings: Settings, *options: str) -> None:
        whole = (
            "--one-style",
            "--minutes",
            f"{settings.minutes:g}",
            "--threads",
            str(max(1, (os.cpu_count() or 2) - 1)),
        )
        where = ("--name", settings.name, "--run-dir", str(folder / "run"))
        self._begin(folder, "train", str(folder / "music"), *where, *whole, *options)

    def stop(self, name: str) -> None:
        """Ask what is at work to end: a training finishes its epoch and saves it, and ends at once if asked again.

        Raises:
            NoTrainingError: If there is no such training.

        """
        folder, _ = self._found(name)
        with self._lock:
            processes.ask_to_end(folder)

    def advise(self, name: str) -> None:
        """Begin to listen to the saved epochs of a training that has ended early, and choose one.

        Raises:
            NoTrainingError: If there is no such training.
            InputError: If it has not begun, or something is at work.
            MissingError: If the extra `train` is missing, or the program cannot be started.

        """
        folder, _ = self._trained(name)
        self._begin(folder, "advise", str(folder / "run"))

    def export(self, name: str, asked: Export) -> None:
        """Begin to make a bundle of an epoch, among the user's own, where it is found by the style's name.

        Raises:
            NoTrainingError: If there is no such training.
            InputError: If it has not begun, or something is at work.
            MissingError: If the extra `train` is missing, or the program cannot be started.

        """
        folder, settings = self._trained(name)
        write_sources(folder / "sources.json", settings.name, read_run(folder / "run").learned)
        epoch = "best" if asked.epoch is None else str(asked.epoch)
        where = ("--output", str(own_bundles()), "--data", str(folder / "sources.json"))
        self._begin(folder, "export", "--run", str(folder / "run"), "--epoch", epoch, *where)

    def _trained(self, name: str) -> tuple[Path, Settings]:
        folder, settings = self._found(name)
        check_possible()
        check_begun(folder)
        return folder, settings

    def _begin(self, folder: Path, kind: processes.Kind, *words: str) -> None:
        log = folder / f"{kind}.log"
        with self._lock:
            processes.start(folder, kind, (*self._places.program, kind, *words), Output(log, log))

    def sample(self, name: str, epoch: int) -> Sample:
        """Return what a saved epoch plays.

        Raises:
            NoTrainingError: If there is no such training.
            InputError: If there is no such sample.

        """
        folder, _ = self._found(name)
        return read_sample(sample_path(folder / "run", epoch), epoch)

    def delete(self, name: str) -> None:
        """Delete a training with its music and its run; a bundle that was made of it stays.

        Raises:
            NoTrainingError: If there is no such training.
            InputError: If it is being trained.
            MissingError: If its folder cannot be removed.

        """
        folder, _ = self._found(name)
        with self._lock:
            job = processes.at_work(folder)
            if job is not None and job.kind != "look":
                raise InputError("this style is being worked at: stop that first")
            processes.end(folder)
            try:
                # Out of sight in one step: what is removed half is never shown.
                gone = folder.with_name(f".gone-{secrets.token_hex(8)}")
                folder.rename(gone)
            except OSError as error:
                raise MissingError(f"this style cannot be deleted ({error.strerror}): try again") from error
        shutil.rmtree(gone, ignore_errors=True)

    def _found(self, name: str) -> tuple[Path, Settings]:
        folder = self._places.trainings / name
        if not _ID.fullmatch(name) or not folder.is_dir():
            raise NoTrainingError("this style is not there any more: load the page anew")
        try:
            return folder, read_foreign_json(folder / _SETTINGS, Settings)
        except InputError as error:
            raise InputError(f"{folder / _SETTINGS} {error}: delete the folder, or mend the file") from error

    def _check_name(self, style: str) -> None:
        check_free(style, self._places.models_dirs)
        if any(row.name == style for row in self.listed() if row.phase != "failed"):
            raise name_taken(style)

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        """Check that training is possible, and that nothing is trained already: two would take twice as long."""
        check_possible()
        with self._lock:
            busy = [row for row in self.listed() if row.is_at_work and row.phase not in ("looking", "exporting")]
            if busy:
                raise InputError(f"{busy[0].name!r} is being trained: wait for its end, or stop it")
            yield


def _write(folder: Path, settings: Settings) -> None:
    write_bytes_atomically(folder / _SETTINGS, msgspec.json.encode(settings))
