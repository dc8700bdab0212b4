"""The internal transport: ticks and seconds are exact inverses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.transport.transport import InternalTransport

STARTS = st.floats(0.0, 1e7)
TEMPOS = st.floats(10.0, 1000.0)


@pytest.mark.parametrize(
    ("tempo_bpm", "tick", "seconds"),
    [(120.0, 0, 100.0), (120.0, 24, 100.5), (120.0, 96, 102.0), (60.0, 1, 100.0 + 1 / 24), (120.0, -24, 99.5)],
)
def test_seconds_at(tempo_bpm: float, tick: int, seconds: float) -> None:
    assert InternalTransport(100.0, tempo_bpm).seconds_at(tick) == pytest.approx(seconds, abs=1e-12)


@pytest.mark.parametrize(
    ("seconds", "tick"), [(100.0, 0), (100.02, 0), (100.021, 1), (100.4999, 23), (100.5, 24), (99.999, -1)]
)
def test_tick_at_is_the_last_tick_reached(seconds: float, tick: int) -> None:
    assert InternalTransport(100.0, 120.0).tick_at(seconds) == tick


@given(STARTS, TEMPOS, st.integers(-10_000, 1_000_000))
def test_tick_at_inverts_seconds_at(start: float, tempo_bpm: float, tick: int) -> None:
    transport = InternalTransport(start, tempo_bpm)
    assert transport.tick_at(transport.seconds_at(tick)) == tick


@given(STARTS, TEMPOS, st.floats(-100.0, 1e5))
def test_a_time_lies_between_its_tick_and_the_next(start: float, tempo_bpm: float, offset: float) -> None:
    transport = InternalTransport(start, tempo_bpm)
    tick = transport.tick_at(start + offset)
    assert transport.seconds_at(tick) <= start + offset < transport.seconds_at(tick + 1)


@pytest.mark.parametrize("tempo_bpm", [0.0, -5.0, float("inf"), float("nan")])
def test_a_tempo_must_be_a_positive_number(tempo_bpm: float) -> None:
    with pytest.raises(InputError, match=f"tempo {tempo_bpm} bpm is not allowed"):
        InternalTransport(0.0, tempo_bpm)
