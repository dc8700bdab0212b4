"""How near the notes of `lstm-composer play --sync midi` are to the grid of a real DAW that sends the clock: Ardour.

One session: 100 bpm, at bar 9 a change to 140 while it records, stop, locate to bar 9, record again. "to the grid" is
how far a note starts, in Ardour's own take, from the nearest sixteenth of Ardour's session (takes are kept in 1920ths
of a quarter: 0.3 ms at 100 bpm); "to the pulse" is how far it comes, in a receiver's sample frames, from the nearest
pulse of Ardour's clock. What was played first, after Start and after Continue, stands by itself: it can only be sent
once its pulse has come. JACK with its dummy driver, 48 kHz, periods of 64 frames.

Run: python benchmarks/playing/daw.py [BARS]     (needs ardour, jackd2 and jack-tools; about 3 minutes for 30 bars at
140 bpm)
"""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common.ardour import (
    CLOCK_OUTPUT,
    OUR_INPUT,
    OUR_OUTPUT,
    TRACK_INPUT,
    Ardour,
    ardour,
    connect,
    missing_programs,
)
from benchmarks.common.jack_server import dummy_server
from benchmarks.common.tables import machine, percentile, print_table
from benchmarks.playing.ardour_takes import RATE, TempoMap

ROOT = Path(__file__).parents[2]
MUSIC = ("--style", "scale", "--models-dir", str(ROOT / "tests" / "data"), "--seed", "3", "--temperature", "0")
SLOW_BPM, FAST_BPM = 100.0, 140.0
BEATS = 4
BAR_9 = 8 * BEATS
FIRST_TITLES = ("played", "notes", "first, to the grid, ms")
TITLES = (*FIRST_TITLES, *(f"to the {one} {figure}" for one in ("grid", "pulse") for figure in ("p50", "p99", "worst")))


@dataclass(frozen=True)
class Heard:
    """What the receiver got between FA or FB and FC: sample frames."""

    pulses: list[int]
    notes: list[int]


@contextmanager
def running(*command: str, output: Path) -> Iterator[None]:
    """Run a program and end it as Ctrl-C does."""
    with output.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)


def record(daw: Ardour, bars: int) -> None:
    """Make both takes."""
    daw.set_tempo(SLOW_BPM)
    daw.arm()
    daw.roll()
    daw.change_tempo(BAR_9, FAST_BPM)
    daw.roll_until(BAR_9 + bars * BEATS)
    daw.stop()
    daw.locate(BAR_9)
    daw.arm()
    daw.roll()
    daw.roll_until(BAR_9 + bars * BEATS)
    daw.stop()


def heard(received: str) -> list[Heard]:
    """Sort what came by the times that Ardour played."""
    parts: list[Heard] = []
    for frame, status in re.findall(r"^ *(\d+): ([0-9a-f]{2})", received, re.MULTILINE):
        if status in ("fa", "fb"):
            parts.append(Heard([], []))
        elif parts and status == "f8":
            parts[-1].pulses.append(int(frame))
        elif parts and status == "90":
            parts[-1].notes.append(int(frame))
    return parts


def distances(values: Sequence[float], grid: Sequence[float]) -> list[float]:
    """Milliseconds from each value (samples) to the nearest line of a grid."""
    return [1000 / RATE * (value - min(grid, key=lambda line: abs(line - value))) for value in values]


def sixteenths(grid: TempoMap, start: int, end: int) -> list[float]:
    """Samples of the sixteenths from one quarter to another."""
    return [grid.sample_at(number / 4) for number in range(4 * start, 4 * end)]


def figures(milliseconds: Sequence[float]) -> tuple[str, ...]:
    """p50, p99 and worst of the distances, whichever way."""
    sizes = [abs(one) for one in milliseconds]
    return tuple(f"{one:.2f}" for one in (percentile(sizes, 0.5), percentile(sizes, 0.99), max(sizes)))


def measure(bars: int, folder: Path) -> list[tuple[object, ...]]:
    """Record, and return the rows of the table."""
    received = folder / "received.txt"
    with ExitStack() as stack:
        stack.enter_context(dummy_server(folder / "jackd.log"))
        daw = stack.enter_context(ardour(folder / "ardour"))
        stack.enter_context(running("stdbuf", "-oL", "jack_midi_dump", "-a", "receiver", output=received))
        play = (sys.executable, "-m", "lstm_composer", "play", *MUSIC, "--sync", "midi", "--backend", "jack")
        with running(*play, output=folder / "play.log"):
            connect(OUR_OUTPUT, TRACK_INPUT)
            connect(OUR_OUTPUT, "receiver:input")
            connect(CLOCK_OUTPUT, "receiver:input")
            connect(CLOCK_OUTPUT, OUR_INPUT)
            record(daw, bars)
        time.sleep(0.5)
        takes, grid = daw.takes(), daw.grid
    print((folder / "play.log").read_text().splitlines()[-1], file=sys.stderr)
    lines = sixteenths(grid, 0, BAR_9 + (bars + 2) * BEATS)
    change = grid.sample_at(BAR_9 - 0.1)
    first, second = (distances([note.start for note in take.notes], lines) for take in takes)
    slow = sum(note.start < change for note in takes[0].notes)
    to_pulse = [distances(one.notes, one.pulses) for one in heard(received.read_text())]
    parts = (
        (f"from Start, {SLOW_BPM:g} bpm", first[:slow], to_pulse[0][:slow], True),
        (f"on to {FAST_BPM:g} bpm", first[slow:], to_pulse[0][slow:], False),
        (f"from bar 9, {FAST_BPM:g} bpm", second, to_pulse[1], True),
    )
    rows: list[tuple[object, ...]] = []
    for title, grid_ms, pulse_ms, begins in parts:
        rest = int(begins)
        begin = f"{grid_ms[0]:+.2f}" if begins else ""
        rows.append((title, len(grid_ms), begin, *figures(grid_ms[rest:]), *figures(pulse_ms[rest:])))
    everything = [*first, *second]
    rows.append(("all, the first ones too", len(everything), "", *figures(everything), "", "", ""))
    return rows


def main() -> None:
    """Print the table."""
    if missing := missing_programs():
        sys.exit(f"not installed: {', '.join(missing)}: apt-get install ardour jackd2 jack-tools")
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 30, Path(folder))
    print(f"{machine()}\n")
    print_table(TITLES, rows)


if __name__ == "__main__":
    main()
