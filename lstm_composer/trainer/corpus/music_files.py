"""The files of a folder of music: those in it and those that links lead to, each once."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lstm_composer.trainer.corpus.readers import File
from lstm_composer.trainer.pieces.piece import SkippedFile
from lstm_composer.trainer.text.names import shown_name


@dataclass(frozen=True, slots=True)
class Found:
    """Files of a folder in the order of their names, and what was passed over and why."""

    files: tuple[File, ...]
    refused: tuple[SkippedFile, ...] = ()


def files_in(folder: Path, suffixes: Sequence[str]) -> Found:
    """Find the files in a folder and in all folders in it whose names end in one of `suffixes`, except hidden ones.

    Links are followed, to each file and folder once: what lies in the folder itself goes before what is linked.
    """
    walk = _Walk(tuple(suffixes))
    walk.enter(folder, "")
    walk.follow_links()
    return Found(tuple(sorted(walk.files)), tuple(sorted(walk.refused, key=lambda refusal: refusal.name)))


@dataclass(slots=True)
class _Walk:
    """A walk through folders; `seen` are the real paths of what it has come by."""

    suffixes: tuple[str, ...]
    files: list[File] = field(default_factory=list)
    refused: list[SkippedFile] = field(default_factory=list)
    links: list[tuple[str, Path]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def enter(self, folder: Path, name: str) -> None:
        """Take what lies in a folder and in those in it; links are put aside."""
        waiting = [(name, folder)]
        while waiting:
            name, folder = waiting.pop()
            if not self._is_new(folder):  # a link led to a folder above
                continue
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                self.refused.append(SkippedFile(shown_name(name or folder.name), _unopened(error)))
                continue
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                path, below = Path(entry.path), f"{name}/{entry.name}" if name else entry.name
                if entry.is_symlink():
                    self.links.append((below, path))
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append((below, path))
                else:
                    self._take(below, path)

    def follow_links(self) -> None:
        """Take what the links lead to, those that are found on the way too."""
        while self.links:
            links, self.links = sorted(self.links), []
            for name, path in links:
                if not (path.is_dir() or self._is_music(path)):
                    continue
                if os.path.realpath(path) in self.seen:
                    self.refused.append(SkippedFile(shown_name(name), "leads to what is read already"))
                elif path.is_dir():
                    self.enter(path, name)
                else:
                    self._take(name, path)

    def _take(self, name: str, path: Path) -> None:
        """Whatever is no file (a pipe, a link that leads nowhere) is taken too: its reader says what it is."""
        if self._is_music(path) and self._is_new(path):
            self.files.append(File(shown_name(name), path))

    def _is_new(self, path: Path) -> bool:
        real = os.path.realpath(path)
        is_new = real not in self.seen
        self.seen.add(real)
        return is_new

    def _is_music(self, path: Path) -> bool:
        return path.suffix.lower() in self.suffixes


def _unopened(error: OSError) -> str:
    return f"cannot be opened ({error.strerror or error})"
