"""Time and memory of a whole `lstm-composer write --notes 500`, from the shell's return key to the file.

Run: python benchmarks/playing/write_command.py [RUNS]
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common.tables import machine, print_table

NOTES = 500
KILO = 1024


def measure(output: Path, seed: int) -> tuple[float, float]:
    """Seconds and peak memory in MB of one process."""
    music = ["--style", "bach", "--notes", str(NOTES), "--seed", str(seed)]
    command = [sys.executable, "-m", "runtime.cli", "write", *music, "-o", str(output)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else KILO) / 1e6


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
