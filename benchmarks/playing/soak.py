"""A long performance: does memory grow, and has every note-on its note-off?

`lstm-composer play` at 200 bpm into a JACK server of the script's own with the dummy driver, received by
`jack_midi_dump`. Memory is the resident set every ten seconds, after three minutes of warming up: at 200 bpm the memory
of 128 bars takes 154 seconds to fill.

Run: python benchmarks/playing/soak.py [MINUTES] [FLAGS OF PLAY ...]     (needs jackd2 and jack-tools; 60 minutes by
default)
"""

import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.common.jack_server import dummy_server
from benchmarks.common.tables import machine, print_table
from benchmarks.playing.lateness import PORT, running, wait_for_port

WARM_UP_SECONDS = 180.0
LOOK_SECONDS = 10.0
MEBIBYTE = 1 << 20


def resident(pid: int) -> int:
    """Return the bytes of memory that a process holds (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


def unpaired(received: str) -> tuple[int, int]:
    """Return how many note-ons a receiver got, and how many of them, or note-offs, have no other half."""
    sounding: set[tuple[str, str]] = set()
    starts = odd = 0
    for kind, channel, pitch in re.findall(r"^ *\d+: ([89])([0-9a-f]) ([0-9a-f]{2})", received, re.MULTILINE):
        key = (channel, pitch)
        if kind == "9":
            starts += 1
            odd += key in sounding
            sounding.add(key)
        else:
            odd += key not in sounding
            sounding.discard(key)
    return starts, odd + len(sounding)


def main() -> None:
    """Play for so long, and say what memory did."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    arguments = ["--style", "bach", "--seed", "1", "--tempo", "200", "--backend", "jack", *sys.argv[2:]]
    memory: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        received = Path(name) / "received.txt"
        stack.enter_context(dummy_server())
        stack.enter_context(running("stdbuf", "-oL", "jack_midi_dump", "-a", "receiver", output=received))
        wait_for_port("receiver:input")
        command = [sys.executable, "-m", "lstm_composer", "play", *arguments]
        player = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        wait_for_port(PORT)
        subprocess.run(["jack_connect", PORT, "receiver:input"], check=True)
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < minutes * 60 and player.poll() is None:
            memory.append((passed, resident(player.pid)))
            time.sleep(LOOK_SECONDS)
        player.terminate()
        _, said = player.communicate(timeout=60)
        time.sleep(1.0)
        starts, odd = unpaired(received.read_text())
    warm = [held for passed, held in memory if passed >= min(WARM_UP_SECONDS, minutes * 30)]
    row = (f"{minutes:g}", starts, odd, *(f"{one / MEBIBYTE:.1f}" for one in (warm[0], max(warm), warm[-1])))
    print(f"{machine()}; {said.strip().splitlines()[-1]}\n")
    print_table(
        ("minutes", "note-ons", "without their other half", "MiB after warming up", "most", "at the end"), [row]
    )


if __name__ == "__main__":
    main()
