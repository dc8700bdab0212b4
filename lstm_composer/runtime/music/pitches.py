"""Names of pitches and pitch classes: the one table, in the spellings that its readers are used to.

Twelve names that are neighbours on the line of fifths (... Eb Bb F C G D A E B F# C# ...) name each pitch class once. A
spelling is therefore said by how many of its names have a flat: none of them in a DAW, four in the names of major keys.
"""

from collections.abc import Sequence
from typing import Final

LETTERS_BY_FIFTHS: Final = "FCGDAEB"
"""The letters, each a fifth above the one before: keys get their sharps in this order, and their flats from its end."""
SEMITONES: Final = {letter: (5 + 7 * fifths) % 12 for fifths, letter in enumerate(LETTERS_BY_FIFTHS)}
"""How far the letters are above C."""
ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
"""By how many semitones what stands behind a letter raises it."""


def pitch_class_names(flats: int, *, sharp: str = "#", flat: str = "b") -> tuple[str, ...]:
    """Return the names of the pitch classes 0..11 (C is 0).

    Args:
        flats: How many have a flat, 0..5: of Bb, Eb, Ab, Db and Gb the first ones; the others have a sharp.
        sharp: How a sharp is written.
        flat: How a flat is written.

    """
    names = {}
    for fifths in range(-flats, 12 - flats):
        sharps, letter = divmod(fifths, len(LETTERS_BY_FIFTHS))
        names[(5 + 7 * fifths) % 12] = LETTERS_BY_FIFTHS[letter] + sharp * sharps + flat * -sharps
    return tuple(names[number] for number in range(12))


SHARPS: Final = pitch_class_names(0)
"""C, C#, D, D# and so on, as DAWs have them."""
TONICS_OF_MAJOR: Final = pitch_class_names(4)
"""Of the two names of a major key the one with fewer accidentals; F# has as many as Gb."""
TONICS_OF_MINOR: Final = pitch_class_names(2)
"""Of the two names of a minor key the one with fewer accidentals; Eb has as many as D#."""


def pitch_name(pitch: int, names: Sequence[str] = SHARPS) -> str:
    """Return the name of a pitch 0..127 with its octave, such as C4 for 60, middle C.

    Args:
        pitch: MIDI note number.
        names: Of the pitch classes, from C.

    """
    return f"{names[pitch % 12]}{pitch // 12 - 1}"


def pitch_class_of(name: str) -> int | None:
    """Return the pitch class 0..11 of a name such as "F#", "bb" or "E♭"; None for what is none."""
    letter, accidental = name[:1].upper(), name[1:].lower()
    if letter not in SEMITONES or accidental not in ACCIDENTALS:
        return None
    return (SEMITONES[letter] + ACCIDENTALS[accidental]) % 12
