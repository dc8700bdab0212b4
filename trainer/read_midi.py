"""Reading a standard MIDI file of any type and resolution into a piece.

Bar lines are where the file's meter events put them: a pickup that the file does not show as a short first bar
is taken as the beginning of bar 1. Meters that this program has no name for (5/64) are passed over. Notes on the
drum channel are left out. Only note-offs and the sustain pedal end notes; the other controllers are not read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import symusic
from numpy.typing import NDArray

from runtime.errors import InputError
from runtime.messages import SUSTAIN_PEDAL
from runtime.notes import TICKS_PER_QUARTER, TICKS_PER_WHOLE, Meter, Note, end_of, rescale_tick
from trainer.piece import MeterChange, Piece, bar_positions, in_order, longest_tempo, make_piece, timing_of

_Ticks = NDArray[np.int64]

LONGEST_PEDALLED_TICKS = 4 * TICKS_PER_WHOLE
"""A pedal never lifted must not turn every note into one that lasts to the end of the piece."""
_HEADER_BYTES = 14
_CHUNK_HEAD_BYTES = 8
_PEDAL_DOWN = 64


@dataclass(slots=True)
class _Music:
    """What one sequence of a file holds, in our ticks; `off_ticks` is the sum of what rounding moved its onsets by."""

    notes: list[Note] = field(default_factory=list)
    off_ticks: float = 0.0
    meters: list[MeterChange] = field(default_factory=list)
    tempos: list[tuple[int, float]] = field(default_factory=list)
    drums: bool = False


def read_midi(path: Path, name: str) -> Piece:
    """Read a MIDI file of type 0, 1 or 2.

    The sequences of a type 2 file do not sound together: they are put one after another, each from the next bar
    line on. Under the sustain pedal a note lasts until the pedal is lifted or its pitch is struck again, at most
    LONGEST_PEDALLED_TICKS.

    Args:
        path: The file.
        name: What the piece is to be called.

    Raises:
        InputError: If the file is no MIDI file, damaged or without notes other than drums; the message is a
            reason that follows the file's name.

    """
    music = _Music()
    for data in _sequences(_bytes_of(path)):
        _append(music, _read_sequence(data))
    if not music.notes and music.drums:
        raise InputError("holds drums only; notes with a pitch are needed")
    end = end_of(music.notes)
    timing = timing_of(music.tempos, end, music.off_ticks / max(1, len(music.notes)))
    return make_piece(name, music.notes, music.meters, longest_tempo(music.tempos, end), timing=timing)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be opened ({error.strerror})") from error


def _sequences(data: bytes) -> Iterator[bytes]:
    """Check the header and give a type 0 or 1 file as it is, each track of a type 2 file as a file of its own."""
    if not data:
        raise InputError("is empty (0 bytes)")
    if len(data) < _HEADER_BYTES or not data.startswith(b"MThd"):
        raise InputError("is not a MIDI file (those begin with the letters MThd)")
    length, kind, _, division = struct.unpack(">LHHH", data[4:_HEADER_BYTES])
    if division & 0x8000:
        raise InputError("counts film frames (SMPTE), not beats; save it with ticks per quarter note")
    if division == 0:
        raise InputError("is damaged (its resolution is 0 ticks per quarter note)")
    if kind != 2:
        yield data
        return
    header = b"MThd" + struct.pack(">LHHH", 6, 0, 1, division)
    for track in _tracks(data, _CHUNK_HEAD_BYTES + length):
        yield header + track


def _tracks(data: bytes, position: int) -> Iterator[bytes]:
    """The track chunks of a file from `position` on, with their heads."""
    while position + _CHUNK_HEAD_BYTES <= len(data):
        kind, length = struct.unpack(">4sL", data[position : position + _CHUNK_HEAD_BYTES])
        end = position + _CHUNK_HEAD_BYTES + length
        if kind == b"MTrk":
            yield data[position:end]
        position = end


def _read_sequence(data: bytes) -> _Music:
    try:
        score = symusic.core.ScoreTick.from_midi(data)
    except (RuntimeError, ValueError) as error:
        reason = str(error).removeprefix("MiniMidi: ").removesuffix(": iostream error")
        raise InputError(f"is damaged ({reason})") from error
    resolution = score.ticks_per_quarter
    music = _Music(
        meters=list(_meters_of(score)),
        tempos=[(rescale_tick(tempo.time, resolution), tempo.qpm) for tempo in score.tempos],
        drums=any(track.is_drum and len(track.notes) for track in score.tracks),
    )
    for track in score.tracks:
        if not track.is_drum:
            _add_notes(music, track, resolution)
    return music


def _meters_of(score: symusic.core.ScoreTick) -> Iterator[MeterChange]:
    for change in score.time_signatures:
        try:
            meter = Meter(change.numerator, change.denominator)
        except InputError:
            continue
        yield MeterChange(rescale_tick(change.time, score.ticks_per_quarter), meter)


def _add_notes(music: _Music, track: symusic.core.TrackTick, resolution: int) -> None:
    columns = track.notes.numpy()
    start = columns["time"].astype(np.int64)
    if (start < 0).any():
        raise InputError("is damaged (its times are too large to be counted)")
    end = _pedalled(start, start + columns["duration"], _pedals_of(track), resolution)
    onset = _rescaled(start, resolution)
    duration = np.maximum(1, _rescaled(end, resolution) - onset)
    velocity = np.clip(columns["velocity"], 1, 127)
    music.off_ticks += float(np.abs(start * (TICKS_PER_QUARTER / resolution) - onset).sum())
    music.notes += map(Note, onset.tolist(), columns["pitch"].tolist(), duration.tolist(), velocity.tolist())


def _rescaled(ticks: _Ticks, resolution: int) -> _Ticks:
    """Do what `rescale_tick` does, to many at once."""
    return (2 * TICKS_PER_QUARTER * ticks + resolution) // (2 * resolution)


def _pedalled(start: _Ticks, end: _Ticks, pedals: list[tuple[int, int]], resolution: int) -> _Ticks:
    """Ends of notes, in file ticks, moved to where the pedal that is down at the end of each is lifted."""
    if not pedals:
        return end
    presses, releases = np.array(pedals, np.int64).T
    held = np.searchsorted(presses, end) - 1
    lifted = np.where(held >= 0, releases[held], 0)
    longest = LONGEST_PEDALLED_TICKS * resolution // TICKS_PER_QUARTER
    return np.maximum(end, np.minimum(lifted, start + longest))


def _pedals_of(track: symusic.core.TrackTick) -> list[tuple[int, int]]:
    """(press, release) of the sustain pedal in file ticks; one that is never lifted is held to the end.

    Not `track.pedals`: that leaves out a pedal without release.
    """
    pedals: list[tuple[int, int]] = []
    press: int | None = None
    for control in sorted((c for c in track.controls if c.number == SUSTAIN_PEDAL), key=lambda c: c.time):
        if control.value >= _PEDAL_DOWN and press is None:
            press = control.time
        elif control.value < _PEDAL_DOWN and press is not None:
            pedals.append((press, control.time))
            press = None
    if press is not None:
        pedals.append((press, track.end()))
    return pedals


def _append(music: _Music, sequence: _Music) -> None:
    """Add a sequence to `music`, from the bar line at or after its end on."""
    start = _next_bar(music) if music.notes else 0
    music.notes += [replace(note, onset=note.onset + start) for note in sequence.notes] if start else sequence.notes
    music.off_ticks += sequence.off_ticks
    music.meters += [MeterChange(change.tick + start, change.meter) for change in in_order(sequence.meters)]
    music.tempos += [(tick + start, tempo_bpm) for tick, tempo_bpm in sequence.tempos]
    music.drums = music.drums or sequence.drums


def _next_bar(music: _Music) -> int:
    end = end_of(music.notes)
    [(position, meter)] = bar_positions(in_order(music.meters), [end])
    return end + (-position) % meter.ticks_per_bar
