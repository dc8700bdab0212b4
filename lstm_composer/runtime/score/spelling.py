"""The key signature, the name of each note, by the key, by what sounds with it and by where it goes, and accidentals.

Names are places on the line of fifths (... Eb -3, Bb -2, F -1, C 0, G 1, D 2, A 3 ...): names that belong together are
near each other on it. A step of a semitone between two letters is five places, one on the same letter seven.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Final

from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER
from lstm_composer.runtime.music.pitches import LETTERS_BY_FIFTHS, SEMITONES
from lstm_composer.runtime.score.written import Key, Part, Spelling, WrittenNote, heads

_F: Final = LETTERS_BY_FIFTHS.index("C")
_MINOR_FIFTHS: Final = 3
"""A minor key has the signature of the major key so many fifths further."""
_FARTHEST: Final = (-8, 13)
"""Fb to F##: names beyond (double flats, the other double sharps) are harder to read than any other."""
_SIGNS: Final = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_KEY, _CHORD, _NEAR, _STEP = 1.0, 1.0, 0.6, 4.0
_WINDOW_TICKS: Final = 2 * TICKS_PER_QUARTER
_SEMITONE_FIFTHS: Final = 5
_OF_THE_KEY: Final = 3
"""The seven names of a scale are at most so far from its middle."""
_UNSURE: Final = 0.3
_CHROMATIC, _OF_ANOTHER_KEY = 7, 3.0
"""Names further from the middle, such as E# in C major, are of another key, and cost more."""
_PASSES: Final = 2
"""In the first pass the names of the notes that follow are those that the key alone suggests."""


def key_signature(key: str) -> Key:
    """Return the signature of a key, such as "F# minor": one of `runtime.music.key_estimation.KEYS`."""
    tonic, _, mode = key.partition(" ")
    place = LETTERS_BY_FIFTHS.index(tonic[0]) - _F + 7 * (tonic.count("#") - tonic.count("b"))
    return Key(place - _MINOR_FIFTHS, "minor") if mode == "minor" else Key(place, "major")


def spellings(notes: Sequence[WrittenNote], key: Key) -> Mapping[int, Spelling]:
    """Return the spelling of each note, by its number.

    Of the names that a pitch has, the one that is nearest is taken: to the key, to the names of what sounds with it and
    just before and after it, and most of all the one whose letter is the neighbour of the letter that it moves to by a
    semitone: a leading tone is a sharp, what leads down a flat.
    """
    ordered = sorted(notes, key=attrgetter("onset", "pitch"))
    middle = key.fifths + (3 if key.mode == "minor" else 2)
    places = [_nearest(note.pitch, middle) for note in ordered]
    onsets = [note.onset for note in ordered]
    longest = max((note.end - note.onset for note in ordered), default=0)
    for index, note in [*enumerate(ordered)] * _PASSES:
        first = bisect_left(onsets, note.onset - max(longest, _WINDOW_TICKS))
        last = bisect_right(onsets, max(note.end, note.onset) + _WINDOW_TICKS)
        around = [(ordered[one], places[one]) for one in range(first, last) if one != index]
        surroundings = _surroundings(note, around, middle)
        places[index] = min(_names(note.pitch, middle), key=surroundings.strangeness)
    return {note.number: _spelling(note.pitch, place) for note, place in zip(ordered, places, strict=True)}


def _names(pitch: int, middle: int) -> list[int]:
    """Return the places of a pitch's names that a reader may be shown."""
    return [place for place in range(_FARTHEST[0], _FARTHEST[1] + 1) if (7 * place - pitch) % 12 == 0] or [
        _nearest(pitch, middle)
    ]


def _nearest(pitch: int, middle: int) -> int:
    """Return the place of the name that is nearest to the middle of the key; of two, the sharper one."""
    return next(middle + step for step in _BY_DISTANCE if (7 * (middle + step) - pitch) % 12 == 0)


_BY_DISTANCE: Final = sorted(range(-6, 7), key=lambda step: (abs(step), -step))

Place = tuple[int, str, int]
"""A staff, a letter and an octave: a line of the staff, or the space between two."""

Around = Sequence[tuple[WrittenNote, int]]
"""Notes before and after one, and the places of their names."""


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What decides a note's name.

    Attributes:
        middle: Of the key.
        with_it: The mean place of the names of what sounds with the note; that of the key's middle if nothing does.
        near: The same of what begins just before or after it.
        has_others: Whether there are such notes: with it, and near.
        next_step: The place of the name that it moves to by a semitone, and that semitone, 1 or -1.

    """

    middle: int
    with_it: float
    near: float
    has_others: tuple[bool, bool]
    next_step: tuple[int, int] | None

    def strangeness(self, name: int) -> float:
        """Return how far a name is from everything around it."""
        strange = _KEY * abs(name - self.middle)
        strange += (
            _CHORD * abs(name - self.with_it) * self.has_others[0] + _NEAR * abs(name - self.near) * self.has_others[1]
        )
        strange += _OF_ANOTHER_KEY if abs(name - self.middle) > _CHROMATIC else 0.0
        if self.next_step is None:
            return strange
        place, up = self.next_step
        return strange - _STEP if place - name == -_SEMITONE_FIFTHS * up else strange + _STEP


def _surroundings(note: WrittenNote, around: Around, middle: int) -> _Surroundings:
    with_it = [place for other, place in around if other.onset <= note.onset < other.end]
    near = [place for other, place in around if abs(other.onset - note.onset) <= _WINDOW_TICKS]
    steps = [
        (other.onset, place, other.pitch - note.pitch)
        for other, place in around
        if abs(other.pitch - note.pitch) == 1 and note.onset < other.onset <= note.end + _WINDOW_TICKS
    ]
    return _Surroundings(
        middle=middle,
        with_it=_mean(with_it, middle),
        near=_mean(near, middle),
        has_others=(bool(with_it), bool(near)),
        next_step=min(steps)[1:] if steps else None,
    )


def _mean(places: Sequence[int], middle: int) -> float:
    """Return the mean of places, of which those of the key are the surer ones; the middle if there are none."""
    weights = [1.0 if abs(place - middle) <= _OF_THE_KEY else _UNSURE for place in places]
    if not weights:
        return middle
    return sum(weight * place for weight, place in zip(weights, places, strict=True)) / sum(weights)


def _spelling(pitch: int, place: int) -> Spelling:
    alter, letter = divmod(place + _F, len(LETTERS_BY_FIFTHS))
    name = LETTERS_BY_FIFTHS[letter]
    return Spelling(name, alter, (pitch - alter - SEMITONES[name]) // 12 - 1)


def signature(key: Key) -> dict[str, int]:
    """Return by how much a signature alters each letter."""
    return {
        letter: (key.fifths - 1 - index) // len(LETTERS_BY_FIFTHS) + 1 for index, letter in enumerate(LETTERS_BY_FIFTHS)
    }


def accidentals_of(part: Part, spellings: Mapping[int, Spelling], key: Key) -> dict[str, str]:
    """Return what stands before the heads of a part, by their ids.

    A note that is tied over the bar line needs none. One that was altered in the bar before and no longer is gets a
    reminder.
    """
    usual = signature(key)
    found: dict[str, str] = {}
    before: dict[Place, int] = {}
    for _, in_bar in groupby(heads(part), key=attrgetter("bar")):
        here: dict[Place, int] = {}
        for head in in_bar:
            spelling = spellings[head.note.number]
            place = (head.staff, spelling.letter, spelling.octave)
            if head.symbol.start > head.note.onset:
                continue
            reminds = place not in here and before.get(place, spelling.alter) != spelling.alter
            if reminds or spelling.alter != here.get(place, usual[spelling.letter]):
                found[head.id] = _SIGNS[spelling.alter]
            here[place] = spelling.alter
        before = here
    return found
