"""How the suite is shared by several processes (pytest-xdist): what stays together, and what comes first."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT: Final = Path(__file__).parents[2]
TOGETHER: Final = {
    "tests/jack": "real time",
    "tests/daw": "real time",
    "tests/trainer/sweep": "ray",
    "tests/trainer/training/test_fine_tuning.py": "two epochs",
    "tests/trainer/commands/test_damaged_runs.py": "two epochs",
    "tests/export/test_cli.py": "an exported run",
    "tests/export/test_onnx_nll.py": "an exported run",
}
"""Folders and files whose tests take turns in one process: servers of sound that have to be in time, Ray's, and those
that look at one run, which is trained once in a process. All others stay together by file, so that the tests of a file
share its fixtures, its training among them."""
DEAREST: Final = (
    "real time",
    "ray",
    "tests/golden/test_training.py",
    "tests/trainer/network/test_devices.py",
    "tests/trainer/cli/test_train.py",
    "tests/trainer/training/test_loop.py",
    "two epochs",
    "tests/panel/browser/test_training_page.py",
    "an exported run",
    "tests/export/test_style_mixing.py",
    "tests/export/test_parity.py",
    "tests/export/test_article_cli.py",
    "tests/trainer/evaluation/test_per_style.py",
    "tests/trainer/evaluation/test_epoch_choice.py",
    "tests/trainer/network/test_stream_network.py",
    "tests/trainer/article/test_learner.py",
    "tests/runtime/session/test_play.py",
    "tests/runtime/monitor/test_server.py",
    "tests/runtime/sound/test_device.py",
    "tests/panel/server/test_training.py",
)
"""They begin first: what takes long and begins late is waited for by all others. The last four wait more than they
compute, and are the longest of a quick run."""


@cache
def group_of(file: Path) -> str:
    """Return what a file's tests stay together with: the name of a group of folders, or the file's own path."""
    path = file.relative_to(ROOT)
    return next((name for folder, name in TOGETHER.items() if path.is_relative_to(folder)), path.as_posix())


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist ships no types for it
    """Gives each process a whole group at a time.

    The groups of pytest-xdist itself (`--dist loadgroup`, 3.8) are lost on pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(ROOT / nodeid.partition("::")[0])


def in_order(items: list[pytest.Item], need_tensorflow: Sequence[Path]) -> None:
    """Sort tests by their group, groups that need TensorFlow before those that do not."""
    slow = {group_of(file) for file in need_tensorflow}

    def turn(item: pytest.Item) -> tuple[int, bool, str]:
        group = group_of(item.path)
        return DEAREST.index(group) if group in DEAREST else len(DEAREST), group not in slow, group

    items.sort(key=turn)
