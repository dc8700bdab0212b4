import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.measures.similarity import (
    FEATURES,
    LENGTHS,
    MOST_VOICES,
    WIDEST,
    histograms,
    overlapped_area,
    similarity,
)

notes = st.builds(Note, st.integers(0, 400), st.integers(0, 127), st.integers(1, 400), st.integers(1, 127))
excerpts = st.lists(st.lists(notes, max_size=20).map(sorted), max_size=4)

CHORDS = [
    Note(0, 48, 24, 50),
    Note(0, 60, 12, 50),
    Note(12, 64, 12, 90),
    Note(24, 47, 24, 90),
    Note(24, 55, 24, 90),
    Note(24, 62, 24, 90),
]


def counted(feature: str, bins: dict[int, float]) -> None:
    found = histograms([CHORDS], [CHORDS])[feature]
    assert {int(i): pytest.approx(found[i]) for i in np.flatnonzero(found)} == bins


@pytest.mark.parametrize(
    ("feature", "bins"),
    [
        ("pitch_class", {0: 2 / 6, 2: 1 / 6, 4: 1 / 6, 7: 1 / 6, 11: 1 / 6}),
        ("interval", {WIDEST + 4: 1 / 2, WIDEST - 2: 1 / 2}),
        ("duration", {LENGTHS.index(12): 2 / 6, LENGTHS.index(24): 4 / 6}),
        ("inter_onset", {LENGTHS.index(12): 1.0}),
        ("polyphony", {2 - 1: 2 / 3, 3 - 1: 1 / 3}),
        ("velocity", {50 // 4: 2 / 6, 90 // 4: 4 / 6}),
    ],
)
def test_features_of_three_chords(feature: str, bins: dict[int, float]) -> None:
    counted(feature, bins)


@pytest.mark.parametrize(("ticks", "length"), [(1, 1), (5, 4), (7, 6), (11, 12), (13, 12), (23, 24), (300, 384)])
def test_lengths_go_to_the_nearest_bin(ticks: int, length: int) -> None:
    assert histograms([[Note(0, 60, ticks, 64)]])["duration"][LENGTHS.index(length)] == 1


def test_wide_intervals_and_thick_chords_go_to_the_last_bins() -> None:
    cluster = [Note(0, pitch, 24, 64) for pitch in range(20, 40)]
    found = histograms([[*cluster, Note(24, 100, 24, 64), Note(48, 10, 24, 64)]])
    assert found["polyphony"][MOST_VOICES - 1] == pytest.approx(1 / 3)
    assert found["interval"][0] == found["interval"][2 * WIDEST] == 1 / 2


def test_nothing_leads_from_one_excerpt_to_the_next() -> None:
    assert "interval" not in histograms([[Note(0, 60, 12, 64)], [Note(0, 72, 12, 64)]])


def test_velocities_count_only_where_they_were_played() -> None:
    assert "velocity" not in histograms([CHORDS])
    assert set(histograms([CHORDS], [CHORDS])) == set(FEATURES)
    assert set(similarity(histograms([CHORDS]), histograms([CHORDS], [CHORDS])).overlapped_areas) == set(FEATURES) - {
        "velocity"
    }


def test_nothing_in_common() -> None:
    low, high = ([Note(0, 60 + i, 6 + 90 * i, 64), Note(6 + 90 * i, 65 + 4 * i, 6 + 90 * i, 64)] for i in (0, 1))
    found = similarity(histograms([low]), histograms([high]))
    assert found.overlapped_areas == {"pitch_class": 0, "interval": 0, "duration": 0, "inter_onset": 0, "polyphony": 1}
    assert found.mean == pytest.approx(1 / 5)


def test_no_music() -> None:
    assert similarity(histograms([]), histograms([CHORDS])).mean == 0


def test_overlapped_area_by_hand() -> None:
    assert overlapped_area(np.array([0.5, 0.5, 0.0]), np.array([0.2, 0.2, 0.6])) == pytest.approx(0.4)


@given(excerpts)
def test_a_set_is_like_itself(music: list[list[Note]]) -> None:
    found = histograms(music, music)
    assert all(area == pytest.approx(1) for area in similarity(found, found).overlapped_areas.values())
    assert all(histogram.sum() == pytest.approx(1) for histogram in found.values())


@given(excerpts, excerpts)
def test_the_order_does_not_matter(one: list[list[Note]], other: list[list[Note]]) -> None:
    first, second = histograms(one, one), histograms(other, other)
    assert similarity(first, second) == similarity(second, first)
    assert all(0 <= area <= 1 for area in similarity(first, second).overlapped_areas.values())
