"""Give the parsers of what others send odd input for so many minutes; stop at the first that fails.

What fails is kept by Hypothesis and tried first the next time, also by `make test`.

Run: python recipes/fuzz.py [MINUTES]
"""

import os
import secrets
import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path

ENTRIES = Path(__file__).parent.parent / "tests" / "fuzz"
EXAMPLES = 1000
"""For each test in one round; each takes seconds, so that all have their turn within a minute or two."""


def main() -> int:
    """Try one file of entries after another until the time is over."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    end = time.monotonic() + 60 * minutes
    environment = {**os.environ, "LSTM_COMPOSER_FUZZ_EXAMPLES": str(EXAMPLES)}
    files = sorted(ENTRIES.glob("test_*.py"))
    rounds = 0
    for file in cycle(files):
        if time.monotonic() > end:
            break
        left = max(0.0, end - time.monotonic()) / 60
        print(f"{left:.1f} minutes left: {file.stem}", flush=True)
        seed = f"--hypothesis-seed={secrets.randbelow(2**32)}"
        command = [sys.executable, "-m", "pytest", "-q", "--timeout=0", "-p", "no:cacheprovider", seed, str(file)]
        if subprocess.run(command, env=environment, check=False).returncode:
            return 1
        rounds += 1
    print(f"{rounds} files of entries tried, {EXAMPLES} examples for each of their tests: nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
