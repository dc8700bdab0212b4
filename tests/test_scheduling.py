"""Which tests stay together when several processes share the suite, and which begin first."""

from pathlib import Path

import pytest

from tests.support.scheduling import DEAREST, ROOT, TOGETHER, group_of


@pytest.mark.parametrize(
    ("file", "group"),
    [
        ("tests/jack/test_play.py", "real time"),
        ("tests/daw/test_ardour.py", "real time"),
        ("tests/trainer/sweep/test_sweep.py", "ray"),
        ("tests/trainer/commands/test_damaged_runs.py", "two epochs"),
        ("tests/trainer/cli/test_train.py", "tests/trainer/cli/test_train.py"),
        ("tests/test_docs.py", "tests/test_docs.py"),
    ],
)
def test_servers_take_turns_and_files_stay_whole(file: str, group: str) -> None:
    assert group_of(ROOT / file) == group


@pytest.mark.parametrize("place", [*TOGETHER, *(one for one in DEAREST if one not in TOGETHER.values())])
def test_what_is_named_is_there(place: str) -> None:
    assert (ROOT / place).exists()


def test_every_file_is_in_one_group() -> None:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    assert {group_of(file) for file in files} >= {*DEAREST}


def test_a_group_begins_whole(request: pytest.FixtureRequest) -> None:
    """However many tests of this session there are, those of a group follow each other."""
    groups: list[str] = []
    for item in request.session.items:
        group = group_of(Path(item.path))
        if not groups or groups[-1] != group:
            groups.append(group)
    assert len(groups) == len(set(groups))
