import pytest

from lstm_composer.runtime.music.key_estimation import KEYS
from lstm_composer.runtime.music.pitches import SEMITONES, pitch_class_of
from lstm_composer.runtime.score.spelling import key_signature, signature, spellings
from lstm_composer.runtime.score.written import Key, WrittenNote
from tests.runtime.score.shown import notes_of, scored


def names(key: str, *given: tuple[int, int, int]) -> list[str]:
    """Spell notes of (onset, pitch, duration) in a key."""
    notes = [
        WrittenNote(number, on, on + ticks, pitch, 64, on + ticks) for number, (on, pitch, ticks) in enumerate(given)
    ]
    found = spellings(notes, key_signature(key))
    return [f"{one.letter}{'#' * one.alter}{'b' * -one.alter}{one.octave}" for one in found.values()]


def line(key: str, *pitches: int) -> str:
    return " ".join(names(key, *((24 * index, pitch, 24) for index, pitch in enumerate(pitches))))


@pytest.mark.parametrize(
    ("key", "fifths"),
    [("C major", 0), ("G major", 1), ("F major", -1), ("F# major", 6), ("Db major", -5), ("A minor", 0),
     ("E minor", 1), ("D minor", -1), ("Eb minor", -6), ("G# minor", 5)],
)  # fmt: skip
def test_signatures(key: str, fifths: int) -> None:
    assert key_signature(key) == Key(fifths, "minor" if key.endswith("minor") else "major")


def test_what_a_signature_alters() -> None:
    assert signature(Key(2, "major")) == {"F": 1, "C": 1, "G": 0, "D": 0, "A": 0, "E": 0, "B": 0}
    assert signature(Key(-3, "minor")) == {"F": 0, "C": 0, "G": 0, "D": 0, "A": -1, "E": -1, "B": -1}


@pytest.mark.parametrize("key", KEYS)
def test_scales_have_each_letter_once_and_minor_its_leading_tone(key: str) -> None:
    tonic, _, mode = key.partition(" ")
    steps = (0, 2, 4, 5, 7, 9, 11, 12) if mode == "major" else (0, 2, 3, 5, 7, 8, 11, 12)
    first = 60 + (pitch_class_of(tonic) or 0)
    spelled = line(key, *(first + step for step in steps)).split()
    assert "".join(sorted(name[0] for name in spelled[:-1])) == "".join(sorted(SEMITONES))
    assert spelled[0][:-1] == spelled[-1][:-1] == tonic


@pytest.mark.parametrize(
    ("key", "pitches", "spelled"),
    [
        ("C major", (67, 66, 67), "G4 F#4 G4"),
        ("C major", (67, 68, 67), "G4 Ab4 G4"),
        ("C major", (67, 68, 69), "G4 G#4 A4"),
        ("C major", (69, 68, 67), "A4 Ab4 G4"),
        ("A minor", (69, 68, 69), "A4 G#4 A4"),
        ("D minor", (62, 61, 62), "D4 C#4 D4"),
        ("C minor", (72, 71, 72), "C5 B4 C5"),
        ("F minor", (65, 64, 65), "F4 E4 F4"),
        ("G# minor", (68, 67, 68), "G#4 F##4 G#4"),
        ("Gb major", (66, 71, 70), "F#4 B4 A#4"),
        ("Db major", (61, 66, 65), "Db4 Gb4 F4"),
    ],
)
def test_where_a_line_goes_decides(key: str, pitches: tuple[int, ...], spelled: str) -> None:
    assert line(key.replace("Gb major", "F# major"), *pitches) == spelled


@pytest.mark.parametrize(
    ("chord", "spelled"),
    [
        ((64, 68, 71), "E4 G#4 B4"),
        ((65, 68, 72), "F4 Ab4 C5"),
        ((62, 66, 69), "D4 F#4 A4"),
        ((69, 73, 76), "A4 C#5 E5"),
        ((63, 67, 70), "Eb4 G4 Bb4"),
        ((61, 65, 68), "Db4 F4 Ab4"),
    ],
)
def test_chords_are_of_thirds(chord: tuple[int, ...], spelled: str) -> None:
    assert " ".join(names("C major", *((0, pitch, 48) for pitch in chord))) == spelled


def test_accidentals_hold_for_the_bar_and_are_remembered_after_it() -> None:
    # C major: F# twice in one bar, F in the next one, and once more.
    pitches = (60, 66, 66, 67, 65, 64, 65, 60, 60, 64, 67, 60)
    notes = notes_of(*((24 * index, pitch, 24) for index, pitch in enumerate(pitches)))
    assert scored(notes).accidentals == {"n2": "sharp", "n5": "natural"}


def test_a_tied_note_needs_no_accidental_but_the_next_one_does() -> None:
    notes = notes_of((0, 60, 48), (48, 65, 24), (72, 66, 48), (120, 66, 24), (144, 67, 24), (168, 60, 24))
    assert scored(notes).accidentals == {"n3": "sharp", "n4": "sharp"}
