"""Names of pitches, and back."""

import pytest

from lstm_composer.runtime.music.pitches import (
    SEMITONES,
    SHARPS,
    TONICS_OF_MAJOR,
    TONICS_OF_MINOR,
    pitch_class_names,
    pitch_class_of,
    pitch_name,
)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (SHARPS, "C C# D D# E F F# G G# A A# B"),
        (TONICS_OF_MAJOR, "C Db D Eb E F F# G Ab A Bb B"),
        (TONICS_OF_MINOR, "C C# D Eb E F F# G G# A Bb B"),
        (pitch_class_names(5), "C Db D Eb E F Gb G Ab A Bb B"),
        (pitch_class_names(3, sharp="♯", flat="♭"), "C C♯ D E♭ E F F♯ G A♭ A B♭ B"),
        (pitch_class_names(2, flat="-"), "C C# D E- E F F# G G# A B- B"),
    ],
)
def test_names_of_pitch_classes(names: tuple[str, ...], expected: str) -> None:
    assert " ".join(names) == expected


@pytest.mark.parametrize("flats", range(6))
def test_a_name_is_read_as_the_class_that_it_names(flats: int) -> None:
    for sharp, flat in ("#b", "♯♭"):
        names = pitch_class_names(flats, sharp=sharp, flat=flat)
        assert [pitch_class_of(name) for name in names] == list(range(12))
        assert [pitch_class_of(name.lower()) for name in names] == list(range(12))
        assert sum(flat in name for name in names) == flats


@pytest.mark.parametrize("name", ["", "H", "#", "F##", "Fx", "F ", "♭"])
def test_what_is_no_name(name: str) -> None:
    assert pitch_class_of(name) is None


def test_octaves() -> None:
    assert [pitch_name(pitch) for pitch in (0, 59, 60, 61, 127)] == ["C-1", "B3", "C4", "C#4", "G9"]
    assert [pitch_name(pitch, TONICS_OF_MAJOR) for pitch in (21, 63, 70)] == ["A0", "Eb4", "Bb4"]


def test_letters() -> None:
    assert SEMITONES == {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
