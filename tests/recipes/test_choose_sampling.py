"""Which settings a style gets by what it plays with them."""

from dataclasses import replace

import pytest

from lstm_composer.trainer.judging.style import Judgement
from recipes.choose_sampling import (
    CORRECTIONS,
    GUARDS,
    LOW_MIN_P,
    OTHERS,
    STEADY,
    Setting,
    Try,
    best_of,
    ends_of,
    tries_of,
)

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def a_try(
    setting: Setting | None = None, *, inside: int = 32, outside: int = 0, returns: float = 0.0, told: float = 0.9,
    ends: tuple[float, ...] = (0.0,) * 5,
) -> Try:  # fmt: skip
    names = tuple(f"measure {number}" for number in range(outside))
    return Try(setting or Setting(), inside >= 29, inside, names, returns, told, ends)


@pytest.mark.parametrize(
    ("tries", "best"),
    [
        ([a_try()], 0),
        ([a_try(inside=20, told=0.6), a_try(inside=29, outside=3)], 1),  # gates before all
        ([a_try(inside=20), a_try(inside=28, outside=2)], 1),  # none passes: more excerpts inside
        ([a_try(outside=2, told=0.6), a_try(outside=1)], 1),
        ([a_try(), a_try(told=0.8)], 1),
    ],
)
def test_the_best(tries: list[Try], best: int) -> None:
    assert best_of(tries) is tries[best]


def test_what_is_remembered_is_brought_to_where_human_music_has_it() -> None:
    """A network that ends long matches too soon and lets too many bars return; each nat of a wish counts twice."""

    def hear(setting: Setting) -> Try:
        longest, begin = setting.recall[-3:-1]
        excess = 0.4 + begin
        return a_try(setting, returns=excess, ends=(0.0, 0.0, 0.0, 0.0, 1.0 - 2 * longest), told=0.8 + abs(excess))

    tries = tries_of(hear)
    corrected = best_of(tries).setting
    assert corrected.recall == pytest.approx((0, 0, 0, 0, 0.5, -0.4, 1))
    assert corrected.min_p == LOW_MIN_P
    assert len(tries) == 1 + CORRECTIONS + len(OTHERS) + 1
    others, steady = tries[1 + CORRECTIONS : -1], tries[-1].setting
    assert [(one.setting.temperature, one.setting.strength) for one in others] == list(OTHERS)
    assert {one.setting.recall for one in others} == {corrected.recall}
    assert steady == replace(best_of(tries[:-1]).setting, loudness=STEADY)


def test_a_style_that_goes_round_in_circles_is_heard_with_stronger_guards() -> None:
    def hear(setting: Setting) -> Try:
        return a_try(setting, inside=29 if setting.recall[-1] > GUARDS[0] else 25)

    assert best_of(tries_of(hear)).setting.recall[-1] == GUARDS[-1]


def test_wishes_stay_small() -> None:
    far = a_try(returns=-9.0, ends=(9.0, -9.0, 0.0, 0.0, 0.0))
    assert far.corrected.recall == (3.0, -3.0, 0.0, 0.0, 0.0, 3.0, 1.0)
    assert a_try(Setting().guarded(GUARDS[-1])).corrected.recall[-1] == GUARDS[-1]


def test_how_matches_end_is_compared_in_log_odds() -> None:
    judged = Judgement(
        played=1, human=1, measures={}, continued_played={1: 0.5, 2: 0.2, 16: 1.0}, continued_human={1: 0.5, 2: 0.8}
    )
    assert ends_of(judged) == pytest.approx((0.0, 2 * 1.3863, 0.0, 0.0, 0.0), abs=1e-4)


def test_loudness_is_for_itself() -> None:
    assert Setting(0.8).card.temperature == (0.8, 0.8, 0.8, 1.0)
    assert Setting(0.8, loudness=0.9).card.temperature == (0.8, 0.8, 0.8, 0.9)
