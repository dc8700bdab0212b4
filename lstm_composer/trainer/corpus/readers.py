"""Reading many files: those in the cache from there, the others by their readers, in processes of their own if it pays.

Nothing here imports TensorFlow or Keras: the processes that read start in a fraction of a second.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from lstm_composer.runtime.errors import ComposerError
from lstm_composer.trainer.corpus.cache import decode_reading, encode_reading, is_cached, read_cached
from lstm_composer.trainer.corpus.process_pool import NoWorkersError, WorkerFailure, cores, map_in_workers
from lstm_composer.trainer.formats.midi_reader import read_midi
from lstm_composer.trainer.formats.score_reader import ABC_SUFFIX, read_score
from lstm_composer.trainer.pieces.piece import ReadResult, SkippedFile

MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi")
FILE_SECONDS = 60.0
"""How long a small file may take in a process of its own; real ones take a fraction of a second."""
BYTES_PER_SECOND = 1000
"""What must be read of a large one each second beyond that: a tunebook of a thousand tunes takes its minutes."""
MANY_FILES, MANY_CORES = 200, 4
"""With fewer of either, starting processes takes longer than reading MIDI files does."""

Progress = Callable[[int, int, str], None]
"""Called after each file with how many are done, how many there are and the file's name."""


class File(NamedTuple):
    """A file of a corpus: the name that it has there, and where it is."""

    name: str
    path: Path

    @property
    def is_midi(self) -> bool:
        """Whether it is a MIDI file."""
        return self.path.suffix.lower() in MIDI_SUFFIXES

    @property
    def is_ours(self) -> bool:
        """Whether our own readers read it, in milliseconds; music21 takes seconds, and may hang."""
        return self.is_midi or self.path.suffix.lower() == ABC_SUFFIX

    @property
    def reader_package(self) -> str:
        """The package whose version decides what is read from it."""
        return "lstm-composer" if self.is_ours else "music21"


def read_files(
    files: Sequence[File], cache_dir: Path, on_progress: Progress | None = None, *, workers: int | None = None
) -> list[ReadResult]:
    """Read each file, in their order; whatever a reader meets in one concerns this one alone.

    A file that kills the process that reads it, or hangs it, is refused like any other.

    Args:
        files: What to read.
        cache_dir: Where readings are kept.
        on_progress: Told after each file, in their order.
        workers: How many processes read what the cache lacks, 0 to read here; default: as many as there are cores
            if there are scores (music21 is slow, and may hang) or many files and cores.

    """
    cached = [_is_cached(file, cache_dir) for file in files]
    missing = [file for file, known in zip(files, cached, strict=True) if not known]
    readings: list[ReadResult] = []
    with closing(_read_all(missing, cache_dir, _workers_for(missing) if workers is None else workers)) as fresh:
        for file, known in zip(files, cached, strict=True):
            readings.append(read_or_refuse(file, cache_dir) if known else next(fresh))
            if on_progress is not None:
                on_progress(len(readings), len(files), file.name)
    return readings


def read_or_refuse(file: File, cache_dir: Path) -> ReadResult:
    """Read one file here; a reader's error is a refusal, a bug of its too."""
    try:
        return read_cached(file.path, file.name, file.reader_package, partial(_read, file), cache_dir)
    except ComposerError as error:
        return _refused(file, str(error))
    except OSError as error:
        return _refused(file, f"cannot be opened ({error.strerror})")
    except Exception as error:  # noqa: BLE001 - a reader's bug must not cost the other files
        return _refused(file, f"cannot be read ({type(error).__name__}: {str(error)[:80]})")


def _read(file: File) -> ReadResult:
    return ReadResult((read_midi(file.path, file.name),)) if file.is_midi else read_score(file.path, file.name)


def _refused(file: File, reason: str) -> ReadResult:
    return ReadResult(refused=(SkippedFile(file.name, reason),))


def _is_cached(file: File, cache_dir: Path) -> bool:
    try:
        return is_cached(file.path, file.reader_package, cache_dir)
    except (OSError, ComposerError):
        return False


def _workers_for(missing: Sequence[File]) -> int:
    many = len(missing) >= MANY_FILES and cores() >= MANY_CORES
    return min(cores(), len(missing)) if many or not all(file.is_ours for file in missing) else 0


def _read_all(files: Sequence[File], cache_dir: Path, workers: int) -> Generator[ReadResult, None, None]:
    """Readings of the files in their order; read here what cannot be read in processes because none start."""
    done = 0
    if workers:
        with suppress(NoWorkersError), closing(_read_elsewhere(files, cache_dir, workers)) as readings:
            for reading in readings:
                done += 1
                yield reading
    for file in files[done:]:
        yield read_or_refuse(file, cache_dir)


def _read_elsewhere(files: Sequence[File], cache_dir: Path, workers: int) -> Generator[ReadResult, None, None]:
    tasks = [(file, cache_dir) for file in files]
    with closing(map_in_workers(_encoded, tasks, workers=workers, limit_seconds=_limit_seconds)) as answers:
        for file, answer in zip(files, answers, strict=True):
            yield (
                _refused(file, answer.reason)
                if isinstance(answer, WorkerFailure)
                else decode_reading(answer, file.name)
            )


def _limit_seconds(task: tuple[File, Path]) -> float:
    path = task[0].path
    return FILE_SECONDS + (path.stat().st_size if path.exists() else 0) / BYTES_PER_SECOND


def _encoded(task: tuple[File, Path]) -> bytes:
    """What a process sends back: notes as plain numbers travel much faster than as objects."""
    file, cache_dir = task
    return encode_reading(read_or_refuse(file, cache_dir), file.name)
