"""Gumbel noise: its distribution, and that each event has its own whatever was asked for before."""

import math

import numpy as np
import pytest

from lstm_composer.runtime.graph.gumbel_noise import SIZES, gumbel_noise

EULER_GAMMA = 0.5772156649


def flat(seed: int, number: int) -> list[float]:
    return [value for part in gumbel_noise(seed, number).values() for value in part.ravel().tolist()]


def test_one_value_a_class() -> None:
    noise = gumbel_noise(1, 0)
    assert {name: part.shape for name, part in noise.items()} == {
        "noise_delta": (1, 106),
        "noise_pitch": (1, 128),
        "noise_duration": (1, 105),
        "noise_velocity": (1, 32),
    }
    assert {part.dtype for part in noise.values()} == {np.dtype(np.float32)}


def test_mean_and_variance_are_those_of_the_standard_gumbel_distribution() -> None:
    values = np.array([flat(7, number) for number in range(500)])
    assert np.mean(values) == pytest.approx(EULER_GAMMA, abs=0.015)
    assert np.var(values) == pytest.approx(math.pi**2 / 6, abs=0.03)
    assert np.all(np.isfinite(values))


def test_the_largest_of_noisy_logits_is_drawn_with_the_softmax_probability() -> None:
    logits = np.log([0.5, 0.3, 0.2])
    draws = [int(np.argmax(logits + gumbel_noise(3, number)["noise_pitch"][0, :3])) for number in range(4000)]
    assert np.bincount(draws) / len(draws) == pytest.approx([0.5, 0.3, 0.2], abs=0.03)


def test_the_noise_of_an_event_does_not_depend_on_what_was_asked_for_before() -> None:
    forward = [flat(5, number) for number in range(10)]
    backward = [flat(5, number) for number in reversed(range(10))]
    assert forward == backward[::-1]


def test_no_two_events_and_no_two_seeds_share_noise() -> None:
    parts = [flat(seed, number) for seed in (0, 1, 2**63 - 1) for number in (0, 1, 2, 10_000_000)]
    values = [value for part in parts for value in part]
    assert len(set(values)) > 0.99 * len(values)
    assert len(parts[0]) == sum(SIZES.values())
