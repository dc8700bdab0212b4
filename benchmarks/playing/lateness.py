"""Lateness of `lstm-composer play`, from the event log of the real program, idle and beside two busy processes.

Each row is one run of the program into a JACK server of its own with the dummy driver (48 kHz, 64 frames), received by
`jack_midi_dump`. "sent" is how long after its time the program sent a note-on; "received" how far the receiver's frames
stray from the grid, a constant delay taken off. Where the server had an xrun its clock jumps, and the runs beside it
are lined up each for itself.

Run: python benchmarks/playing/lateness.py [NOTES]     (needs jackd2 and jack-tools; about 8 minutes for 1000 notes)
"""

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.common.jack_server import RATE, dummy_server
from benchmarks.common.tables import machine, percentile, print_table

PORT = "LSTM Composer:LSTM Composer"
BUSY = ("sh", "-c", "while :; do :; done")
JUMP_SECONDS = 0.001
"""Two neighbouring notes whose delays differ by more lie on two sides of a jump of the server's clock, or of a slip."""


@contextmanager
def running(*command: str, output: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program and end it."""
    with ExitStack() as stack:
        file = stack.enter_context(output.open("wb")) if output else subprocess.DEVNULL
        process = stack.enter_context(subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL))
        try:
            yield process
        finally:
            process.terminate()


def wait_for_port(name: str) -> None:
    """Wait until JACK has a port."""
    while name not in subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False).stdout:
        time.sleep(0.02)


def play(tempo: int, busy: int, notes: int, folder: Path) -> tuple[list[float], list[float]]:
    """Play until `notes` note-ons are sent; returns seconds late as sent, and stray seconds as received."""
    events, received = folder / "events.jsonl", folder / "received.txt"
    events.write_text("")
    arguments = ["--style", "bach", "--seed", "1", "--tempo", str(tempo), "--backend", "jack", "--events", str(events)]
    with ExitStack() as stack:
        stack.enter_context(running("stdbuf", "-oL", "jack_midi_dump", "-a", "receiver", output=received))
        wait_for_port("receiver:input")
        for _ in range(busy):
            stack.enter_context(running(*BUSY))
        player = stack.enter_context(running(sys.executable, "-m", "lstm_composer", "play", *arguments))
        wait_for_port(PORT)
        subprocess.run(["jack_connect", PORT, "receiver:input"], check=True)
        while events.read_text().count('"note_on"') < notes and player.poll() is None:
            time.sleep(0.5)
        player.terminate()
        player.wait()
        time.sleep(0.5)
    sent = [one for one in map(json.loads, events.read_text().splitlines()) if one["kind"] == "note_on"]
    frames = [int(frame) for frame in re.findall(r"^ *(\d+): 90", received.read_text(), re.MULTILINE)]
    if len(frames) != len(sent):
        sys.exit(f"{len(sent)} note-ons were sent, {len(frames)} received")
    late = [max(0.0, one["sent"] - one["due"]) for one in sent]
    return late, strays([frame / RATE - one["due"] for frame, one in zip(frames, sent, strict=True)])


def strays(delays: list[float]) -> list[float]:
    """Seconds by which each delay differs from the median of its stretch between two jumps of the clock."""
    stretches: list[list[float]] = [[]]
    for delay in delays:
        if stretches[-1] and abs(delay - stretches[-1][-1]) > JUMP_SECONDS:
            stretches.append([])
        stretches[-1].append(delay)
    return [abs(delay - statistics.median(stretch)) for stretch in stretches for delay in stretch]


def figures(seconds: list[float]) -> tuple[str, str, str]:
    """p50, p99 and worst in milliseconds."""
    values = (percentile(seconds, 0.5), percentile(seconds, 0.99), max(seconds))
    p50, p99, worst = (f"{value * 1000:.3f}" for value in values)
    return p50, p99, worst


def main() -> None:
    """Measure at two tempos, idle and busy."""
    notes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    if shutil.which("jackd") is None:
        sys.exit("jackd is not installed: apt-get install jackd2 jack-tools")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for tempo in (120, 300):
            for busy in (0, 2):
                with dummy_server():
                    late, stray = play(tempo, busy, notes, Path(folder))
                rows.append((tempo, busy, len(late), *figures(late), *figures(stray)))
                print(*rows[-1], file=sys.stderr)
    print(f"{machine()}\n")
    sent, received = ("sent late p50", "p99", "worst, ms"), ("received stray p50", "p99", "worst, ms")
    print_table(("bpm", "busy", "notes", *sent, *received), rows)


if __name__ == "__main__":
    main()
