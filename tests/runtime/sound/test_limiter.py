"""The limiter: nothing beyond full scale, nothing done to what is soft."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.sound.limiter import CEILING, Limiter

RATE = 44_100


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(1, 600)), min_size=1, max_size=8))
def test_no_frame_is_beyond_the_ceiling(blocks: list[tuple[float, int]]) -> None:
    limiter, noise = Limiter(RATE), np.random.default_rng(1)
    for loudness, frames in blocks:
        limited = limiter.limited((loudness * noise.uniform(-1, 1, (2, frames))).astype(np.float32))
        assert np.abs(limited).max() <= CEILING


def test_what_is_soft_enough_is_left_alone() -> None:
    sound = np.linspace(-0.5, 0.5, 200, dtype=np.float32).reshape(2, 100)
    np.testing.assert_array_equal(Limiter(RATE).limited(sound), sound)


def test_it_turns_down_and_comes_back_without_a_jump() -> None:
    limiter = Limiter(RATE)
    loudness = [0.2] * 5 + [3.0] * 5 + [0.2] * 2000
    gains = np.concatenate([limiter.limited(np.full((1, 128), level, np.float32))[0] / level for level in loudness])
    assert np.abs(np.diff(gains[6 * 128 :])).max() < 0.01  # before, what is too loud at once is bent at once
    assert gains[:600].min() == 1.0
    assert gains[6 * 128 : 10 * 128].max() < 0.34
    assert gains[-1] > 0.99
