"""The comparison finds what differs, and says where."""

import json

import pytest

from tests.golden.stored import differences, laid_out, shape

STORED = {"a": {"x": 1, "y": [1.0, "two"]}, "b": None, "lines": ["one", "two"]}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (STORED, []),
        ({**STORED, "b": 0}, ["b:\n    stored null\n    now    0"]),
        ({**STORED, "a": {"x": 1}}, ['a > y:\n    stored [1.0, "two"]\n    now    "(not there)"']),
        ({**STORED, "lines": ["one", "three"]}, ["lines: - stored, + now\n    -two\n    +three"]),
        ({**STORED, "c": 1}, ['c:\n    stored "(not there)"\n    now    1']),
        ({**STORED, "a": {"x": True, "y": [1.0, "two"]}}, ["a > x:\n    stored 1\n    now    true"]),
        ({**STORED, "a": {"x": 1, "y": [1.0, 2]}}, ['a > y[1]:\n    stored "two"\n    now    2']),
        ({**STORED, "a": {"x": 1, "y": [1.00001, "two"]}}, ["a > y[0]:\n    stored 1.0\n    now    1.00001"]),
        (
            {**STORED, "a": {"y": [1.0, "two"], "x": 1}},
            ["a: the same keys in another order: stored ['x', 'y'], now ['y', 'x']"],
        ),
    ],
)
def test_each_difference_is_a_line(now: dict[str, object], expected: list[str]) -> None:
    assert list(differences(STORED, now)) == expected


def test_numbers_may_be_near() -> None:
    assert not list(differences({"a": 1.0}, {"a": 1.000009}, relative=1e-5))
    assert list(differences({"a": 1.0}, {"a": 1.00002}, relative=1e-5))
    assert list(differences({"a": 1}, {"a": 2}, relative=2.0))


def test_what_is_laid_out_is_read_back() -> None:
    long = {"long": ["word " * 10] * 9, "short": [1, 2.5, None], "empty": {}}
    assert json.loads(laid_out(long)) == long
    assert laid_out({"short": [1, 2.5, None]}) == '{\n "short": [1, 2.5, null]\n}'
    assert max(map(len, laid_out(long).splitlines())) < 80


def test_a_shape_has_kinds_in_place_of_values() -> None:
    assert shape({"a": [1, 2.0, 3], "b": [{"c": ""}, {"c": "x"}], "d": None}) == {
        "a": ["float", "int"],
        "b": [{"c": "str"}],
        "d": "null",
    }
