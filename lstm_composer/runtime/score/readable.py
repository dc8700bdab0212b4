"""The lengths that a musician would write for notes as they were played: onsets stay, ends are moved.

A pianist lets go of a key a little before the next one, or a little after. On paper the note lasts until the next.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Final

from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER
from lstm_composer.runtime.score.written import WrittenNote

SIXTEENTH: Final = TICKS_PER_QUARTER // 4
EIGHTH: Final = TICKS_PER_QUARTER // 2
_MOST_LINES: Final = 2
"""So many voices a hand has at the most."""
_STRAIGHT: Final = (24, 12, 6, 3)
_TRIPLETS: Final = (24, 8, 4)
"""Where an end with nothing near it may go, the first that is near enough: beats, eighths, 16ths; thirds of a beat."""


def readable(notes: Iterable[WrittenNote], struck_again: Mapping[int, int]) -> list[WrittenNote]:
    """Return the notes of one hand with the lengths that are written, by onset and pitch.

    - An end goes to the nearest onset of the hand if that is less than a 16th away, or less than a third of the note's
      distance to it, so that there are no short rests and no short overlaps; else to the nearest beat or part of one.
      What is shorter than an eighth, and has room for one, is written as one: it was played staccato.
    - Notes that begin together end together, where nothing else begins between their ends.
    - A hand has two voices at the most: of more, the shorter ones end where the next note begins.
    - A note ends at the latest when its pitch is struck again, by either hand.

    Args:
        notes: Those of the hand.
        struck_again: The next onset of its pitch, by the number of a note; for notes that have one.

    """
    ordered = sorted(notes, key=attrgetter("onset", "pitch", "number"))
    onsets = sorted({note.onset for note in ordered})
    moved = [replace(note, end=_end(note, onsets)) for note in ordered]
    even = [note for _, group in groupby(moved, key=attrgetter("onset")) for note in _together(list(group), onsets)]
    limited = [replace(note, end=min(note.end, struck_again.get(note.number, note.end))) for note in even]
    return _in_few_lines(limited)


def _end(note: WrittenNote, onsets: Sequence[int]) -> int:
    place = max(bisect_left(onsets, note.end), bisect_right(onsets, note.onset) + 1)
    near = min(onsets[place - 1 : place + 1], key=lambda onset: abs(onset - note.end), default=None)
    if near is not None and near > note.onset and _is_filled(note, near):
        return near
    if note.end - note.onset < EIGHTH and note.onset % EIGHTH == 0 and (near is None or near >= note.onset + EIGHTH):
        return note.onset + EIGHTH
    first = note.end // TICKS_PER_QUARTER * TICKS_PER_QUARTER
    in_beat = onsets[bisect_left(onsets, first) : bisect_left(onsets, first + TICKS_PER_QUARTER)]
    return _on_grid(note.onset, note.end, _TRIPLETS if any(onset % 3 for onset in in_beat) else _STRAIGHT)


def _is_filled(note: WrittenNote, onset: int) -> bool:
    """Tell whether a note is written as lasting until an onset: it does nearly, or that is no more than an eighth."""
    gap, room = onset - note.end, onset - note.onset
    return abs(gap) < max(SIXTEENTH, room / 3) or (gap > 0 and room <= EIGHTH)


def _on_grid(onset: int, end: int, grids: Sequence[int]) -> int:
    """Return the beat, or the part of one, that an end is near to."""
    for grid in grids:
        nearest = (end + grid // 2) // grid * grid
        is_long = end - onset >= grid
        if nearest > onset and abs(nearest - end) < (grid / 3 if is_long else min(SIXTEENTH, grid / 3)):
            return nearest
    return end


def _together(chord: Sequence[WrittenNote], onsets: Sequence[int]) -> list[WrittenNote]:
    """Let notes that begin together end together where no onset is between their ends: when most of them do."""
    classes: dict[int, list[int]] = {}
    for note in chord:
        classes.setdefault(bisect_right(onsets, note.end - 1), []).append(note.end)
    ends = {place: max(set(found), key=lambda end: (found.count(end), end)) for place, found in classes.items()}
    return [replace(note, end=ends[bisect_right(onsets, note.end - 1)]) for note in chord]


def _in_few_lines(notes: Sequence[WrittenNote]) -> list[WrittenNote]:
    """Shorten notes so that at no time more than _MOST_LINES chords sound that began or end at different times."""
    kept = {note.number: note for note in notes}
    sounding: list[WrittenNote] = []
    for onset, group in groupby(notes, key=attrgetter("onset")):
        struck = list(group)
        sounding = [note for note in sounding if note.end > onset]
        ends = sorted({note.end for note in struck})
        room = _MOST_LINES - min(len(ends), _MOST_LINES)
        shapes = sorted({(note.onset, note.end) for note in sounding}, key=lambda shape: (shape[1], -shape[0]))
        ended = shapes[: max(0, len(shapes) - room)]
        for note in sounding:
            if (note.onset, note.end) in ended:
                kept[note.number] = replace(note, end=onset)
        shortened = [replace(note, end=_allowed_end(note.end, ends)) for note in struck]
        kept.update({note.number: note for note in shortened})
        sounding = [note for note in sounding if (note.onset, note.end) not in ended] + shortened
    return [kept[note.number] for note in notes]


def _allowed_end(end: int, ends: Sequence[int]) -> int:
    """Return the end of a note of a chord that has more ends than a hand has voices: the last one, or else the first.

    No note is made longer: its pitch may be struck again before the last end.
    """
    return end if len(ends) <= _MOST_LINES or end == ends[-1] else ends[0]
