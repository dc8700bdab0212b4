"""Turn the parameters of a running `play` from a program of one's own: here density follows a slow wave.

Run: python examples/own_controls.py [SECONDS] [ARGUMENTS OF PLAY...]

`play --stdin` takes a command a line. What the commands are called and which ranges they have: docs/playing.md.
"""

import math
import subprocess
import sys
import time

PERIOD_SECONDS = 20.0
STEP_SECONDS = 0.5


def density(seconds: float) -> float:
    """From -1, few notes, to 1, many, and back."""
    return math.sin(2 * math.pi * seconds / PERIOD_SECONDS)


def main(seconds: str = "20", *arguments: str) -> int:
    """Play for some seconds, and return the exit code of `play`."""
    command = [sys.executable, "-m", "lstm_composer", "play", "--stdin", *(arguments or ("--style", "bach", "--sound"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as player:
        began = time.monotonic()
        try:
            while player.poll() is None and (passed := time.monotonic() - began) < float(seconds):
                print(f"density {density(passed):.2f}", file=player.stdin, flush=True)
                time.sleep(STEP_SECONDS)
        except (BrokenPipeError, KeyboardInterrupt):
            pass  # it has ended, or is to end
        player.terminate()
        return player.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
