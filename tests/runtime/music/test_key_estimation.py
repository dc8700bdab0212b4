import numpy as np
import pytest

from lstm_composer.runtime.music.key_estimation import KEYS, key_correlations, key_of
from lstm_composer.runtime.music.notes import Note

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11, 12), (0, 2, 3, 5, 7, 8, 11, 12)


def scale(tonic: int, steps: tuple[int, ...]) -> list[Note]:
    """A scale that dwells on its tonic and its fifth."""
    return [Note(24 * index, tonic + step, 48 if step in (0, 7, 12) else 24, 78) for index, step in enumerate(steps)]


@pytest.mark.parametrize("tonic", range(12))
def test_scales_in_all_keys(tonic: int) -> None:
    assert key_of(scale(60 + tonic, MAJOR)) == KEYS[tonic]
    assert key_of(scale(48 + tonic, MINOR)) == KEYS[12 + tonic]


def test_names() -> None:
    assert (key_of(scale(66, MAJOR)), key_of(scale(61, MINOR))) == ("F# major", "C# minor")


def test_length_counts_not_number() -> None:
    tune = [Note(0, 60, 96, 78), Note(0, 64, 48, 78), Note(0, 67, 96, 78)]
    chromatic = [Note(tick, pitch, 1, 78) for tick, pitch in enumerate(range(60, 72))]
    assert key_of([*tune, *chromatic]) == "C major"


def test_where_nothing_decides_there_is_an_answer() -> None:
    assert key_of([]) in KEYS
    assert key_of([Note(0, pitch, 24, 78) for pitch in range(60, 72)]) in KEYS


def test_correlations() -> None:
    c_major = key_correlations(scale(60, MAJOR))
    assert c_major.shape == (24,)
    assert 0.8 < c_major[0] <= 1
    assert np.all(np.abs(c_major) <= 1)
    assert c_major[KEYS.index("G major")] > c_major[KEYS.index("F# major")]
    assert not key_correlations([]).any()
    assert not key_correlations([Note(0, pitch, 24, 78) for pitch in range(60, 72)]).any()


def test_a_key_profile_correlates_fully_with_itself() -> None:
    profile = (635, 223, 348, 233, 438, 409, 252, 519, 239, 366, 229, 288)
    c_major = key_correlations([Note(0, 60 + index, duration, 78) for index, duration in enumerate(profile)])
    assert c_major[0] == pytest.approx(1)
