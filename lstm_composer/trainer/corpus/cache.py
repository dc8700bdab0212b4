"""The cache of what was read, by content: one small file for each file of a corpus.

A key is made of a file's bytes, of the source of our readers and of the version of the library that reads, so nothing
in the cache ever becomes stale: an entry is simply not asked for again. An entry that cannot be read is treated as
missing. Nothing is pickled.
"""

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from lstm_composer.runtime.errors import ComposerError
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, read_foreign
from lstm_composer.runtime.system.user_folders import user_cache_dir
from lstm_composer.trainer.pieces.piece import Piece, ReadResult, SkippedFile, Timing

READERS = (
    "lstm_composer/runtime/music/bars.py",
    "lstm_composer/runtime/music/notes.py",
    "lstm_composer/runtime/music/pitches.py",
    "lstm_composer/runtime/midi/reader.py",
    "lstm_composer/runtime/midi/smf.py",
    "lstm_composer/trainer",
)
"""Whatever changes here may give other pieces for the same bytes, or entries of another form. A number to be raised by
hand would be forgotten once, and a style be trained on what an older reader misheard."""


MOST_MUSIC_BYTES = 64 * MEBIBYTE
"""Of a file of music; a day of music in MIDI takes a hundredth of that."""


class _PieceEntry(msgspec.Struct, array_like=True, frozen=True):
    """A piece without its field names, which would be most of the entry; `tune` is what follows the file's name."""

    tune: str
    notes: list[tuple[int, int, int, int]]
    meters: list[tuple[int, int, int]]
    tempo_bpm: float
    performed: bool
    timing: tuple[float, int, float]


class _Entry(msgspec.Struct, array_like=True, frozen=True):
    """A file's reading; `refused` holds (tune, reason)."""

    pieces: list[_PieceEntry]
    refused: list[tuple[str, str]]


def default_cache_dir() -> Path:
    """Where readings are kept if the user names no other folder."""
    return user_cache_dir() / "corpus"


def read_cached(
    path: Path, name: str, reader_package: str, read: Callable[[], ReadResult], cache_dir: Path
) -> ReadResult:
    """Give the reading of a file from the cache, or read it and keep it there if it gave any piece.

    A cache that cannot be written (full disk, read-only home) costs time only.

    Args:
        path: The file whose bytes make the key.
        name: The name that the file has today.
        reader_package: The library that reads it; its version is part of the key.
        read: Reads the file under `name`.
        cache_dir: Where entries are; made if it does not exist.

    """
    entry_path = _entry_path(path, reader_package, cache_dir)
    cached = _load(entry_path, name)
    if cached is not None:
        return cached
    reading = read()
    if reading.pieces:
        with suppress(OSError):
            _store(entry_path, encode_reading(reading, name))
    return reading


def is_cached(path: Path, reader_package: str, cache_dir: Path) -> bool:
    """Whether there is an entry for a file; whether it can be read remains to be seen.

    Raises:
        ComposerError: If the file cannot be opened, or is none.

    """
    return _entry_path(path, reader_package, cache_dir).is_file()


def encode_reading(reading: ReadResult, name: str) -> bytes:
    """Pack what a file gave; its `name` is left out."""
    return msgspec.msgpack.encode(_entry_of(reading, name))


def decode_reading(data: bytes, name: str) -> ReadResult:
    """Unpack what a file that is called `name` today gave.

    Raises:
        msgspec.MsgspecError: If the data has another form.
        ComposerError: If it holds a meter that there is not.

    """
    return _reading_of(msgspec.msgpack.decode(data, type=_Entry), name)


def _entry_path(path: Path, reader_package: str, cache_dir: Path) -> Path:
    return cache_dir / f"{_key(path, reader_package)}.msgpack"


def _key(path: Path, reader_package: str) -> str:
    reader = f"{reader_package} {_version_of(reader_package)}"
    digest = hashlib.sha256(f"{_readers_digest()} {reader} {path.suffix.lower()}\n".encode())
    digest.update(read_foreign(path, MOST_MUSIC_BYTES))
    return digest.hexdigest()


@cache
def _readers_digest() -> str:
    """Of the source of all that reads; of a program without sources its version."""
    root = Path(__file__).parents[3]
    found = [path for name in READERS for path in ([root / name] if name.endswith(".py") else _modules(root / name))]
    digest = hashlib.sha256(version("lstm-composer").encode())
    for path in found:
        with suppress(OSError):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _modules(package: Path) -> list[Path]:
    """The modules of a package that read music: those that know what a piece is made of."""
    patterns = ("formats/*.py", "formats/abc/*.py", "corpus/readers.py", "pieces/piece.py")
    return sorted(path for pattern in patterns for path in package.glob(pattern))


@cache
def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _load(entry_path: Path, name: str) -> ReadResult | None:
    try:
        return decode_reading(entry_path.read_bytes(), name)
    except (OSError, msgspec.MsgspecError, ComposerError):
        return None


def _store(entry_path: Path, data: bytes) -> None:
    """Write beside the entry and move into place, so that a reader never sees half of one."""
    entry_path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=entry_path.parent, delete=False) as file:
        try:
            file.write(data)
            file.close()
            Path(file.name).replace(entry_path)
        except BaseException:
            file.close()
            Path(file.name).unlink(missing_ok=True)
            raise


def _entry_of(reading: ReadResult, name: str) -> _Entry:
    pieces = [
        _PieceEntry(
            piece.name.removeprefix(name),
            [(note.onset, note.pitch, note.duration, note.velocity) for note in piece.notes],
            [(change.tick, change.meter.numerator, change.meter.denominator) for change in piece.meters],
            piece.tempo_bpm,
            piece.performed,
            (piece.timing.off_tick, piece.timing.tempos, piece.timing.seconds),
        )
        for piece in reading.pieces
    ]
    return _Entry(pieces, [(refusal.name.removeprefix(name), refusal.reason) for refusal in reading.refused])


def _reading_of(entry: _Entry, name: str) -> ReadResult:
    pieces = tuple(
        Piece(
            name + piece.tune,
            tuple(Note(*note) for note in piece.notes),
            tuple(MeterChange(tick, Meter(above, below)) for tick, above, below in piece.meters),
            piece.tempo_bpm,
            piece.performed,
            timing=Timing(*piece.timing),
        )
        for piece in entry.pieces
    )
    return ReadResult(pieces, tuple(SkippedFile(name + tune, reason) for tune, reason in entry.refused))
