"""Which frame is heard when: late callbacks move nothing, and a sound card's own speed is followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.sound.frame_clock import FrameClock

RATE, PERIOD = 44_100, 441
PERIOD_SECONDS = PERIOD / RATE
lateness = st.lists(st.floats(0, 0.03), min_size=150, max_size=150)


def test_frames_are_counted() -> None:
    clock = FrameClock(RATE)
    assert [clock.asked(frames, 1.0) for frames in (100, 200, 300)] == [0, 100, 300]
    assert clock.frames == 600


@given(lateness)
def test_a_busy_machine_moves_no_note(late: list[float]) -> None:
    """Callbacks that come up to 30 ms late, one in time among any hundred of them, put a note within half a ms."""
    clock = FrameClock(RATE)
    for number, delay in enumerate(late):
        clock.asked(PERIOD, 5.0 + number * PERIOD_SECONDS + (0.0 if number == 100 else delay))
    assert clock.frame_at(5.0 + 2.0) == pytest.approx(2.0 * RATE, abs=1)


@pytest.mark.parametrize("parts_per_million", [-100, 0, 100])
def test_a_sound_card_has_a_speed_of_its_own(parts_per_million: int) -> None:
    clock, speed = FrameClock(RATE), 1 + parts_per_million / 1e6
    now = 0.0
    for number in range(60_000):  # ten minutes
        now = number * PERIOD_SECONDS / speed
        clock.asked(PERIOD, now)
    assert clock.frame_at(now) == pytest.approx(clock.frames - PERIOD, abs=0.0005 * RATE)


def test_a_device_that_fills_its_buffer_first_is_ahead_from_then_on() -> None:
    clock = FrameClock(RATE)
    for _ in range(3):
        clock.asked(PERIOD, 1.0)
    clock.asked(PERIOD, 1.0 + PERIOD_SECONDS)
    assert clock.frame_at(1.0 + PERIOD_SECONDS) == 3 * PERIOD


def test_after_a_device_stood_still_it_counts_anew() -> None:
    clock = FrameClock(RATE)
    for number in range(200):
        clock.asked(PERIOD, number * PERIOD_SECONDS)
    for number in range(200, 210):
        clock.asked(PERIOD, 1.0 + number * PERIOD_SECONDS)  # a laptop that slept for a second
    assert clock.frame_at(1.0 + 210 * PERIOD_SECONDS) == pytest.approx(210 * PERIOD, abs=1)
