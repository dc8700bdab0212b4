"""Key signatures: which notes a key raises or lowers (standard 2.1, section 3.1.14)."""

import re
from typing import Final, NamedTuple

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.pitches import LETTERS_BY_FIFTHS
from lstm_composer.runtime.system.visible_text import visible

ALTERATIONS: Final = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_SHARPS_OF_MAJOR: Final = {letter: fifths - 1 for fifths, letter in enumerate(LETTERS_BY_FIFTHS)}
_SHARPS_OF_MODE: Final = {
    "": 0, "maj": 0, "ion": 0, "mix": -1, "dor": -2, "m": -3, "min": -3, "aeo": -3, "phr": -4, "loc": -5, "lyd": 1,
}  # fmt: skip
"""How many more sharps than the major key of the same tonic."""
_BAGPIPE: Final = {"F": 1, "C": 1}
_TONIC: Final = re.compile(
    r"(?P<tonic>[A-G])(?P<sign>[#b]?)\s*"
    r"(?P<mode>(?i:maj|min|mix|dor|phr|lyd|loc|ion|aeo)[A-Za-z]*|[mM](?![A-Za-z]|\s*=))?(?![A-Za-z#])"
)
_ACCIDENTAL: Final = re.compile(r"(\^\^|\^|__|_|=)([A-Ga-g])(?![A-Za-z])")

Key = dict[str, int]
"""Semitones by which a letter, "A".."G", is raised; one that is missing is not."""


class KeyField(NamedTuple):
    """What a field K: holds.

    Attributes:
        key: The signature; None where the field names none, but a clef for example.
        rest: What else it says: clef, octave, transposition.

    """

    key: Key | None
    rest: str


def parse_key(text: str) -> KeyField:
    """Read a key such as "D", "Am", "G mixolydian", "D Phr ^f", "D exp _b _e ^f", "HP" or "none".

    Raises:
        InputError: If it is no key signature of up to seven sharps or flats.

    """
    key, rest = _named_key(text.strip())
    explicit = re.match(r"\s*exp(?![A-Za-z])", rest)
    if explicit:
        key, rest = {}, rest[explicit.end() :]
    while accidental := _ACCIDENTAL.match(rest.lstrip()):
        key = {**(key or {}), accidental[2].upper(): ALTERATIONS[accidental[1]]}
        rest = rest.lstrip()[accidental.end() :]
    return KeyField(key, rest.strip())


def _named_key(text: str) -> tuple[Key | None, str]:
    if re.match(r"(HP|Hp)(?![A-Za-z])", text):
        return dict(_BAGPIPE), text[2:]
    if re.match(r"none(?![A-Za-z=])", text, re.IGNORECASE):
        return {}, text[4:]
    if not text:
        return {}, ""
    tonic = _TONIC.match(text)
    if tonic is None:
        return None, text
    sharps = _SHARPS_OF_MAJOR[tonic["tonic"]] + {"": 0, "#": 7, "b": -7}[tonic["sign"]]
    sharps += _SHARPS_OF_MODE[(tonic["mode"] or "")[:3].lower()]
    if abs(sharps) > 7:
        raise InputError(f"has the key {visible(text[:20])!r}, which no signature of seven sharps or flats can show")
    return _signature(sharps), text[tonic.end() :]


def _signature(sharps: int) -> Key:
    if sharps < 0:
        return dict.fromkeys(LETTERS_BY_FIFTHS[sharps:], -1)
    return dict.fromkeys(LETTERS_BY_FIFTHS[:sharps], 1)
