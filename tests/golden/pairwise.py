"""Few cases for many flags: every value of a flag meets every value of every other in one of them."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

Factors = Mapping[str, Sequence[str]]
"""Values by factor, the first of each what holds where a case does not say."""
Case = Mapping[str, str]
_DRAWS: Final = 30
"""Cases that are drawn for each one that is taken."""
Pair = tuple[tuple[str, str], tuple[str, str]]


def cases_for(
    factors: Factors,
    given: Sequence[Case] = (),
    is_allowed: Callable[[Case], bool] = lambda _: True,
) -> list[Case]:
    """Return cases that cover, with those given, all pairs of values that any allowed case holds.

    Args:
        factors: What there is.
        given: Cases that there are already; they may leave factors out.
        is_allowed: Tells whether the values of a case can go together.

    """
    open_pairs = set(_pairs(factors))
    for case in given:
        open_pairs -= _covered(factors, case)
    made: list[Case] = []
    while open_pairs:
        pair = min(open_pairs)
        draw = random.Random(repr(pair))  # so that what is drawn depends on nothing else
        drawn = [_drawn(factors, dict(pair), draw) for _ in range(_DRAWS)]
        allowed = [case for case in drawn if is_allowed(case)]
        if not allowed:
            open_pairs.remove(pair)
            continue
        best = max(allowed, key=lambda case: len(open_pairs & _covered(factors, case)))
        open_pairs -= _covered(factors, best)
        made.append(best)
    return made


def one_at_a_time(factors: Factors) -> list[Case]:
    """Return a case with the first value of every factor, and one for each other value with that alone changed."""
    first = {name: values[0] for name, values in factors.items()}
    return [first, *(first | {name: value} for name, values in factors.items() for value in values[1:])]


def _pairs(factors: Factors) -> Iterator[Pair]:
    for first, second in combinations(factors, 2):
        yield from (((first, one), (second, other)) for one in factors[first] for other in factors[second])


def _covered(factors: Factors, case: Case) -> set[Pair]:
    whole = [(name, case.get(name, values[0])) for name, values in factors.items()]
    return set(combinations(whole, 2))


def _drawn(factors: Factors, fixed: Case, draw: random.Random) -> Case:
    return {name: fixed.get(name, values[int(draw.random() * len(values))]) for name, values in factors.items()}
