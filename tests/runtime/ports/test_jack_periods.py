"""JACK's periods as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.ports.jack_periods import MOST_GIVEN_UP, PeriodWatch, signed_frames

FRAMES = 64


@pytest.mark.parametrize(
    ("later", "earlier", "frames"),
    [
        (100, 36, 64),
        (36, 100, -64),
        (10, 2**32 - 54, 64),
        (2**32 - 54, 10, -64),
        (2**32 + 10, 2**32 - 54, 64),
        (10, 5 * 2**32 - 54, 64),
    ],
)
def test_frames_between_frame_times(later: int, earlier: int, frames: int) -> None:
    assert signed_frames(later, earlier) == frames


@given(st.integers(0, 2**40), st.integers(-(2**31), 2**31 - 1))
def test_frames_are_told_right_wherever_the_count_wraps(earlier: int, frames: int) -> None:
    assert signed_frames((earlier + frames) % 2**32, earlier) == frames


@pytest.mark.parametrize(
    ("periods", "given_up"),
    [
        pytest.param([(64, 5), (128, 20), (192, 60)], [False, False, False], id="in time"),
        pytest.param([(64, 5), (128, 96), (192, 5)], [False, False, False], id="late but answered"),
        pytest.param([(64, 5), (128, 97), (192, 5)], [False, True, False], id="started long ago"),
        pytest.param([(64, 5), (256, 5), (320, 5)], [False, True, False], id="JACK has gone on"),
        pytest.param([(64, 5), (64, 5), (128, 5)], [False, False, False], id="seen twice"),
    ],
)
def test_periods_to_give_up(periods: list[tuple[int, int]], given_up: list[bool]) -> None:
    watch = PeriodWatch(0)
    assert [watch.too_late(start, since_start, FRAMES) for start, since_start in periods] == given_up


def test_the_count_may_wrap_between_periods() -> None:
    watch = PeriodWatch(2**32 - 64)
    assert not watch.too_late(0, 5, FRAMES)


def test_a_machine_that_is_always_late_still_plays() -> None:
    watch = PeriodWatch(0)
    given_up = [watch.too_late(FRAMES * period, 1000, FRAMES) for period in range(1, MOST_GIVEN_UP + 3)]
    assert given_up == [True] * MOST_GIVEN_UP + [False, False]
