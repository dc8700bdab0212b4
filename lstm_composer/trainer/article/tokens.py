"""Files as tokens, by music21 and the article's rules.

Of each file the first part counts, parts being what music21 finds when it sorts the notes by instrument (all notes
where it finds none). A note gives its name ("C4", "E-5"), a chord the normal order of its pitch classes ("0.4.7");
rests and lengths are dropped. A note tied across a bar line, as music21 writes one that a MIDI file holds across it,
is two. In one thing this departs from the article: a first part without notes, as music21 makes of a track's name in
very many MIDI files, is passed over; the article got nothing from such a file.
"""

import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, redirect_stderr, suppress
from dataclasses import dataclass
from functools import partial
from io import StringIO
from typing import Any

from lstm_composer.runtime.errors import ComposerError, CorpusError, InputError
from lstm_composer.runtime.music.token_encoding import pitches_of
from lstm_composer.runtime.system.foreign_files import read_foreign
from lstm_composer.trainer.corpus.cache import MOST_MUSIC_BYTES
from lstm_composer.trainer.corpus.process_pool import NoWorkersError, WorkerFailure, cores, map_in_workers
from lstm_composer.trainer.corpus.readers import BYTES_PER_SECOND, FILE_SECONDS, File, Progress
from lstm_composer.trainer.formats.score_reader import load_music21, parsers_of
from lstm_composer.trainer.pieces.piece import SkippedFile

_REASONS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class TokenPiece:
    """One piece as the article's network sees it; its name is that of the same piece in a `Corpus`."""

    name: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenReadResult:
    """What one file gave."""

    pieces: tuple[TokenPiece, ...] = ()
    refused: tuple[SkippedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenCorpus:
    """All pieces in the order of their names, what is left out with its reasons, and where it came from."""

    pieces: tuple[TokenPiece, ...]
    refused: tuple[SkippedFile, ...]
    source: str


def read_tokens(
    files: Sequence[File], source: str, *, on_progress: Progress | None = None, workers: int | None = None
) -> TokenCorpus:
    """Read the tokens of each file; one that cannot be read is named in `refused`.

    Args:
        files: What to read.
        source: What the user called them.
        on_progress: Told after each file, in their order.
        workers: How many processes read, 0 to read here; default: as many as there are cores.

    Raises:
        CorpusError: If nothing can be read.
        MissingError: If music21 is not installed.

    """
    load_music21()
    readings: list[TokenReadResult] = []
    with closing(_read_all(files, min(cores(), len(files)) if workers is None else workers)) as fresh:
        for file, reading in zip(files, fresh, strict=True):
            readings.append(reading)
            if on_progress is not None:
                on_progress(len(readings), len(files), file.name)
    pieces = sorted((piece for reading in readings for piece in reading.pieces), key=lambda piece: piece.name)
    refused = sorted((refusal for reading in readings for refusal in reading.refused), key=lambda refusal: refusal.name)
    if not pieces:
        reasons = [f"{refusal.name} {refusal.reason}" for refusal in refused[:_REASONS_SHOWN]]
        raise CorpusError(f"nothing in {source} can be used: {'; '.join(reasons) or 'there are no files'}")
    return TokenCorpus(tuple(pieces), tuple(refused), source)


def read_file(file: File) -> TokenReadResult:
    """Read one file here; whatever music21 meets in it is a refusal."""
    try:
        parsers = _midi_parsers(file) if file.is_midi else parsers_of(file.path)
    except ComposerError as error:
        return _refused(file.name, str(error))
    names = [file.name] if len(parsers) == 1 else [f"{file.name}#{index}" for index in range(1, len(parsers) + 1)]
    readings = [_read_one(parse, name) for parse, name in zip(parsers, names, strict=True)]
    if not readings:
        return _refused(file.name, "holds no tune")
    return TokenReadResult(
        tuple(piece for reading in readings for piece in reading.pieces),
        tuple(refusal for reading in readings for refusal in reading.refused),
    )


def _midi_parsers(file: File) -> list[Callable[[], Any]]:
    """The parser of a MIDI file, which music21 would leave open if it were damaged."""
    data = read_foreign(file.path, MOST_MUSIC_BYTES)
    if not data:
        raise InputError("is empty (0 bytes)")
    return [partial(load_music21().converter.parseData, data, format="midi")]


def _read_one(parse: Callable[[], Any], name: str) -> TokenReadResult:
    """Run one parser; music21 lets through whatever it meets (KeyError, AttributeError ...) and talks on stderr."""
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            tokens = tuple(tokens_of(parse()))
        _check_playable(tokens)
    except ComposerError as error:
        return _refused(name, str(error))
    except Exception as error:  # noqa: BLE001 - a damaged file must not cost the others
        reason = (str(error).strip().splitlines() or [""])[0][:100] or type(error).__name__
        return _refused(name, f"cannot be read by music21 ({reason})")
    return TokenReadResult((TokenPiece(name, tokens),)) if tokens else _refused(name, "has no notes")


def _check_playable(tokens: Iterable[str]) -> None:
    for token in set(tokens):
        pitches_of(token)


def tokens_of(score: Any) -> list[str]:
    """Return the tokens of what music21 has parsed: those of its first part with notes."""
    partition = load_music21().instrument.partitionByInstrument(score)
    parts = list(partition.parts) if partition else []
    if not parts:
        return list(_tokens_in(score.flatten().notes))
    return next((tokens for part in parts if (tokens := list(_tokens_in(part.recurse())))), [])


def _tokens_in(elements: Iterable[Any]) -> Iterator[str]:
    note, chord = load_music21().note.Note, load_music21().chord.Chord
    for element in elements:
        if isinstance(element, note):
            yield str(element.pitch)
        elif isinstance(element, chord):
            yield ".".join(str(number) for number in element.normalOrder)


def _refused(name: str, reason: str) -> TokenReadResult:
    return TokenReadResult(refused=(SkippedFile(name, reason),))


def _read_all(files: Sequence[File], workers: int) -> Generator[TokenReadResult, None, None]:
    """Readings of the files in their order; read here what cannot be read in processes because none start."""
    done = 0
    if workers:
        with (
            suppress(NoWorkersError),
            closing(map_in_workers(read_file, files, workers=workers, limit_seconds=_limit)) as answers,
        ):
            for file, answer in zip(files, answers, strict=True):
                done += 1
                yield _refused(file.name, answer.reason) if isinstance(answer, WorkerFailure) else answer
    for file in files[done:]:
        yield read_file(file)


def _limit(file: File) -> float:
    return FILE_SECONDS + (file.path.stat().st_size if file.path.exists() else 0) / BYTES_PER_SECOND
