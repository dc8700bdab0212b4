"""The corpus: every piece that a folder, a benchmark file or music21 holds, and what could not be read and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.corpus.cache import default_cache_dir
from lstm_composer.trainer.corpus.given_split import check_names, read_given_split
from lstm_composer.trainer.corpus.music_files import Found, files_in
from lstm_composer.trainer.corpus.readers import MIDI_SUFFIXES, File, Progress, read_files
from lstm_composer.trainer.formats.jsb_reader import read_jsb
from lstm_composer.trainer.formats.score_reader import CORPORA, SCORE_SUFFIXES, music21_files
from lstm_composer.trainer.pieces.piece import Piece, ReadResult, SkippedFile
from lstm_composer.trainer.pieces.timing_quality import timing_quality
from lstm_composer.trainer.text.names import is_there, kept_source, shown_name, source_path

__all__ = ["MINIMUM_NOTES", "SUFFIXES", "Corpus", "Progress", "SkippedFile", "read_corpus"]

SUFFIXES = MIDI_SUFFIXES + SCORE_SUFFIXES
"""The files of a folder that are read; all others are passed over."""
MINIMUM_NOTES = 16
"""A piece with fewer notes (a scale, a test tone) teaches nothing."""
_MUSIC21 = "music21:"
_REASONS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Corpus:
    """All pieces in the order of their names, what is left out with its reasons, and where it came from.

    Attributes:
        pieces: Each named by its path in the source, as `trainer.text.names.shown_name` shows it.
        refused: What is left out.
        source: Folder, file or corpus, as text.
        styles: Of a folder of styles its sub-folders, in the order of their names; of anything else none.

    """

    pieces: tuple[Piece, ...]
    refused: tuple[SkippedFile, ...]
    source: str
    styles: tuple[str, ...] = ()

    @property
    def nothing_left(self) -> str:
        """What is said where there are no pieces: why the first files are left out."""
        return f"nothing in {visible(self.source)} can be used: {_first_reasons(self.refused)}"


def read_corpus(
    source: str,
    *,
    cache_dir: Path | None = None,
    on_progress: Progress | None = None,
    leave_out_untidy: bool = False,
    workers: int | None = None,
) -> Corpus:
    """Read everything that can be read; the rest is named in `refused`.

    A folder is one of styles where it has two sub-folders or more, each holds music, and none lies beside them. Its
    split.tsv, if it has one, says of pieces in which part they are (`trainer.corpus.given_split`).

    Args:
        source: A folder (with all that is in it or linked from it, each file once, except hidden ones), one file of
            music, a JSB chorales benchmark file (.json), "music21:bach", or a path as a file:// address.
        cache_dir: Where to keep what was read; default: a folder in the user's cache.
        on_progress: Told after each file.
        leave_out_untidy: Refuse pieces that do not keep the time that they write down, as
            `trainer.pieces.timing_quality` tells.
        workers: How many processes read, 0 to read here; default: by what there is to read.

    Raises:
        CorpusError: If there is no such source, no file in it, or none that can be read, or if the folder's split.tsv
            is not right.
        InputError: If there is no such corpus in music21.
        MissingError: If "music21:..." is asked for and music21 is not installed.

    """
    corpus = gather_corpus(
        source, cache_dir=cache_dir, on_progress=on_progress, leave_out_untidy=leave_out_untidy, workers=workers
    )
    if not corpus.pieces:
        raise CorpusError(corpus.nothing_left)
    return corpus


def gather_corpus(
    source: str,
    *,
    cache_dir: Path | None = None,
    on_progress: Progress | None = None,
    leave_out_untidy: bool = False,
    workers: int | None = None,
) -> Corpus:
    """Read everything that can be read, as `read_corpus` does, and go on where nothing can be used.

    Raises:
        CorpusError: If there is no such source, no file in it, or if the folder's split.tsv is not right.
        InputError: If there is no such corpus in music21.
        MissingError: If "music21:..." is asked for and music21 is not installed.

    """
    source = kept_source(source)
    styles: tuple[str, ...] = ()
    if is_benchmark(source):
        reading = _read_benchmark(source)
    else:
        found = find_files(source)
        styles = _styles_of(source_path(source), found.files)
        given = read_given_split(source_path(source))
        readings = read_files(found.files, cache_dir or default_cache_dir(), on_progress, workers=workers)
        reading = _joined([*_in_parts(source, found.files, readings, given), ReadResult(refused=found.refused)])
    kept, refused = _sorted_out(reading, leave_out_untidy=leave_out_untidy)
    return Corpus(kept, refused, source, styles)


def style_folder(piece: Piece) -> str:
    """The sub-folder of a folder of styles that a piece lies in, however deep."""
    return piece.name.partition("/")[0]


def is_benchmark(source: str) -> bool:
    """Whether a source is a file of the JSB chorales benchmark."""
    path = source_path(source)
    return path.suffix.lower() == ".json" and is_there(path) and not path.is_dir()


def _read_benchmark(source: str) -> ReadResult:
    try:
        return ReadResult(tuple(read_jsb(source_path(source))))
    except InputError as error:
        raise CorpusError(f"{visible(source)} {error}") from error


def check_source(source: str) -> None:
    """Check that there are files to read in a source; whether any can be read is seen later.

    Raises:
        CorpusError: If there is no such source, or no file in it.
        InputError: If there is no such corpus in music21.
        MissingError: If "music21:..." is asked for and music21 is not installed.

    """
    if not is_benchmark(source):
        find_files(kept_source(source))


def find_files(source: str) -> Found:
    """Find the files of a source.

    Raises:
        CorpusError: If there is no such source, or no file in it.

    """
    if source.startswith(_MUSIC21):
        return Found(tuple(File(name, path) for name, path in music21_files(source.removeprefix(_MUSIC21))))
    path = source_path(source)
    if not source or not is_there(path):
        shown = visible(source) or "''"
        raise CorpusError(f"{shown} does not exist: give a folder of music or music21:{'|'.join(CORPORA)}")
    if path.is_dir():
        found = files_in(path, SUFFIXES)
    else:
        found = Found((File(shown_name(path.name), path),) if path.suffix.lower() in SUFFIXES else ())
    if not found.files:
        why = f" ({_first_reasons(found.refused)})" if found.refused else ""
        raise CorpusError(f"{visible(source)} holds no music{why}: files that end in {', '.join(SUFFIXES)} are read")
    return found


def _styles_of(source: Path, files: Iterable[File]) -> tuple[str, ...]:
    """The sub-folders of a folder of styles, rising; none if the source is anything else."""
    if not source.is_dir():
        return ()
    inside = (path for path in source.iterdir() if path.is_dir() and not path.name.startswith("."))
    folders = sorted(shown_name(path.name) for path in inside)
    with_music = {file.name.partition("/")[0] for file in files}
    return tuple(folders) if len(folders) > 1 and with_music == set(folders) else ()


def _in_parts(
    source: str, files: Sequence[File], readings: Sequence[ReadResult], given: Mapping[str, str]
) -> list[ReadResult]:
    """Say of each piece in which part it is, as far as `given` does, by its name or that of its file."""
    pieces = {piece.name for reading in readings for piece in reading.pieces}
    refused = {refusal.name for reading in readings for refusal in reading.refused}
    check_names(source_path(source), given, {file.name for file in files} | pieces | refused)
    return [
        replace(
            reading,
            pieces=tuple(
                replace(piece, part=given.get(piece.name, given.get(file.name, piece.part))) for piece in reading.pieces
            ),
        )
        for file, reading in zip(files, readings, strict=True)
    ]


def _joined(readings: Iterable[ReadResult]) -> ReadResult:
    readings = list(readings)
    return ReadResult(
        tuple(piece for reading in readings for piece in reading.pieces),
        tuple(refusal for reading in readings for refusal in reading.refused),
    )


def _sorted_out(reading: ReadResult, *, leave_out_untidy: bool) -> tuple[tuple[Piece, ...], tuple[SkippedFile, ...]]:
    judged = [(piece, _reason_against(piece, leave_out_untidy=leave_out_untidy)) for piece in reading.pieces]
    kept = tuple(piece for piece, reason in judged if reason is None)
    refused = [*reading.refused, *(SkippedFile(piece.name, reason) for piece, reason in judged if reason is not None)]
    return kept, tuple(sorted(refused, key=lambda refusal: refusal.name))


def _reason_against(piece: Piece, *, leave_out_untidy: bool) -> str | None:
    if len(piece.notes) < MINIMUM_NOTES:
        return f"has only {len(piece.notes)} notes; {MINIMUM_NOTES} are needed"
    faults = timing_quality(piece).faults if leave_out_untidy else ()
    return faults[0] if faults else None


def _first_reasons(refused: Iterable[SkippedFile]) -> str:
    reasons = [f"{refusal.name} {refusal.reason}" for refusal in refused]
    more = f"; and {len(reasons) - _REASONS_SHOWN} more" if len(reasons) > _REASONS_SHOWN else ""
    return "; ".join(reasons[:_REASONS_SHOWN]) + more
