from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.bars import MeterChange, bar_positions, in_order
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.pieces.piece import Timing, longest_tempo, make_piece, timing_of

FOUR, THREE = Meter(4, 4), Meter(3, 4)

changes = st.builds(MeterChange, st.integers(0, 2000), st.sampled_from([FOUR, THREE, Meter(6, 8), Meter(5, 16)]))


@pytest.mark.parametrize(
    ("meters", "tick", "position"),
    [
        ([(0, FOUR)], 0, (0, FOUR)),
        ([(0, FOUR)], 95, (95, FOUR)),
        ([(0, FOUR)], 96, (0, FOUR)),
        ([(0, FOUR), (192, THREE)], 191, (95, FOUR)),
        ([(0, FOUR), (192, THREE)], 192 + 73, (1, THREE)),
        ([(0, FOUR), (100, FOUR)], 100, (0, FOUR)),
        ([(0, FOUR), (100, FOUR)], 99, (3, FOUR)),
    ],
)
def test_position_in_bar(meters: list[tuple[int, Meter]], tick: int, position: tuple[int, Meter]) -> None:
    assert bar_positions([MeterChange(*change) for change in meters], [tick]) == [position]


def test_a_tick_before_the_first_meter_is_refused() -> None:
    with pytest.raises(ValueError, match="tick -1"):
        bar_positions([MeterChange(0, FOUR)], [-1])


@pytest.mark.parametrize(
    ("given_changes", "kept"),
    [
        ([], [(0, FOUR)]),
        ([(0, THREE)], [(0, THREE)]),
        ([(96, THREE)], [(0, FOUR), (96, THREE)]),
        ([(96, THREE), (0, FOUR)], [(0, FOUR), (96, THREE)]),
        ([(0, FOUR), (0, THREE)], [(0, THREE)]),
        ([(0, FOUR), (96, FOUR)], [(0, FOUR)]),
        ([(0, FOUR), (90, FOUR)], [(0, FOUR), (90, FOUR)]),
    ],
)
def test_meter_changes_in_order(given_changes: list[tuple[int, Meter]], kept: list[tuple[int, Meter]]) -> None:
    assert in_order(MeterChange(*change) for change in given_changes) == tuple(MeterChange(*change) for change in kept)


@given(st.lists(changes), st.lists(st.integers(0, 3000)))
def test_putting_in_order_moves_no_bar_line(given_changes: list[MeterChange], ticks: list[int]) -> None:
    by_tick = {0: FOUR} | {c.tick: c.meter for c in sorted(given_changes, key=lambda c: c.tick)}
    plain = [MeterChange(tick, meter) for tick, meter in sorted(by_tick.items())]
    ordered = in_order(given_changes)
    assert all(first.tick < second.tick for first, second in pairwise(ordered))
    assert bar_positions(ordered, ticks) == bar_positions(plain, ticks)


@pytest.mark.parametrize(
    ("tempos", "end", "bpm"),
    [
        ([], 100, 120.0),
        ([(0, 90.0)], 1, 90.0),
        ([(0, 90.0), (30, 60.0)], 100, 60.0),
        ([(30, 60.0), (0, 90.0)], 100, 60.0),
        ([(0, 90.0), (90, 60.0)], 100, 90.0),
        ([(0, 90.0), (40, 60.0), (60, 90.0)], 100, 90.0),
        ([(0, 90.0), (90, 60.0)], 80, 90.0),
        ([(0, 72.00002), (1, 60_000_000.0)], 100, 72.0),
    ],
)
def test_the_tempo_that_holds_longest(tempos: list[tuple[int, float]], end: int, bpm: float) -> None:
    assert longest_tempo(tempos, end) == bpm


@pytest.mark.parametrize(("velocities", "performed"), [(range(60, 67), False), (range(60, 68), True)])
def test_performed_from_eight_velocities_on(velocities, performed):
    notes = [Note(24 * index, 60, 24, velocity) for index, velocity in enumerate(velocities)]
    assert make_piece("a", notes).performed is performed


def test_a_piece_is_sorted_and_no_pitch_overlaps_itself() -> None:
    piece = make_piece("a", [Note(24, 60, 24, 70), Note(0, 60, 48, 70)])
    assert piece.notes == (Note(0, 60, 24, 70), Note(24, 60, 24, 70))


def test_no_notes_no_piece() -> None:
    with pytest.raises(InputError, match="no notes"):
        make_piece("a", [])


def test_a_piece_in_one_tempo_lasts_as_long_as_that_says() -> None:
    assert make_piece("a", [Note(0, 60, 96, 70)], tempo_bpm=60.0).timing == Timing(0.0, 1, 4.0)


@pytest.mark.parametrize(
    ("tempos", "timing"),
    [
        ([], Timing(0.1, 1, 2.0)),
        ([(0, 60.0)], Timing(0.1, 1, 4.0)),
        ([(0, 60.0), (48, 120.0)], Timing(0.1, 2, 3.0)),
        ([(0, 60.0), (24, 120.0), (48, 60.0)], Timing(0.1, 2, 3.5)),
        ([(0, 60.0), (96, 120.0), (300, 90.0)], Timing(0.1, 1, 4.0)),
        ([(0, 60.0), (48, 5000.0)], Timing(0.1, 1, 4.0)),
    ],
)
def test_the_timing_of_four_quarters(tempos: list[tuple[int, float]], timing: Timing) -> None:
    assert timing_of(tempos, 96, 0.1) == timing
