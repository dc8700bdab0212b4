"""The take: what was played, kept as a MIDI file whatever happens."""

import tempfile
import threading
from itertools import count
from pathlib import Path

from runtime.errors import InputError, MissingError
from runtime.messages import Kind, Sent
from runtime.notes import Note
from runtime.whole_files import is_device, write_whole


class Take:
    """Collects the messages that were sent; `add` may be called on the dispatcher's thread."""

    def __init__(self) -> None:
        self._sent: list[Sent] = []
        self._lock = threading.Lock()

    def add(self, sent: Sent) -> None:
        """Keep one message."""
        with self._lock:
            self._sent.append(sent)

    def notes(self) -> list[Note]:
        """Return the notes heard so far, in ticks; one that still sounds ends with the last message."""
        with self._lock:
            messages = [sent.message for sent in self._sent]
        starts: dict[tuple[int, int], tuple[int, int]] = {}
        notes: list[Note] = []
        for message in messages:
            key = (message.channel, message.number)
            if message.kind is Kind.NOTE_ON:
                starts[key] = (message.tick, message.value)
            elif message.kind is Kind.NOTE_OFF and key in starts:
                notes.append(_note(message.number, *starts.pop(key), message.tick))
        last = messages[-1].tick if messages else 0
        notes += [_note(pitch, onset, velocity, last) for (_, pitch), (onset, velocity) in starts.items()]
        return sorted(notes)


def _note(pitch: int, onset: int, velocity: int, end: int) -> Note:
    return Note(onset, pitch, max(1, end - onset), velocity)


def next_take_path(folder: Path) -> Path:
    """Return the first of take-001.mid, take-002.mid ... that is not there yet."""
    paths = (folder / f"take-{number:03}.mid" for number in count(1))
    return next(path for path in paths if not path.exists())


def check_writable(path: Path) -> None:
    """Find out before the music starts whether a file can be written; leaves nothing behind.

    Raises:
        InputError: If it cannot.

    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: name a file in it")
        if is_device(path):
            return
        if not path.parent.is_dir():
            raise InputError(
                f"{path} cannot be written: there is no folder {path.parent}; make it, or name another place"
            )
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): name a file in another folder") from error


def save_take(path: Path, data: bytes) -> None:
    """Write a take; if its place fails (a full disk, a folder that went away), keep it elsewhere.

    Raises:
        MissingError: If it could not be written to `path`; the message names where it lies instead.

    """
    try:
        write_whole(path, data)
    except MissingError as error:
        rescued = _rescue(path.name, data)
        where = f"the music is kept in {rescued}" if rescued else "nor could it be kept anywhere else"
        raise MissingError(f"{error}; {where}") from error


def _rescue(name: str, data: bytes) -> Path | None:
    """Write the take to the first place that has room: the folder for temporary files, the home folder, here."""
    for folder in (Path(tempfile.gettempdir()), Path.home(), Path.cwd()):
        candidates = (folder / f"rescued-{number:03}-{name}" for number in count(1))
        path = next(candidate for candidate in candidates if not candidate.exists())
        try:
            write_whole(path, data)
        except MissingError:
            continue
        return path
    return None
