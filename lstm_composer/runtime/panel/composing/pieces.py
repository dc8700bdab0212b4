"""Every piece that was made: an SQLite file in the user's data folder."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.panel.composing.requests import ComposeRequest

SCHEMA_VERSION: Final = 1
LONGEST_NAME: Final = 200
_KEPT_AFTER_DELETION_SECONDS: Final = 24 * 3600.0
"""How long a deletion can be undone."""
_MOST_LISTED: Final = 1000
_BUSY_SECONDS: Final = 5.0
_SCHEMA: Final = """
CREATE TABLE pieces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    made REAL NOT NULL,          -- seconds since 1970
    name TEXT NOT NULL,
    starred INTEGER NOT NULL DEFAULT 0,
    deleted REAL,                -- seconds since 1970, or never
    request BLOB NOT NULL,       -- what was asked for, with the seed: JSON
    style TEXT NOT NULL,
    tempo_bpm REAL NOT NULL,
    meter TEXT NOT NULL,
    end_tick INTEGER NOT NULL,
    notes BLOB NOT NULL          -- [onset, pitch, duration, velocity] of each: JSON
)
"""
_COLUMNS: Final = "id, made, name, starred, request, style, tempo_bpm, meter, end_tick"
_Row = tuple[int, float, str, int, bytes, str, float, str, int]

NoteRow = tuple[int, int, int, int]
"""Onset and duration in ticks around the pitch, and the velocity: onset, pitch, duration, velocity."""


class PieceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A piece without its notes.

    Attributes:
        id: Its number.
        made: When, in seconds since 1970.
        name: What the user calls it.
        starred: Whether it has a star.
        request: What was asked for, with the seed.
        style: Name of the style, or the mix in words.
        tempo_bpm: Quarter notes a minute.
        meter: Such as "3/4".
        end_tick: The bar line at which it ends.

    """

    id: int
    made: float
    name: str
    starred: bool
    request: ComposeRequest
    style: str
    tempo_bpm: float
    meter: str
    end_tick: int


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece with its notes."""

    info: PieceInfo
    notes: list[NoteRow]


def note_rows(notes: Sequence[Note]) -> list[NoteRow]:
    """Return notes as they are kept and sent."""
    return [(note.onset, note.pitch, note.duration, note.velocity) for note in notes]


def notes_of(piece: Piece) -> list[Note]:
    """Return the notes of a piece."""
    return [Note(onset, pitch, duration, velocity) for onset, pitch, duration, velocity in piece.notes]


class Pieces:
    """The pieces that were made; may be used from several threads.

    Attributes:
        problem: Why nothing is kept, in one line; empty where all is well.

    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        """Open the file, or make it. Where that cannot be done, pieces are kept until the panel ends, and no longer."""
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        self.problem = ""
        try:
            self._connection = _opened(path, now())
        except MissingError as error:
            self.problem = f"{error}; until then pieces are kept only while the panel runs"
            self._connection = _opened(None, now())

    def add(self, made: PieceInfo, notes: Sequence[NoteRow]) -> PieceInfo:
        """Keep a piece, and return it with its number.

        Args:
            made: The piece; its number and date do not matter.
            notes: Its notes.

        Raises:
            MissingError: If it cannot be kept.

        """
        row = (self._now(), made.name, made.starred, msgspec.json.encode(made.request), made.style, made.tempo_bpm)
        row_of_notes = (made.meter, made.end_tick, msgspec.json.encode(notes))
        with self._changing() as connection:
            cursor = connection.execute(
                "INSERT INTO pieces (made, name, starred, request, style, tempo_bpm, meter, end_tick, notes) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, *row_of_notes),
            )
        return msgspec.structs.replace(made, id=int(cursor.lastrowid or 0), made=row[0])

    def listed(self) -> list[PieceInfo]:
        """Return the pieces, the newest first."""
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM pieces WHERE deleted IS NULL ORDER BY id DESC LIMIT ?",  # noqa: S608 - our own
                (_MOST_LISTED,),
            ).fetchall()
        return [_info(row) for row in rows]

    def get(self, number: int) -> Piece:
        """Return a piece.

        Raises:
            InputError: If there is none of that number.

        """
        with self._reading() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS}, notes FROM pieces WHERE id = ? AND deleted IS NULL",  # noqa: S608 - our own
                (number,),
            ).fetchone()
        if row is None:
            raise InputError("this piece is not there any more: load the page anew to see those that are")
        return Piece(info=_info(row[:-1]), notes=msgspec.json.decode(row[-1], type=list[NoteRow]))

    def change(self, number: int, *, name: str | None = None, starred: bool | None = None) -> None:
        """Give a piece a name, a star or none.

        Raises:
            InputError: If there is none of that number.
            MissingError: If it cannot be written.

        """
        with self._changing() as connection:
            cursor = connection.execute(
                "UPDATE pieces SET name = coalesce(?, name), starred = coalesce(?, starred) "
                "WHERE id = ? AND deleted IS NULL",
                (name, starred, number),
            )
        _check_found(cursor)

    def delete(self, number: int) -> None:
        """Take a piece away, which can be undone for a day; raises as `change`."""
        with self._changing() as connection:
            cursor = connection.execute("UPDATE pieces SET deleted = ? WHERE id = ?", (self._now(), number))
        _check_found(cursor)

    def restore(self, number: int) -> None:
        """Undo a deletion; raises as `change`."""
        with self._changing() as connection:
            cursor = connection.execute("UPDATE pieces SET deleted = NULL WHERE id = ?", (number,))
        _check_found(cursor)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _in_words(self._path):
            yield self._connection

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _in_words(self._path), self._connection:
            yield self._connection


def _opened(path: Path | None, now: float) -> sqlite3.Connection:
    """Open the file and see that it is ours; None for one in memory."""
    if path is None:
        return _checked(sqlite3.connect(":memory:", check_same_thread=False), ":memory:", now)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise MissingError(f"{path.parent} cannot be made ({error.strerror or error}): mend that") from error
    with _in_words(path):
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            return _checked(connection, str(path), now)
        except BaseException:
            connection.close()
            raise


def _checked(connection: sqlite3.Connection, named: str, now: float) -> sqlite3.Connection:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise MissingError(
            f"{named} was written by a newer LSTM Composer (its version is {version}, this program knows "
            f"{SCHEMA_VERSION}): update this program, or move the file away"
        )
    with connection:
        if version == 0:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        # Whatever is damaged shows when it is read: better now, in one line, than when a piece is to be kept.
        connection.execute("DELETE FROM pieces WHERE deleted < ?", (now - _KEPT_AFTER_DELETION_SECONDS,))
        for row in connection.execute(f"SELECT {_COLUMNS} FROM pieces LIMIT {_MOST_LISTED}"):  # noqa: S608 - our own
            _info(row)
    return connection


def _info(row: _Row) -> PieceInfo:
    number, made, name, starred, request, style, tempo_bpm, meter, end_tick = row
    return PieceInfo(
        id=number,
        made=made,
        name=name,
        starred=bool(starred),
        request=msgspec.json.decode(request, type=ComposeRequest),
        style=style,
        tempo_bpm=tempo_bpm,
        meter=meter,
        end_tick=end_tick,
    )


def _check_found(cursor: sqlite3.Cursor) -> None:
    if cursor.rowcount == 0:
        raise InputError("this piece is not there any more: load the page anew to see those that are")


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Say in a line what SQLite cannot do."""
    try:
        yield
    except sqlite3.OperationalError as error:  # a full disk, a file that may not be written, a lock that is held
        raise MissingError(f"{path} cannot be used ({error}): make room, or see that it can be written") from error
    except (sqlite3.DatabaseError, msgspec.DecodeError) as error:
        raise MissingError(f"{path} is damaged ({error}): move it away, and a new one is begun") from error
    except OSError as error:
        with suppress(ValueError):
            raise MissingError(f"{path} cannot be used ({error.strerror or error}): mend that") from error
        raise
