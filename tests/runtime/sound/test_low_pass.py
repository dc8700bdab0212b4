"""The low-pass does what one-pole filters do, however the sound is cut into blocks."""

import numpy as np
import pytest

from lstm_composer.runtime.sound.low_pass import LowPass

RATE = 44_100


def naive(sound: np.ndarray, cutoff_hz: float) -> np.ndarray:
    """Two one-pole filters by their recursion."""
    pole = np.exp(-2 * np.pi * cutoff_hz / np.sqrt(np.sqrt(2) - 1) / RATE)
    for _ in range(2):
        last, filtered = 0.0, []
        for value in sound:
            last = pole * last + (1 - pole) * value
            filtered.append(last)
        sound = np.array(filtered)
    return sound


@pytest.mark.parametrize("blocks", [(3000,), (1, 63, 64, 65, 700, 2107)])
def test_it_is_the_recursion(blocks: tuple[int, ...]) -> None:
    low_pass, steps = LowPass(RATE), (0, 8, 20, 30)
    sound = np.random.default_rng(1).normal(size=(len(steps), sum(blocks))).astype(np.float32)
    first, second = np.zeros(len(steps), np.float32), np.zeros(len(steps), np.float32)
    parts, begin = [], 0
    for length in blocks:
        part = sound[:, begin : begin + length].copy()
        low_pass.filter(part, np.array(steps), first, second)
        parts.append(part)
        begin += length
    expected = [naive(row, 150 * 2 ** (step / 6)) for row, step in zip(sound, steps, strict=True)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), expected, atol=2e-6)


def test_what_is_bright_enough_passes() -> None:
    low_pass = LowPass(RATE)
    sound = np.random.default_rng(1).normal(size=(2, 100)).astype(np.float32)
    filtered, memory = sound.copy(), np.zeros(2, np.float32)
    low_pass.filter(filtered, np.array([low_pass.open, 0]), memory, memory.copy())
    np.testing.assert_array_equal(filtered[0], sound[0])
    assert np.abs(filtered[1]).max() < np.abs(sound[1]).max()


@pytest.mark.parametrize(("cutoff_hz", "step"), [(1.0, 0), (150.0, 0), (300.0, 6), (1200.0, 18), (1e6, 35)])
def test_cutoffs_have_steps(cutoff_hz: float, step: int) -> None:
    assert LowPass(RATE).colour(cutoff_hz) == step
