"""Every value meets every other, also when there are cases already."""

from itertools import combinations

from tests.golden.pairwise import Case, Factors, cases_for, one_at_a_time

FACTORS: Factors = {"a": ["0", "1", "2"], "b": ["", "x"], "c": ["", "y", "z"], "d": ["", "w"]}


def met(cases: list[Case]) -> set[tuple[tuple[str, str], ...]]:
    return {pair for case in cases for pair in combinations(sorted(case.items()), 2)}


def test_all_pairs_are_met_by_few_cases() -> None:
    cases = cases_for(FACTORS)
    assert len(met(cases)) == 3 * 2 + 3 * 3 + 3 * 2 + 2 * 3 + 2 * 2 + 3 * 2
    assert 9 <= len(cases) <= 12


def test_pairs_that_cannot_be_are_left_out() -> None:
    cases = cases_for(FACTORS, is_allowed=lambda case: (case["a"], case["b"]) != ("2", "x"))
    assert (("a", "2"), ("b", "x")) not in met(cases)
    assert (("a", "2"), ("b", "")) in met(cases)


def test_only_what_is_not_covered_is_added() -> None:
    before = cases_for(FACTORS)
    assert cases_for(FACTORS, before) == []
    more = cases_for({**FACTORS, "e": ["", "new"]}, before)
    assert 0 < len(more) < len(before)
    assert {case["e"] for case in more} == {"new"}


def test_one_at_a_time() -> None:
    cases = one_at_a_time({"a": ["0", "1"], "b": ["", "x", "y"]})
    assert [tuple(case.values()) for case in cases] == [("0", ""), ("1", ""), ("0", "x"), ("0", "y")]
