"""Bar lines from accents, for MIDI files that begin with a pickup and do not say so.

A MIDI file has no bar lines of its own: it names a meter, and its bars are counted from the beginning. Programs that
write scores as MIDI leave it at that, so that a tune with a pickup, or with a bar cut in two by a repeat, stands beside
its bars for good. Many of them accent the first beat, though: abc2midi plays it with velocity 105, other strong beats
with 95 and the rest with 80. Where the loudest notes come once a bar, bar after bar, they are the bar lines.
"""

from collections.abc import Sequence
from itertools import pairwise

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Note

MOST_VELOCITIES = 8
"""Different velocities in music whose accents were computed: more were played, and a player accents what he likes."""
FEWEST_ACCENTS = 4
SHARE_OF_BARS = 0.5
"""So many of the bars must have an accent: ties and rests leave some without."""
SHARE_OF_ACCENTS = 0.75
"""So many of the accents must begin a bar: the others stand after a bar line in the middle of one, at a repeat."""
SHARE_OF_GAPS = 0.85
"""So many of the bars between accents must be whole: one that is cut short moves the bar lines now and then."""
TOGETHER = 3
"""Ticks within which accents are one: notes of a chord that is spread."""


def accented_bars(notes: Sequence[Note], meters: Sequence[MeterChange]) -> tuple[int, list[MeterChange]]:
    """How many ticks to move the music later so that a pickup ends bar 1, and the meters of the music so moved.

    Where the accents say nothing, or the meter changes, 0 and the meters as they are.

    Args:
        notes: Sorted by onset.
        meters: The first at tick 0.

    """
    meter = meters[0].meter
    bar = meter.ticks_per_bar
    accents = _accents(notes)
    if any(change.meter != meter for change in meters) or len(accents) < FEWEST_ACCENTS:
        return 0, list(meters)
    pickup = accents[0] or (accents[1] if accents[1] < bar else 0)
    lines = _whole_bars([accent for accent in accents if accent >= pickup], bar)
    if not _once_a_bar(lines, accents, bar, notes[-1].onset / bar):
        return 0, list(meters)
    shift = -pickup % bar
    return shift, [MeterChange(0, meter), *(MeterChange(line + shift, meter) for line in lines)]


def _accents(notes: Sequence[Note]) -> list[int]:
    """Where the loudest notes begin, if there are softer ones and the velocities are few."""
    velocities = {note.velocity for note in notes}
    if not 2 <= len(velocities) <= MOST_VELOCITIES:
        return []
    accents: list[int] = []
    loudest = max(velocities)
    for note in notes:
        if note.velocity == loudest and (not accents or note.onset > accents[-1] + TOGETHER):
            accents.append(note.onset)
    return accents


def _whole_bars(accents: Sequence[int], bar: int) -> list[int]:
    """The accents that begin a bar, not the second part of one that a repeat sign or a pickup has cut in two."""
    lines = [accents[0]]
    for accent, following in pairwise([*accents[1:], accents[-1] + bar]):
        if following - lines[-1] > bar:
            lines.append(accent)
    return lines


def _once_a_bar(lines: Sequence[int], accents: Sequence[int], bar: int, bars: float) -> bool:
    """Whether most of `bars` bars begin with an accent, most accents begin a bar, and most bars are whole."""
    whole = sum((following - line) % bar == 0 for line, following in pairwise(lines))
    return (
        len(lines) >= SHARE_OF_BARS * bars
        and len(lines) >= SHARE_OF_ACCENTS * len(accents)
        and whole >= SHARE_OF_GAPS * (len(lines) - 1)
    )
