import random
from collections.abc import Iterable
from itertools import accumulate

import numpy as np
import pytest

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.pieces.piece import Piece, Timing, make_piece
from lstm_composer.trainer.pieces.timing_quality import (
    FEWEST_BARS,
    FEWEST_ONSETS,
    METER_DOUBT_ALLOWED,
    PULSE_NEEDED,
    Stretch,
    longest_stretch,
    pulse_of,
    timing_quality,
)

WALTZ = ((0, 36, 48), (24, 60, 24), (48, 60, 24))
MARCH = ((0, 36, 96), (24, 60, 24), (48, 43, 48), (72, 60, 24))


def piece_of(onsets: Iterable[int], meter: str = "4/4", timing: Timing | None = None) -> Piece:
    notes = [Note(onset, 60 + index % 7, 12, 78) for index, onset in enumerate(onsets)]
    return make_piece("a", notes, [MeterChange(0, Meter.parse(meter))], timing=timing)


def bars(pattern: Iterable[tuple[int, int, int]], length: int, count: int, meter: str) -> Piece:
    """A piece of `count` bars of one accompaniment: (tick in the bar, pitch, duration)."""
    notes = [Note(bar * length + tick, pitch, held, 78) for bar in range(count) for tick, pitch, held in pattern]
    return make_piece("a", notes, [MeterChange(0, Meter.parse(meter))])


def without_a_click(seed: int, notes: int = 400) -> Piece:
    """Quarters and eighths of a player who slows down and hurries as he likes."""
    draw = random.Random(seed)
    steps = (draw.choice([12, 24]) * draw.uniform(0.75, 1.35) for _ in range(notes))
    return piece_of(round(tick) for tick in accumulate(steps))


@pytest.mark.parametrize("grid", [24, 12, 8, 6, 4, 3, 2])
def test_any_even_division_of_the_beat_has_a_full_pulse(grid: int) -> None:
    tidiness = timing_quality(piece_of(range(0, 200 * grid, grid)))
    assert tidiness.pulse == pytest.approx(1.0)
    assert tidiness.faults == ()


@pytest.mark.parametrize("late", range(24))
def test_always_late_is_still_a_pulse(late: int) -> None:
    assert pulse_of(np.arange(0.0, 2400, 24) + late) == pytest.approx(1.0)


def test_onsets_at_all_ticks_alike_have_no_pulse() -> None:
    assert pulse_of(np.arange(2400.0)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_a_player_with_a_click_has_a_pulse(spread: float) -> None:
    draw = random.Random(5)
    piece = piece_of(max(0, round(24 * index + draw.gauss(0, spread))) for index in range(300))
    assert timing_quality(piece).faults == ()


@pytest.mark.parametrize("seed", range(5))
def test_a_player_without_a_click_has_none(seed: int) -> None:
    tidiness = timing_quality(without_a_click(seed))
    assert tidiness.pulse < PULSE_NEEDED
    [fault] = tidiness.faults
    assert "played without a click?" in fault
    assert "in one tempo" in fault


def test_the_number_of_tempos_is_named() -> None:
    free = without_a_click(1)
    several = piece_of((note.onset for note in free.notes), timing=Timing(0.25, 3, 60.0))
    assert "in 3 tempos" in timing_quality(several).faults[0]


def test_a_short_piece_is_not_judged() -> None:
    assert timing_quality(without_a_click(1, FEWEST_ONSETS - 1)).faults == ()


@pytest.mark.parametrize(
    ("onsets", "expected"),
    [
        ([0, 6, 12, 18, 24], 0.0),
        ([0, 8, 16, 24], 0.0),
        ([1, 25, 49], 1.0),
        ([3, 27], 3.0),
        ([21, 45], 3.0),
        ([0, 10, 23], 1.0),
        (range(24 * 4), 28 / 24),
    ],
)
def test_distance_from_sixteenths_and_triplets(onsets: list[int], expected: float) -> None:
    assert timing_quality(piece_of(onsets)).off_grid == pytest.approx(expected)


def test_the_files_own_rounding_is_handed_on() -> None:
    assert timing_quality(piece_of([0, 24], timing=Timing(off_tick=0.25))).off_tick == 0.25


@pytest.mark.parametrize(
    ("pattern", "length", "right", "wrong"),
    [
        (WALTZ, 72, ["3/4", "3/8", "6/8", "6/4", "12/8"], ["4/4", "2/4", "2/2", "4/2"]),
        (MARCH, 96, ["4/4", "2/4", "2/2", "4/2"], ["3/4", "3/8", "6/8", "6/4", "12/8"]),
    ],
)
def test_a_wrong_meter_is_seen_and_a_right_one_left_alone(
    pattern: Iterable[tuple[int, int, int]], length: int, right: list[str], wrong: list[str]
) -> None:
    for meter in right:
        tidiness = timing_quality(bars(pattern, length, 80, meter))
        assert tidiness.meter_doubt < 0
        assert tidiness.faults == ()
    for meter in wrong:
        tidiness = timing_quality(bars(pattern, length, 80, meter))
        assert tidiness.meter_doubt > METER_DOUBT_ALLOWED
        quarters = {72: "three", 96: "four"}[length]
        assert f"says {meter} but repeats in {quarters} quarters" in tidiness.faults[0]


@pytest.mark.parametrize("meter", ["5/4", "3/2", "7/8", "9/8", "1/8"])
def test_other_meters_are_not_judged(meter: str) -> None:
    assert timing_quality(bars(WALTZ, 72, 80, meter)).meter_doubt == 0


def test_a_few_bars_are_not_judged() -> None:
    assert timing_quality(bars(WALTZ, 72, FEWEST_BARS, "4/4")).meter_doubt == 0


def test_even_notes_say_nothing_about_the_meter() -> None:
    assert timing_quality(piece_of(range(0, 6 * 2000, 6))).meter_doubt == pytest.approx(0, abs=1e-4)


def test_hours_of_silence_cost_no_memory() -> None:
    tidiness = timing_quality(piece_of([*range(0, 2400, 24), 10**12]))
    assert (tidiness.meter_doubt, tidiness.faults) == (0, ())


def test_the_longest_stretch_counts_and_only_while_notes_begin() -> None:
    changes = [MeterChange(0, Meter(2, 4)), MeterChange(48, Meter(3, 4)), MeterChange(48 + 720, Meter(4, 4))]
    notes = [Note(tick, 60, 12, 78) for tick in range(0, 1000, 24)]
    assert longest_stretch(make_piece("a", notes, changes)) == Stretch(Meter(3, 4), 48, 720)
    assert longest_stretch(make_piece("a", notes[:1], changes)) == Stretch(Meter(2, 4), 0, 1)


def test_a_meter_that_is_wrong_only_in_between_is_right() -> None:
    waltz = bars(WALTZ, 72, 80, "3/4")
    changed = make_piece("a", waltz.notes, [MeterChange(0, Meter(4, 4)), MeterChange(720, Meter(3, 4))])
    assert timing_quality(changed).faults == ()
