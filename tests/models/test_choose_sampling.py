"""Which settings a style gets by what it plays with them."""

import pytest
from choose_sampling import OTHERS, RECALL_STEP, Setting, Try, best_of, tries_of

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def a_try(
    setting: Setting | None = None, *, inside: int = 32, outside: int = 0, returns: float = 0.0, likeness: float = 0.8
) -> Try:
    names = tuple(f"measure {number}" for number in range(outside))
    return Try(setting or Setting(), inside >= 29, inside, names, returns, likeness)


@pytest.mark.parametrize(
    ("tries", "best"),
    [
        ([a_try()], 0),
        ([a_try(inside=20, likeness=0.9), a_try(inside=29, outside=3)], 1),  # gates before all
        ([a_try(inside=20), a_try(inside=28, outside=2)], 1),  # none passes: more excerpts inside
        ([a_try(outside=2, likeness=0.9), a_try(outside=1, returns=0.3)], 1),
        ([a_try(returns=0.3, likeness=0.9), a_try(returns=-0.1)], 1),
        ([a_try(), a_try(likeness=0.9)], 1),
    ],
)
def test_the_best(tries: list[Try], best: int) -> None:
    assert best_of(tries) is tries[best]


@pytest.mark.parametrize(("excess", "expected"), [(0.3, -RECALL_STEP), (-0.3, RECALL_STEP), (0.9, -2 * RECALL_STEP)])
def test_returns_are_brought_to_where_human_music_has_them(excess: float, expected: float) -> None:
    """The more is asked for, the more returns; the nearest to none too many is kept for all that is heard after."""

    def hear(setting: Setting) -> Try:
        return a_try(setting, returns=excess + 0.4 * setting.recall / RECALL_STEP)

    tries = tries_of(hear)
    assert best_of(tries).setting.recall == expected
    assert [(one.setting.temperature, one.setting.strength) for one in tries[-len(OTHERS) :]] == list(OTHERS)
    assert {one.setting.recall for one in tries[-len(OTHERS) :]} == {expected}


def test_loudness_stays_as_it_was_learned() -> None:
    assert Setting(0.8, 1.5, -1.5).card.temperature == (0.8, 0.8, 0.8, 1.0)


def test_returns_are_begun_only_where_more_are_wished_for() -> None:
    assert Setting(recall=-1.5).card.recall == (-1.5, 0.0)
    assert Setting(recall=1.5).card.recall == (1.5, 0.75)
