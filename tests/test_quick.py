"""What `--quick` leaves out of a run."""

import pytest
from hypothesis import settings

from tests.support.quick import FIXTURES, FOLDERS, MARKS, ROOT, examples, is_left_out, part_of


def test_a_quick_run_has_nothing_that_it_is_to_leave_out(request: pytest.FixtureRequest) -> None:
    items = request.session.items if request.config.getoption("--quick") else []
    assert not [item.nodeid for item in items if is_left_out(item) or FOLDERS & {*item.path.parents}]


@pytest.mark.parametrize(("asked", "quick", "whole"), [(500, 50, 500), (100, 10, 100), (25, 5, 25)])
def test_a_quick_run_draws_a_tenth_of_the_examples(
    asked: int, quick: int, whole: int, request: pytest.FixtureRequest
) -> None:
    assert examples(asked) == (quick if request.config.getoption("--quick") else whole)
    assert settings().max_examples == examples(100)


def test_what_is_named_is_there(request: pytest.FixtureRequest) -> None:
    assert all(folder.is_dir() for folder in FOLDERS)
    fixtures = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("conftest.py"))
    assert all(f"def {name}(" in fixtures for name in FIXTURES)
    registered = request.config.getini("markers")
    assert all(any(line.startswith(f"{mark}:") for line in registered) for mark in MARKS)


def test_a_quick_run_takes_a_quarter_of_a_golden_table() -> None:
    assert part_of(["a", "b", "c", "d", "e"], quick=True) == ["a", "e"]
    assert part_of(["a", "b", "c", "d", "e"], quick=False) == ["a", "b", "c", "d", "e"]
