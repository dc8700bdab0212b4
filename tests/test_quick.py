"""What `--quick` leaves out of a run."""

import pytest
from hypothesis import settings

from tests.support.quick import FOLDERS, MARKS, examples, is_left_out


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
    registered = request.config.getini("markers")
    assert all(any(line.startswith(f"{mark}:") for line in registered) for mark in MARKS)
