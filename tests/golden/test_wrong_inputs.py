"""What is said, and with which exit code, where something that was asked for will not do."""

from pathlib import Path

from tests.golden.mistakes import MISTAKES, MISTAKES_OF_TRAINING, refusals
from tests.golden.stored import check


def test_wrong_inputs(tmp_path: Path) -> None:
    check("wrong_inputs", refusals(MISTAKES, tmp_path))


def test_how_many_are_tried() -> None:
    assert len([*MISTAKES.split("\n"), *MISTAKES_OF_TRAINING.split("\n")]) > 110
