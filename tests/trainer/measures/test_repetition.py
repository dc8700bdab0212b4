import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.measures.repetition import WINDOW, RepetitionMeasures, measure


def melody(*events: tuple[int, int, int]) -> list[Note]:
    """Notes from (delta, pitch, duration), from tick 0."""
    notes, tick = [], 0
    for delta, pitch, duration in events:
        tick += delta
        notes.append(Note(tick, pitch, duration, 64))
    return notes


A, B, C, D, E = ((12, pitch, 12) for pitch in (60, 62, 64, 65, 67))
FIRST = (0, 60, 12)
music = st.lists(st.tuples(st.integers(0, 3), st.integers(50, 55), st.integers(1, 3)), min_size=1, max_size=80).map(
    lambda events: melody(*events)
)


@pytest.mark.parametrize(
    ("events", "repeats", "longest_run", "distinct_figures"),
    [
        ([FIRST], 0.0, 1, 1.0),
        ([FIRST, B, C], 0.0, 1, 1.0),
        ([FIRST, B, B, C], 1 / 3, 2, 1.0),
        ([FIRST, B, B, B, C, C], 3 / 5, 3, 1.0),
        ([FIRST, B, C, D, E, B, C, D, E, B], 0.0, 1, 5 / 7),
        ([FIRST, (12, 62, 12), (12, 62, 6), (6, 62, 6)], 0.0, 1, 1.0),
    ],
    ids=["one note", "no repeat", "one repeat", "two runs", "figures return", "other rhythm is no repeat"],
)
def test_measures_of_small_melodies(events, repeats, longest_run, distinct_figures) -> None:
    found = measure(melody(*events))
    assert found.repeats == pytest.approx(repeats)
    assert found.longest_run == longest_run
    assert found.distinct_figures == pytest.approx(distinct_figures)


@pytest.mark.parametrize(
    ("events", "entropy"),
    [([FIRST], 0.0), ([FIRST, B], math.log(2)), ([FIRST, B, B, B], math.log(4) - 0.75 * math.log(3))],
)
def test_entropy_of_small_melodies(events, entropy: float) -> None:
    found = measure(melody(*events))
    assert found.entropy == pytest.approx(entropy)
    assert found.lowest_entropy == pytest.approx(entropy)


def test_no_notes() -> None:
    assert measure([]) == RepetitionMeasures(0.0, 0, 0.0, 0.0, 1.0, 0.0, 0.0)


def test_the_first_note_repeats_only_what_starts_with_it() -> None:
    assert measure(melody((0, 60, 12), (12, 60, 12), (12, 60, 12))).longest_run == 2


def test_a_loop_that_begins_late_shows_in_the_lowest_entropy() -> None:
    varied = [(12, 40 + i, 12) for i in range(WINDOW)]
    found = measure(melody(*varied, *[A, B] * WINDOW))
    assert found.lowest_entropy == pytest.approx(math.log(2))
    assert found.entropy > 2 * found.lowest_entropy


def test_many_windows() -> None:
    found = measure(melody(*[A, B, C, D] * 200))
    assert found.entropy == pytest.approx(math.log(4), abs=0.01)


@pytest.mark.parametrize(
    ("events", "cycle"),
    [
        ([FIRST, B, C, D], 0.0),
        ([FIRST, B, C, D] * 2, 1 / 2),
        ([A, B, C, D] * 10, 35 / 40),
        ([(12, 40 + i, 12) for i in range(60)] * 2, 59 / 120),
        ([(12, 20 + i, 12) for i in range(70)] * 2, 0.0),
        ([*[(12, 70 + i, 12) for i in range(10)], *[A, B] * 10], 18 / 30),
    ],
    ids=["no cycle", "a phrase twice", "a loop", "a long phrase twice", "too long for a loop", "a loop begins late"],
)
def test_cycles(events, cycle: float) -> None:
    assert measure(melody(*events)).cycle == pytest.approx(cycle)


@pytest.mark.parametrize(
    ("events", "still"),
    [
        ([FIRST], 0.5),
        ([FIRST, B, C, D, E, (12, 69, 12)], 2.5),
        ([FIRST, B, C, D] * 10, 20.0 - 9 * 0.5),
        ([(0, 48, 400), (0, 52, 400), (0, 55, 400), (240, 60, 96), (96, 62, 24), (48, 64, 72)], 16.0),
    ],
    ids=["one note", "six pitches", "four pitches", "a chord is held"],
)
def test_standing_still(events, still: float) -> None:
    assert measure(melody(*events)).still == pytest.approx(still)


@given(music, st.integers(-30, 30), st.integers(0, 1000))
def test_transposing_and_moving_change_nothing(notes: list[Note], semitones: int, ticks: int) -> None:
    moved = [replace(note, pitch=note.pitch + semitones, onset=note.onset + ticks) for note in notes]
    assert measure(moved) == measure(notes)


@given(music)
def test_measures_stay_in_their_ranges(notes: list[Note]) -> None:
    found = measure(notes)
    assert 0 <= found.repeats <= 1
    assert 1 <= found.longest_run <= len(notes)
    assert 0 <= found.lowest_entropy <= found.entropy + 1e-9 <= math.log(min(WINDOW, len(notes))) + 2e-9
    assert 0 < found.distinct_figures <= 1
    assert 0 <= found.cycle < 1
    assert 0 < found.still * 24 <= max(note.end for note in notes)
    assert (found.repeats > 0) == (found.longest_run > 1)
