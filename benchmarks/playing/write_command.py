"""Time and memory of a whole `lstm-composer write --notes 500`, from the shell's return key to the file.

Run: python benchmarks/playing/write_command.py [RUNS]
"""

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.common.composer_process import run_composer
from benchmarks.common.tables import machine, print_table

NOTES = 500


def measure(output: Path, seed: int) -> tuple[float, float]:
    """Seconds and peak memory in MB of one process."""
    music = ["--style", "bach", "--notes", str(NOTES), "--seed", str(seed)]
    return run_composer("write", *music, "-o", output)


def main() -> None:
    """Measure some runs and print their median and worst."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        found = [measure(Path(folder) / "music.mid", seed) for seed in range(runs)]
    seconds, megabytes = zip(*found, strict=True)
    print(f"{runs} runs on {machine()}\n")
    rows = [
        ("seconds", f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}"),
        ("MB", f"{statistics.median(megabytes):.0f}", f"{max(megabytes):.0f}"),
    ]
    print_table(("write --notes 500", "median", "worst"), rows)


if __name__ == "__main__":
    main()
