"""What is done to notes after they have been made, just before they are played.

That is their loudness, the accents of the meter, swing, a human hand, transposition, and silence.

The stream of the network does not know of any of this, so that it is heard at once and can be undone.
"""

from collections.abc import Iterable
from dataclasses import replace

from lstm_composer.runtime.music.event_encoding import PITCHES
from lstm_composer.runtime.music.meter_accents import accent
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Meter, Note, without_overlaps
from lstm_composer.runtime.parameters.parameters import Parameters

EIGHTH = TICKS_PER_QUARTER // 2
OCTAVE = 12
LATEST_SECONDS = 0.03
LOUDEST = 12
"""By how much a human hand is late, louder or softer at the most, with humanise at 1."""
MIDDLE_VELOCITY = 80
"""The velocity that `velocity_range` measures distances from where none is asked for."""


def apply_expression(notes: Iterable[Note], parameters: Parameters, meter: Meter) -> list[Note]:
    """Return the notes with all expression parameters applied; the bars of the meter count from tick 0."""
    if parameters.mute:
        return []
    accented = (_accented(_loud(note, parameters), parameters.accents, meter) for note in notes)
    human = [_human(_swung(note, parameters.swing), parameters.humanise) for note in accented]
    return _transposed(human, parameters.transpose)


def humanise_delay_seconds(tick: int, humanise: float) -> float:
    """Return by how many seconds `humanise` delays a tick; the same each time, so that a loop stays a loop."""
    return humanise * LATEST_SECONDS * _chance(tick)


def _human(note: Note, humanise: float) -> Note:
    """Make a note a little louder or softer."""
    if humanise == 0.0:
        return note
    louder = round(humanise * LOUDEST * (2 * _chance(128 * note.onset + note.pitch) - 1))
    return _louder(note, louder)


def _accented(note: Note, accents: float, meter: Meter) -> Note:
    return _louder(note, round(accents * accent(note.onset, meter))) if accents else note


def _louder(note: Note, steps: int) -> Note:
    return replace(note, velocity=min(max(note.velocity + steps, 1), 127))


def _chance(number: int) -> float:
    """A number from 0 to 1 that looks random: Knuth's multiplicative hash."""
    return (number * 2_654_435_761 & 0xFFFF_FFFF) / 0xFFFF_FFFF


def _loud(note: Note, parameters: Parameters) -> Note:
    if parameters.velocity is None and parameters.velocity_range == 1.0:
        return note
    centre = MIDDLE_VELOCITY if parameters.velocity is None else parameters.velocity
    velocity = round(centre + (note.velocity - MIDDLE_VELOCITY) * parameters.velocity_range)
    return replace(note, velocity=min(max(velocity, 1), 127))


def _swung(note: Note, swing: float) -> Note:
    """Move an off-beat eighth late, at most to two thirds of its beat; its end stays."""
    if swing == 0.0 or note.onset % TICKS_PER_QUARTER != EIGHTH:
        return note
    later = round(swing * TICKS_PER_QUARTER / 6)
    return replace(note, onset=note.onset + later, duration=max(1, note.duration - later))


def _transposed(notes: list[Note], semitones: int) -> list[Note]:
    """Shift notes; those that would leave MIDI's range come back by octaves, and may meet others on their pitch."""
    if semitones == 0:
        return notes
    moved = [replace(note, pitch=_within_range(note.pitch + semitones)) for note in notes]
    voices = sorted({note.voice for note in moved})
    return sorted(note for voice in voices for note in without_overlaps(one for one in moved if one.voice == voice))


def _within_range(pitch: int) -> int:
    while pitch < 0:
        pitch += OCTAVE
    while pitch >= PITCHES:
        pitch -= OCTAVE
    return pitch
