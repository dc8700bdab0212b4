"""Training shared by several devices: two halves of this machine's processor stand for two GPUs."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

ALONE = """
import sys

from trainer.cli.train import main
from trainer.judging import style

style.BARS = 8  # networks that know nothing need not play 64 to be judged
sys.exit(main(sys.argv[1:]))
"""
SHARED = """
import tensorflow as tf

[processor] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)

from trainer.dataset import batches
from trainer.network import devices

devices.gpus = batches.gpus = lambda: ["CPU:0", "CPU:1"]
"""
TINY = ("--units", "16", "--head-units", "16", "--batch-steps", "256", "--save-every", "1")


def trained(run: Path, *arguments: str, program: str) -> list[float]:
    """Train, and return the losses of the epochs."""
    command = [sys.executable, "-c", program, *arguments, "--name", "x", "--run-dir", str(run), *TINY]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-2000:]
    with (run / "history.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.mark.timeout(900)
def test_a_training_on_two_devices_goes_on_where_it_was_and_learns_the_same(music_folder: Path, tmp_path: Path) -> None:
    folder, shared = str(music_folder), SHARED + ALONE
    trained(tmp_path / "two", folder, "--epochs", "2", program=shared)
    two = trained(tmp_path / "two", folder, "--epochs", "3", "--resume", program=shared)
    one = trained(tmp_path / "one", folder, "--epochs", "3", program=ALONE)
    assert len(two) == len(one) == 3
    assert two[2] < two[0]  # so few batches at so low a rate that the second need not be better than the first
    # Not the same numbers: each device draws dropout of its own and pads its share of a batch.
    assert two == pytest.approx(one, rel=0.05)
