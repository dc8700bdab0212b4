"""A run of the program as a process of its own, from the shell's return key to its end: its time and its memory."""

import os
import subprocess
import sys
import time
from pathlib import Path

COMPOSER = (sys.executable, "-m", "lstm_composer")
_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in which the system counts memory."""


def run_composer(*arguments: str | Path) -> tuple[float, float]:
    """Run the program; returns seconds and peak memory in MB, or ends this script where it fails."""
    command = [*COMPOSER, *map(str, arguments)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    return seconds, usage.ru_maxrss * _UNIT / 1e6
