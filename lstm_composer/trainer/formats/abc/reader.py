"""Pieces for the corpus from an ABC file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import TICKS_PER_WHOLE, Meter, Note, end_of
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, read_foreign
from lstm_composer.trainer.formats.abc.fields import WHOLE
from lstm_composer.trainer.formats.abc.tune import Tune, read_tune
from lstm_composer.trainer.formats.abc.tunebook import decode_abc, tunes_of
from lstm_composer.trainer.formats.abc.voice import Voice
from lstm_composer.trainer.pieces.piece import (
    SCORE_VELOCITY,
    Piece,
    ReadResult,
    SkippedFile,
    longest_tempo,
    make_piece,
    timing_of,
)

MOST_BYTES: Final = 64 * MEBIBYTE
_TWICE_WHOLE: Final = 2 * WHOLE
_TWICE_TICKS_PER_WHOLE: Final = 2 * TICKS_PER_WHOLE


def read_abc(path: Path, name: str) -> ReadResult:
    """Read an ABC file; one with several tunes gives a piece for each, named "tunes.abc#1", "tunes.abc#2" ...

    Repeats are not played out, endings follow one another as written. Grace notes, chord symbols, decorations and
    percussion are left out. Every velocity is SCORE_VELOCITY. A pickup bar is moved to the end of bar 1. Lengths
    finer than a tick are rounded where notes begin and end, so that nothing drifts.

    Raises:
        InputError: If the file holds no tune, or its only one is refused; the message is a reason that follows the
            file's name.

    """
    data = read_foreign(path, MOST_BYTES)
    if not data:
        raise InputError("is empty (0 bytes)")
    tunes = tunes_of(decode_abc(data))
    if not tunes:
        raise InputError("holds no tune (each begins with a line X:1)")
    if len(tunes) == 1:
        return ReadResult((_piece_of(read_tune(tunes[0]), name),))
    pieces: list[Piece] = []
    refused: list[SkippedFile] = []
    for index, text in enumerate(tunes, start=1):
        tune = f"{name}#{index}"
        try:
            pieces.append(_piece_of(read_tune(text), tune))
        except InputError as error:
            refused.append(SkippedFile(tune, str(error)))
    return ReadResult(tuple(pieces), tuple(refused))


def _piece_of(tune: Tune, name: str) -> Piece:
    shift, meters = _bars_of(tune.voices)
    notes = [
        Note(onset + shift, sound.pitch, max(1, _ticks(sound.end) - onset), SCORE_VELOCITY)
        for voice in tune.voices
        for sound in voice.sounds
        for onset in (_ticks(sound.start),)
    ]
    tempos = [(_ticks(position) + shift, tempo_bpm) for position, tempo_bpm in tune.tempos]
    end = end_of(notes)
    return make_piece(name, notes, meters, longest_tempo(tempos, end), timing=timing_of(tempos, end))


def _ticks(steps: int) -> int:
    """Ticks of a position in steps, halves upward."""
    return (steps * _TWICE_TICKS_PER_WHOLE + WHOLE) // _TWICE_WHOLE


def _bars_of(voices: Sequence[Voice]) -> tuple[int, list[MeterChange]]:
    """How far to move the music so that a pickup ends bar 1, and the meters from there on, one for each bar.

    The bar lines are those of the first voice that has any. Bars too short for their meter that fit into one bar
    together (a bar cut in two by a repeat sign) are one bar. Free meter has no bars.
    """
    voice = next((voice for voice in voices if voice.bars and voice.sounds), voices[0])
    starts = [0, *voice.bars]
    if voice.now > starts[-1]:
        starts.append(voice.now)
    measures = list(zip(map(_ticks, starts), map(_ticks, starts[1:]), _meters_at(voice, starts), strict=False))
    if not measures:
        return 0, []
    first_meter = measures[0][2]
    pickup = first_meter is not None and len(measures) > 1
    shift = max(0, first_meter.ticks_per_bar - measures[0][1]) if first_meter is not None and pickup else 0
    changes: list[MeterChange] = [] if first_meter is None else [MeterChange(0, first_meter)]
    for start, end, meter in measures[1:]:
        if meter is None:
            continue
        bar = changes[-1] if changes else None
        if bar is None or meter != bar.meter or end + shift - bar.tick > meter.ticks_per_bar:
            changes.append(MeterChange(start + shift, meter))
    return shift, changes


def _meters_at(voice: Voice, positions: Sequence[int]) -> list[Meter | None]:
    """The meter in force from each position on; one that this program has no name for is passed over."""
    meters: list[Meter | None] = []
    changes, index, meter = voice.meters, 0, None
    for position in positions:
        while index < len(changes) and changes[index][0] <= position:
            given = changes[index][1]
            meter = given.named or meter if given is not None else None
            index += 1
        meters.append(meter)
    return meters
