"""Training shared by several devices: two halves of this machine's processor stand for two GPUs."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = "tests.support.two_devices"
ROOT = Path(__file__).parents[3]


def losses(run: Path) -> list[float]:
    with (run / "history.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.mark.timeout(900)
def test_a_training_on_two_devices_goes_on_where_it_was_and_learns_the_same(music_folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", PROGRAM, str(music_folder), str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=800)
    assert result.returncode == 0, result.stderr[-2000:]
    two, one = losses(tmp_path / "two"), losses(tmp_path / "one")
    assert len(two) == len(one) == 3
    assert two[2] < two[0]  # so few batches at so low a rate that the second need not be better than the first
    # Not the same numbers: each device draws dropout of its own and pads its share of a batch.
    assert two == pytest.approx(one, rel=0.05)
