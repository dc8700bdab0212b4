"""Reading scores: ABC by `trainer.formats.abc`, MusicXML, kern and music21's own corpus through music21.

music21 is slow to import and is no part of the base install, so it is imported on the first score only.
"""

import importlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, suppress
from fractions import Fraction
from functools import partial
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from lstm_composer.runtime.errors import ComposerError, InputError, MissingError
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Meter, Note, end_of
from lstm_composer.runtime.system.foreign_files import read_foreign
from lstm_composer.runtime.system.installation import adding
from lstm_composer.trainer.formats.abc.reader import read_abc
from lstm_composer.trainer.formats.abc.score import abc_score
from lstm_composer.trainer.formats.abc.tunebook import decode_abc, tunes_of
from lstm_composer.trainer.formats.humdrum import decode_humdrum
from lstm_composer.trainer.formats.kern import kern_pieces
from lstm_composer.trainer.formats.kern_score import kern_score
from lstm_composer.trainer.formats.musicxml import MOST_SCORE_BYTES, musicxml_text
from lstm_composer.trainer.pieces.piece import (
    SCORE_VELOCITY,
    Piece,
    ReadResult,
    SkippedFile,
    longest_tempo,
    make_piece,
    timing_of,
)

if TYPE_CHECKING:
    from music21.instrument import Instrument
    from music21.note import Note as NoteHead
    from music21.stream import Measure, Part, Score

ABC_SUFFIX = ".abc"
SCORE_SUFFIXES = (".xml", ".musicxml", ".mxl", ".krn", ABC_SUFFIX)
CORPORA = ("bach",)
"""What may follow "music21:"."""


def read_score(path: Path, name: str) -> ReadResult:
    """Read a score; a file with several tunes (or kern sections) gives one piece each: "tunes.abc#1", "tunes.abc#2" ...

    Ties are joined, transposing instruments read at sounding pitch. Repeats are not played out, endings follow one
    another as written. Grace notes, cue notes, chord symbols and percussion are left out, hidden notes are not.
    Velocities are SCORE_VELOCITY where a note itself is given no number. A pickup bar is moved to the end of bar 1.

    Args:
        path: The file, with one of SCORE_SUFFIXES.
        name: What the piece is to be called.

    Raises:
        InputError: If the file is no score or damaged; the message is a reason that follows the file's name.
        MissingError: If music21 is not installed.

    """
    if path.suffix.lower() == ABC_SUFFIX:
        return read_abc(path, name)
    parsers = parsers_of(path)
    if len(parsers) == 1:
        return ReadResult((_read_one(parsers[0], name),))
    pieces: list[Piece] = []
    refused: list[SkippedFile] = []
    for index, parse in enumerate(parsers, start=1):
        tune = f"{name}#{index}"
        try:
            pieces.append(_read_one(parse, tune))
        except ComposerError as error:
            refused.append(SkippedFile(tune, str(error)))
    return ReadResult(tuple(pieces), tuple(refused))


def music21_files(selector: str) -> list[tuple[str, Path]]:
    """Names and files of a corpus inside music21: "bach" means the four-part chorales, each once.

    Raises:
        InputError: If there is no such corpus.
        MissingError: If music21 is not installed.

    """
    if selector not in CORPORA:
        raise InputError(f"music21 corpus {selector!r} is not known: write music21:{' or music21:'.join(CORPORA)}")
    names = sorted(set(load_music21().corpus.chorales.Iterator(returnType="filename")))
    return [(name, _work_file(name)) for name in names]


def _work_file(name: str) -> Path:
    """The file of a work. Asked for bwv248.5, music21 also finds bwv248.53-5, and the same work in several formats."""
    found = load_music21().corpus.getWork(name)
    files = [Path(file) for file in (found if isinstance(found, list) else [found])]
    return max((file for file in files if file.stem == Path(name).name), default=files[0])


def load_music21() -> ModuleType:
    """Return music21, which takes a second to load the first time.

    Raises:
        MissingError: If it is not installed.

    """
    try:
        return importlib.import_module("music21")
    except ImportError as error:
        raise MissingError(f"scores need music21: {adding('train')}") from error


def parsers_of(path: Path) -> list[Callable[[], "Score"]]:
    """Return one parser for each score of a file; none of them reads music21's cache, which is made of pickles.

    Raises:
        InputError: If the file cannot be opened, or is empty; the message is a reason that follows its name.
        MissingError: If music21 is not installed.

    """
    data = read_foreign(path, MOST_SCORE_BYTES)
    if not data:
        raise InputError("is empty (0 bytes)")
    music21 = load_music21()
    suffix = path.suffix.lower()
    if suffix == ABC_SUFFIX:
        return [partial(abc_score, tune, music21) for tune in tunes_of(decode_abc(data))]
    if suffix == ".krn":
        return [partial(kern_score, piece, music21) for piece in kern_pieces(decode_humdrum(data))]
    return [partial(_parse_musicxml, musicxml_text(data))]


def _parse_musicxml(text: str) -> "Score":
    """Parse MusicXML; all parts begin a bar together, while music21 has each follow its own bars.

    A bar lasts as long as the longest of its parts that has notes in it. Rests tell little: some programs write one of
    two whole notes for any bar.
    """
    score = cast("Score", load_music21().converter.parseData(text, format="musicxml"))
    parts = list(score.parts)
    bars = [list(part.getElementsByClass("Measure")) for part in parts]
    starts = [[measure.offset for measure in measures] for measures in bars]
    start = 0
    for number in range(1, min(map(len, bars), default=0)):
        lengths = [offsets[number] - offsets[number - 1] for offsets in starts]
        with_notes = [
            each for each, measures in zip(lengths, bars, strict=True) if measures[number - 1].recurse().notes
        ]
        start += max(with_notes) if with_notes else min(lengths)
        for part, measures in zip(parts, bars, strict=True):
            part.setElementOffset(measures[number], start)
    return score


def _read_one(parse: "Callable[[], Score]", name: str) -> Piece:
    """Run one parser; music21 lets through whatever it meets (KeyError, AttributeError ...) and talks on stderr."""
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            return _piece_of(parse(), name)
    except ComposerError:
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or [""])[0][:100] or type(error).__name__
        raise InputError(f"is no score that can be read ({reason})") from error


def _piece_of(score: "Score", name: str) -> Piece:
    music21 = load_music21()
    parts = [part for part in _parts_of(score) if not _is_percussion(part)]
    if any(_instrument_of(part).transposition for part in parts):
        parts = [part.toSoundingPitch() for part in parts]
    shift, meters = _bars_of(parts[0]) if parts else (0, [])
    notes = [note for part in parts for note in _notes_of(part, shift)]
    tempos = [
        (shift + _ticks(mark.getOffsetInHierarchy(score)), float(mark.getQuarterBPM()))
        for mark in score.recurse().getElementsByClass(music21.tempo.MetronomeMark)
        if mark.getQuarterBPM()
    ]
    end = end_of(notes)
    return make_piece(name, notes, meters, longest_tempo(tempos, end), timing=timing_of(tempos, end))


def _parts_of(score: "Score | Part") -> "list[Part]":
    """The parts of a score; a tune is a score or, in some files, a bare part."""
    return list(score.parts) if isinstance(score, load_music21().stream.Score) else [cast("Part", score)]


def _instrument_of(part: "Part") -> "Instrument":
    return cast("Instrument", part.getInstrument(returnDefault=True))


def _is_percussion(part: "Part") -> bool:
    return isinstance(_instrument_of(part), load_music21().instrument.UnpitchedPercussion)


def _ticks(quarters: float | Fraction) -> int:
    """Ticks of an offset in quarter notes, halves upward."""
    return int((Fraction(quarters) * TICKS_PER_QUARTER + Fraction(1, 2)).__floor__())


def _bars_of(part: "Part") -> tuple[int, list[MeterChange]]:
    """How far to move the music so that a pickup ends bar 1, and the meters from there on, one for each bar.

    Measures too short for their meter that fit into one bar together (a bar cut in two by a repeat sign) are one bar.
    """
    measures = list(part.getElementsByClass("Measure"))
    if not measures:
        signatures = part.flatten().getElementsByClass("TimeSignature")
        return 0, [MeterChange(_ticks(s.offset), Meter(s.numerator, s.denominator)) for s in signatures]
    offsets = [_ticks(measure.offset) for measure in measures]
    ends = [*offsets[1:], max(_ticks(part.highestTime), offsets[-1])]
    meters = _meters_of(measures)
    shift = max(0, meters[0].ticks_per_bar - ends[0]) if len(measures) > 1 else 0
    changes = [MeterChange(0, meters[0])]
    for offset, end, meter in list(zip(offsets, ends, meters, strict=True))[1:]:
        bar = changes[-1]
        if meter != bar.meter or end + shift - bar.tick > meter.ticks_per_bar:
            changes.append(MeterChange(offset + shift, meter))
    return shift, changes


def _meters_of(measures: "Sequence[Measure]") -> list[Meter]:
    """The meter in force in each measure; one that this program has no name for is passed over."""
    meter, meters = Meter(), []
    for measure in measures:
        signature = measure.timeSignature
        if signature is not None:
            with suppress(InputError):
                meter = Meter(signature.numerator, signature.denominator)
        meters.append(meter)
    return meters


def _notes_of(part: "Part", shift: int) -> list[Note]:
    """A part's notes, ties joined: a tied note lengthens the one of its pitch that ends where it starts."""
    notes: list[Note] = []
    sounding: dict[tuple[int, int], int] = {}
    for onset, end, pitch, velocity, tied in sorted(_heads_of(part)):
        index = sounding.pop((pitch, onset), None) if tied else None
        if index is None:
            index = len(notes)
            notes.append(Note(onset + shift, pitch, end - onset, velocity))
        else:
            first = notes[index]
            notes[index] = Note(first.onset, pitch, end + shift - first.onset, first.velocity)
        sounding[pitch, end] = index
    return notes


def _heads_of(part: "Part") -> Iterator[tuple[int, int, int, int, bool]]:
    """Every note head of a part: onset and end in ticks, pitch, velocity, whether a tie leads to it."""
    music21 = load_music21()
    left_out = (music21.note.Unpitched, music21.percussion.PercussionChord, music21.harmony.Harmony)
    for element in part.flatten().notes:
        if isinstance(element, left_out) or element.duration.quarterLength <= 0:
            continue
        onset = _ticks(element.offset)
        end = max(onset + 1, _ticks(element.offset + element.duration.quarterLength))
        heads = element.notes if isinstance(element, music21.chord.Chord) else (element,)
        for head in cast("tuple[NoteHead, ...]", heads):
            tie = head.tie  # of the note alone: a chord has that of its first tied note
            tied = tie is not None and tie.type in ("stop", "continue")
            yield onset, end, head.pitch.midi, _velocity_of(head), tied


def _velocity_of(head: "NoteHead") -> int:
    velocity = head.volume.velocity if head.hasVolumeInformation() else None
    return SCORE_VELOCITY if velocity is None else min(127, max(1, round(velocity)))
