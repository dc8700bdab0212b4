"""Notes and musical time: exact tables and the rules of overlapping."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.notes import (
    Meter,
    Note,
    cut_at,
    end_of,
    rescale_tick,
    tempo_microseconds,
    tick_seconds,
    without_overlaps,
)

NOTES = st.lists(
    st.builds(Note, st.integers(0, 60), st.integers(60, 63), st.integers(1, 40), st.integers(1, 127)), max_size=20
)


def sounding(notes: list[Note]) -> set[tuple[int, int]]:
    """Every (tick, pitch) at which something is heard."""
    return {(tick, note.pitch) for note in notes for tick in range(note.onset, note.end)}


@pytest.mark.parametrize(
    ("text", "bar", "beat"),
    [
        ("4/4", 96, 24),
        ("3/4", 72, 24),
        ("2/2", 96, 48),
        ("6/8", 72, 36),
        ("9/8", 108, 36),
        ("12/8", 144, 36),
        ("3/8", 36, 12),
        ("7/8", 84, 12),
        ("6/16", 36, 18),
        ("6/4", 144, 24),
        ("1/1", 96, 96),
        ("1/32", 3, 3),
        ("64/1", 6144, 96),
        (" 5 / 4 ", 120, 24),
    ],
)
def test_meters(text: str, bar: int, beat: int) -> None:
    meter = Meter.parse(text)
    assert (meter.ticks_per_bar, meter.ticks_per_beat) == (bar, beat)
    assert Meter.parse(str(meter)) == meter


@pytest.mark.parametrize(
    "text", ["", "4", "4/", "/4", "4/4/4", "-4/4", "4.0/4", "four/4", "0/4", "65/4", "4/3", "4/64"]
)
def test_meters_that_are_not_allowed(text: str) -> None:
    with pytest.raises(InputError, match="is not allowed: write"):
        Meter.parse(text)


def test_the_default_meter_is_common_time() -> None:
    assert str(Meter()) == "4/4"


def test_notes_sort_by_onset_and_then_from_low_to_high() -> None:
    low, high, later = Note(0, 60, 24, 80), Note(0, 64, 12, 80), Note(12, 40, 12, 80)
    assert sorted([later, high, low]) == [low, high, later]
    assert later.end == 24


@pytest.mark.parametrize(("tempo", "seconds", "microseconds"), [(60, 1 / 24, 1_000_000), (125, 0.02, 480_000)])
def test_tempo(tempo: float, seconds: float, microseconds: int) -> None:
    assert tick_seconds(tempo) == pytest.approx(seconds, rel=1e-12)
    assert tempo_microseconds(tempo) == microseconds


@given(st.integers(0, 10**9), st.integers(1, 32767))
def test_a_rescaled_tick_is_the_nearest_one_and_halves_go_up(tick: int, resolution: int) -> None:
    exact = Fraction(tick * 24, resolution)
    assert -Fraction(1, 2) < rescale_tick(tick, resolution) - exact <= Fraction(1, 2)


def test_a_position_on_our_own_grid_stays() -> None:
    assert [rescale_tick(tick, 24) for tick in range(100)] == list(range(100))


@pytest.mark.parametrize(
    ("given_notes", "kept"),
    [
        ([], []),
        ([Note(0, 60, 24, 80), Note(12, 60, 24, 90)], [Note(0, 60, 12, 80), Note(12, 60, 24, 90)]),
        ([Note(0, 60, 24, 80), Note(24, 60, 24, 90)], [Note(0, 60, 24, 80), Note(24, 60, 24, 90)]),
        ([Note(0, 60, 24, 80), Note(0, 60, 12, 90)], [Note(0, 60, 24, 80)]),
        ([Note(0, 60, 24, 80), Note(12, 61, 24, 90)], [Note(0, 60, 24, 80), Note(12, 61, 24, 90)]),
        ([Note(0, 60, 96, 80), Note(12, 60, 6, 90)], [Note(0, 60, 12, 80), Note(12, 60, 6, 90)]),
    ],
)
def test_a_new_note_ends_the_one_that_sounds_on_its_pitch(given_notes: list[Note], kept: list[Note]) -> None:
    assert without_overlaps(given_notes) == kept
    assert without_overlaps(reversed(given_notes)) == kept


@given(NOTES)
def test_without_overlaps_each_pitch_sounds_once_and_every_start_stays(notes: list[Note]) -> None:
    kept = without_overlaps(notes)
    assert kept == sorted(kept)
    assert len(sounding(kept)) == sum(note.duration for note in kept)
    assert all(note.duration >= 1 for note in kept)
    assert {(note.onset, note.pitch) for note in kept} == {(note.onset, note.pitch) for note in notes}
    assert sounding(kept) <= sounding(notes)
    assert without_overlaps(kept) == kept


@given(NOTES, st.integers(0, 120))
def test_cutting_leaves_what_is_heard_before_the_end(notes: list[Note], end: int) -> None:
    kept = cut_at(notes, end)
    assert sounding(kept) == {(tick, pitch) for tick, pitch in sounding(notes) if tick < end}
    assert all(note.duration >= 1 for note in kept)


def test_the_end_is_that_of_the_note_that_sounds_longest() -> None:
    assert end_of([Note(0, 60, 96, 80), Note(24, 62, 24, 80)]) == 96
    assert end_of([]) == 0
