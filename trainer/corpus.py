"""The corpus: every piece that a folder, a benchmark file or music21 holds, and what could not be read and why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import ComposerError, CorpusError, InputError
from trainer.corpus_cache import default_cache_dir, read_cached
from trainer.piece import Piece, Reading, Refusal
from trainer.read_jsb import read_jsb
from trainer.read_midi import read_midi
from trainer.read_score import CORPORA, SCORE_SUFFIXES, music21_files, read_score

__all__ = ["MINIMUM_NOTES", "SUFFIXES", "Corpus", "Progress", "Refusal", "read_corpus"]

MIDI_SUFFIXES = (".mid", ".midi", ".kar")
SUFFIXES = MIDI_SUFFIXES + SCORE_SUFFIXES
"""The files of a folder that are read; all others are passed over."""
MINIMUM_NOTES = 16
"""A piece with fewer notes (a scale, a test tone) teaches nothing."""
_MUSIC21 = "music21:"
_REASONS_SHOWN = 3

Progress = Callable[[int, int, str], None]
"""Called after each file with how many are done, how many there are and the file's name."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """All pieces in the order of their names, what is left out with its reasons, and where it came from."""

    pieces: tuple[Piece, ...]
    refused: tuple[Refusal, ...]
    source: str


def read_corpus(source: str, *, cache_dir: Path | None = None, on_progress: Progress | None = None) -> Corpus:
    """Read everything that can be read; the rest is named in `refused`.

    Args:
        source: A folder (with all that is in it, except hidden files), one file of music, a JSB chorales
            benchmark file (.json), or "music21:bach".
        cache_dir: Where to keep what was read; default: a folder in the user's cache.
        on_progress: Told after each file.

    Raises:
        CorpusError: If there is no such source, no file in it, or none that can be read.
        InputError: If there is no such corpus in music21.
        MissingError: If "music21:..." is asked for and music21 is not installed.

    """
    if source.endswith(".json") and Path(source).is_file():
        reading = _read_benchmark(source)
    else:
        reading = _read_files(_files_of(source), cache_dir or default_cache_dir(), on_progress)
    pieces, refused = _without_short(reading)
    if not pieces:
        raise CorpusError(f"nothing in {source} can be used: {_first_reasons(refused)}")
    return Corpus(pieces, refused, source)


def _read_benchmark(source: str) -> Reading:
    try:
        return Reading(tuple(read_jsb(Path(source))))
    except InputError as error:
        raise CorpusError(f"{source} {error}") from error


def _files_of(source: str) -> list[tuple[str, Path]]:
    """Names and paths of the files of a source, in the order of the names."""
    if source.startswith(_MUSIC21):
        return music21_files(source.removeprefix(_MUSIC21))
    path = Path(source).expanduser()
    if not path.exists():
        raise CorpusError(f"{source} does not exist: give a folder of music or music21:{'|'.join(CORPORA)}")
    files = [(path.name, path)] if path.is_file() else _files_in(path)
    files = [(name, file) for name, file in files if file.suffix.lower() in SUFFIXES]
    if not files:
        raise CorpusError(f"{source} holds no music: files that end in {', '.join(SUFFIXES)} are read")
    return files


def _files_in(folder: Path) -> list[tuple[str, Path]]:
    relative = [(path.relative_to(folder), path) for path in folder.rglob("*") if path.is_file()]
    return sorted(
        (name.as_posix(), path) for name, path in relative if not any(part.startswith(".") for part in name.parts)
    )


def _read_files(files: list[tuple[str, Path]], cache_dir: Path, on_progress: Progress | None) -> Reading:
    readings: list[Reading] = []
    for done, (name, path) in enumerate(files, start=1):
        readings.append(_read_or_refuse(path, name, cache_dir))
        if on_progress is not None:
            on_progress(done, len(files), name)
    return Reading(
        tuple(piece for reading in readings for piece in reading.pieces),
        tuple(refusal for reading in readings for refusal in reading.refused),
    )


def _read_or_refuse(path: Path, name: str, cache_dir: Path) -> Reading:
    """Read one file; whatever a reader meets in it concerns this file alone."""
    try:
        if path.suffix.lower() in MIDI_SUFFIXES:
            return read_cached(path, name, "symusic", lambda: Reading((read_midi(path, name),)), cache_dir)
        return read_cached(path, name, "music21", lambda: read_score(path, name), cache_dir)
    except ComposerError as error:
        return Reading(refused=(Refusal(name, str(error)),))
    except OSError as error:
        return Reading(refused=(Refusal(name, f"cannot be opened ({error.strerror})"),))
    except Exception as error:  # noqa: BLE001 - a reader's bug must not cost the other files
        return Reading(refused=(Refusal(name, f"cannot be read ({type(error).__name__}: {str(error)[:80]})"),))


def _without_short(reading: Reading) -> tuple[tuple[Piece, ...], tuple[Refusal, ...]]:
    short = [piece for piece in reading.pieces if len(piece.notes) < MINIMUM_NOTES]
    refused = [Refusal(piece.name, f"has only {len(piece.notes)} notes; {MINIMUM_NOTES} are needed") for piece in short]
    pieces = tuple(piece for piece in reading.pieces if len(piece.notes) >= MINIMUM_NOTES)
    return pieces, tuple(sorted([*reading.refused, *refused], key=lambda refusal: refusal.name))


def _first_reasons(refused: Iterable[Refusal]) -> str:
    reasons = [f"{refusal.name} {refusal.reason}" for refusal in refused]
    more = f"; and {len(reasons) - _REASONS_SHOWN} more" if len(reasons) > _REASONS_SHOWN else ""
    return "; ".join(reasons[:_REASONS_SHOWN]) + more
