"""Which temperature and min-p a style gets that fails a gate at the defaults."""

from dataclasses import replace

import pytest
from choose_sampling import Try, best_of

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def a_try(temperature: float, min_p: float, inside: int, likeness: float, *, passed: bool) -> Try:
    return Try(temperature, min_p, 1.0, passed, like_enough=True, inside=inside, likeness=likeness)


@pytest.mark.parametrize(
    ("tries", "best"),
    [
        ([a_try(1.0, 0.01, 30, 0.7, passed=True)], 0),
        (
            [
                a_try(1.0, 0.01, 20, 0.9, passed=False),
                a_try(0.9, 0.03, 29, 0.7, passed=True),
                a_try(0.8, 0.03, 32, 0.6, passed=True),
            ],
            1,
        ),
        (
            [
                a_try(1.0, 0.01, 20, 0.9, passed=False),
                a_try(0.9, 0.03, 28, 0.7, passed=False),
                a_try(0.8, 0.03, 28, 0.8, passed=False),
            ],
            2,
        ),
    ],
)
def test_the_likest_that_passes_or_else_the_one_with_most_inside(tries: list[Try], best: int) -> None:
    assert best_of(tries) == tries[best]


def test_loudness_stays_as_it_was_learned() -> None:
    assert a_try(0.8, 0.03, 32, 0.7, passed=True).card.temperature == (0.8, 0.8, 0.8, 1.0)


def test_a_style_that_wanders_from_its_loudness_is_held_to_it() -> None:
    before = a_try(1.0, 0.01, 32, 0.7, passed=True)
    steady = replace(a_try(1.0, 0.01, 31, 0.8, passed=True), loudness=0.6)
    assert best_of([before, steady]) == steady
    assert steady.card.temperature == (1.0, 1.0, 1.0, 0.6)
