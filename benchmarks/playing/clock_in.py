"""How near the notes of `lstm-composer play --sync midi` are to the pulses of a clock master that nobody here wrote.

`jack_midi_clock` sends the clock; it and the program play into one `jack_midi_dump`, so that notes and pulses have
frames of one origin: the error of a note is its frame less that of the pulse it belongs to. The first note can only
answer its pulse, and is told by itself.

Run: python benchmarks/playing/clock_in.py [SECONDS] [BPM ...]     (needs jackd2, jack-tools and jack-midi-clock)
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.common.jack_server import RATE, dummy_server
from benchmarks.common.tables import machine, print_table
from benchmarks.playing.lateness import PORT, figures, running, wait_for_port

MASTER = "jack_midi_clock:mclk_out"
STYLE = ("--style", "bach", "--seed", "1")


def transport(*commands: str) -> None:
    """Type into `jack_transport`."""
    text = "".join(f"{command}\n" for command in (*commands, "exit"))
    subprocess.run(["jack_transport"], input=text.encode(), check=True, capture_output=True)


def follow(bpm: float, seconds: float, folder: Path) -> list[float]:
    """Follow the clock for so long; returns the error of each note in seconds, in order."""
    events, received = folder / "events.jsonl", folder / "received.txt"
    with ExitStack() as stack:
        stack.enter_context(running("stdbuf", "-oL", "jack_midi_dump", "-a", "receiver", output=received))
        stack.enter_context(running("jack_midi_clock", "-b", f"{bpm:g}"))
        arguments = [*STYLE, "--sync", "midi", "--backend", "jack", "--events", str(events)]
        player = stack.enter_context(running(sys.executable, "-m", "lstm_composer", "play", *arguments))
        for port in ("receiver:input", MASTER, f"{PORT} in"):
            wait_for_port(port)
        for source, destination in ((MASTER, f"{PORT} in"), (MASTER, "receiver:input"), (PORT, "receiver:input")):
            subprocess.run(["jack_connect", source, destination], check=True)
        transport("stop", "locate 0", "play")
        time.sleep(seconds)
        transport("stop")
        time.sleep(0.5)
        player.terminate()
        player.wait()
    lines = re.findall(r"^ *(\d+): (f8|90)", received.read_text(), re.MULTILINE)
    pulses = [int(frame) for frame, status in lines if status == "f8"]
    notes = [int(frame) for frame, status in lines if status == "90"]
    sent = [one for one in map(json.loads, events.read_text().splitlines()) if one["kind"] == "note_on"]
    if len(notes) != len(sent):
        sys.exit(f"{len(sent)} note-ons were sent, {len(notes)} received")
    return [(frame - pulses[one["tick"]]) / RATE for frame, one in zip(notes, sent, strict=True)]


def main() -> None:
    """Measure at each tempo."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    tempos = [float(text) for text in sys.argv[2:]] or [123.0]
    if shutil.which("jack_midi_clock") is None:
        sys.exit("jack_midi_clock is not installed: apt-get install jackd2 jack-tools jack-midi-clock")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for bpm in tempos:
            with dummy_server():
                first, *errors = follow(bpm, seconds, Path(folder))
            half = len(errors) // 2
            halves = [figures([abs(error) for error in part])[1] for part in (errors[:half], errors[half:])]
            all_of_it = figures([abs(error) for error in errors])
            rows.append((f"{bpm:g}", len(errors) + 1, f"{first * 1000:.2f}", *all_of_it, *halves))
    print(f"{machine()}, {seconds:g} s each\n")
    errors_of = ("first note, ms", "others p50", "p99", "worst", "p99 of the first half", "of the second")
    print_table(("bpm", "notes", *errors_of), rows)


if __name__ == "__main__":
    main()
