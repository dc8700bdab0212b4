"""The take: what was played, kept as a MIDI file whatever happens."""

import os
import stat
import tempfile
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, count
from pathlib import Path

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.midi.messages import Kind, Message, Sent
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note
from lstm_composer.runtime.system.atomic_files import is_device, write_bytes_atomically
from lstm_composer.runtime.system.claims import Claim, claim_free
from lstm_composer.runtime.system.pipes import GivenUp
from lstm_composer.runtime.system.user_folders import home

STEP_BACK_TICKS = TICKS_PER_QUARTER
TEMPO_CHANGE = 0.002
"""Share of a tempo by which another must differ to be written down."""

_LONGEST_NAME = 200  # bytes; what is put before and behind it has to fit as well


@dataclass(frozen=True, slots=True)
class TakenMusic:
    """What was played, on one line of time.

    Attributes:
        notes: In ticks.
        tempos: Positions, rising, and the tempo in quarter notes a minute from each on.

    """

    notes: list[Note]
    tempos: list[tuple[int, float]]


class Take:
    """Collects the messages that were sent; `add` may be called on the dispatcher's thread.

    Where the song went back (a DAW that loops, or was started again), what came then follows on the next bar line.
    """

    def __init__(
        self, channels: Sequence[int] = (1,), bar_ticks: int = 96, tempo_bpm: Callable[[], float] | None = None
    ) -> None:
        """Begin with nothing.

        Args:
            channels: Those of the voices.
            bar_ticks: Length of a bar.
            tempo_bpm: Tells the tempo of the moment; None where it never changes.

        """
        self._channels = list(channels)
        self._bar_ticks = bar_ticks
        # Numbers and no objects: an hour of music is a megabyte of them.
        self._ticks = array("i")
        self._codes = array("i")
        self._tempos: list[tuple[int, float]] = []  # from which message on
        self._lock = threading.Lock()
        self._tempo_bpm = tempo_bpm

    def add(self, sent: Sent) -> None:
        """Keep one message."""
        tempo = None if self._tempo_bpm is None else self._tempo_bpm()
        with self._lock:
            if tempo is not None and (not self._tempos or abs(tempo / self._tempos[-1][1] - 1) > TEMPO_CHANGE):
                self._tempos.append((len(self._ticks), tempo))
            self._ticks.append(sent.message.tick)
            self._codes.append(_coded(sent.message))

    def music(self) -> TakenMusic:
        """Return the notes heard so far and their tempos; a note that still sounds ends with the last message."""
        with self._lock:
            ticks, codes, tempos = self._on_one_line(self._ticks), list(self._codes), list(self._tempos)
        starts: dict[tuple[int, int], tuple[int, int]] = {}
        notes: list[Note] = []
        for tick, code in zip(ticks, codes, strict=True):
            kind, channel, number, value = _decoded(code)
            key = (channel, number)
            if kind is Kind.NOTE_ON:
                starts[key] = (tick, value)
            elif kind is Kind.NOTE_OFF and key in starts:
                notes.append(self._note(key, *starts.pop(key), tick))
        last = max(ticks, default=0)
        notes += [self._note(key, onset, velocity, last) for key, (onset, velocity) in starts.items()]
        # Positions can go back by a beat; those of a file's tempos cannot.
        placed = accumulate((ticks[index] for index, _ in tempos), max)
        return TakenMusic(sorted(notes), [(tick, tempo) for tick, (_, tempo) in zip(placed, tempos, strict=True)])

    def _note(self, key: tuple[int, int], onset: int, velocity: int, end: int) -> Note:
        channel, pitch = key
        voice = self._channels.index(channel) if channel in self._channels else 0
        return Note(onset, pitch, max(1, end - onset), velocity, voice)

    def _on_one_line(self, ticks: Sequence[int]) -> list[int]:
        """Positions that never go back: each time that they would, the music goes on at the next bar line."""
        line: list[int] = []
        moved = last = 0
        for tick in ticks:
            # What ends the notes of a stop can be a tick later than what starts when the song is continued there.
            if tick + moved < last - STEP_BACK_TICKS:
                bar_line = -(-last // self._bar_ticks) * self._bar_ticks
                moved = bar_line - tick // self._bar_ticks * self._bar_ticks
            line.append(tick + moved)
            last = max(last, tick + moved)
        return line


def _coded(message: Message) -> int:
    """Put all of a message but its position into one number."""
    return (message.kind - min(Kind)) << 18 | (message.channel - 1) << 14 | message.number << 7 | message.value


def _decoded(code: int) -> tuple[Kind, int, int, int]:
    """Kind, channel 1..16, number and value of a coded message."""
    return Kind((code >> 18) + min(Kind)), (code >> 14 & 15) + 1, code >> 7 & 127, code & 127


def claim_next_take(folders: Iterable[Path]) -> Claim | None:
    """Claim the first of take-001.mid, take-002.mid ... that is not there and that no other program has claimed.

    Args:
        folders: Where; the first that can be written to is taken. None where none can.

    """
    return claim_free((folder / f"take-{number:03}.mid" for number in count(1)) for folder in folders)


def check_writable(path: Path) -> None:
    """Find out before the music starts whether a file can be written; leaves nothing behind.

    Raises:
        InputError: If it cannot.

    """
    try:
        with suppress(FileNotFoundError):
            path.stat()  # a name that is too long fails here; from Python 3.14 on is_dir takes it for no folder
        if path.is_dir():
            raise InputError(f"{path} is a folder: name a file in it")
        if is_device(path):
            if stat.S_ISBLK(path.stat().st_mode):
                raise InputError(f"{path} is a disk, which would be overwritten: name a file")
            return
        if not path.parent.is_dir():
            raise InputError(
                f"{path} cannot be written: there is no folder {path.parent}; make it, or name another place"
            )
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): name a file in another folder") from error


def save_take(path: Path, data: bytes, *, given_up: GivenUp = lambda: False, remedy: str = "") -> None:
    """Write a take; if its place fails (a full disk, a folder that went away), keep it elsewhere.

    Args:
        path: Where.
        data: The MIDI file.
        given_up: Asked while nobody reads from a pipe: whether to wait no longer.
        remedy: What to say where it can be kept nowhere, such as how to make the same music again.

    Raises:
        MissingError: If it could not be written to `path`; the message names where it lies instead.

    """
    try:
        write_bytes_atomically(path, data, given_up)
    except MissingError as error:
        rescued = _rescue(path.name, data)
        lost = f"nor could it be kept anywhere else{f'; {remedy}' if remedy else ''}"
        raise MissingError(f"{error}; {f'the music is kept in {rescued}' if rescued else lost}") from error


def _rescue(name: str, data: bytes) -> Path | None:
    """Write the take to the first place that has room: the folder for temporary files, the home folder, here."""
    name = name if len(os.fsencode(name)) <= _LONGEST_NAME else f"take{Path(name).suffix[:8]}"
    for folder in _there((tempfile.gettempdir, home, Path.cwd)):
        claim = claim_free([(folder / f"rescued-{number:03}-{name}" for number in count(1))])
        if claim is None:
            continue
        try:
            write_bytes_atomically(claim.path, data)
        except MissingError:
            continue
        finally:
            claim.release()
        return claim.path
    return None


def take_folders() -> Iterator[Path]:
    """Where a take goes that nobody has named a place for: the same folders, in another order."""
    yield from _there((Path.cwd, home, tempfile.gettempdir))


def _there(finders: Iterable[Callable[[], Path | str | None]]) -> Iterator[Path]:
    for find in finders:
        with suppress(OSError):
            folder = find()
            if folder is not None:
                yield Path(folder)
