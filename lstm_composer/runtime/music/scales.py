"""Keys and scales, as the pitch classes that they allow."""

from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.pitches import pitch_class_of

SCALES: Final = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic-minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic-minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "major-pentatonic": (0, 2, 4, 7, 9),
    "minor-pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole-tone": (0, 2, 4, 6, 8, 10),
    "octatonic": (0, 1, 3, 4, 6, 7, 9, 10),
    "chromatic": tuple(range(12)),
}
"""Semitones above the tonic."""


def pitch_classes(key: str) -> frozenset[int]:
    """Return the pitch classes 0..11 (C is 0) of a key, such as "C", "F# minor" or "Bb dorian".

    Raises:
        InputError: If the tonic or the scale is unknown.

    """
    tonic, scale = _read(key)
    return frozenset((tonic + step) % 12 for step in SCALES[scale])


def tonic_of(key: str) -> int:
    """Return the pitch class 0..11 of a key's tonic; raises as `pitch_classes` does."""
    return _read(key)[0]


def _read(key: str) -> tuple[int, str]:
    name, _, scale = key.strip().partition(" ")
    scale = scale.strip().lower().replace(" ", "-") or "major"
    tonic = pitch_class_of(name)
    if tonic is None:
        raise InputError(f"key {key!r} has no tonic: begin with a letter A to G, with # or b behind it, as in F# minor")
    if scale not in SCALES:
        raise InputError(f"scale {scale!r} is unknown: choose one of {', '.join(SCALES)}")
    return tonic, scale
