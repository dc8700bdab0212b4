"""Lateness of `lstm-composer play` with everything at once, with real-time priority and without.

Sixteen voices behind a MIDI clock, knobs turned fifty times a second, a monitor open, and two busy processes.
`jack_midi_clock` leads at 120 bpm, through a JACK server of the script's own with the dummy driver (48 kHz, 64 frames);
`jack_midi_dump` receives. "sent late" is how long after its time the program sent a note-on; "lost" are note-ons that
were sent and not received; "left on" are notes without an end at the receiver.

Run: python benchmarks/playing/full_load.py [SECONDS] [VOICES]     (needs jackd2, jack-tools, jack-midi-clock and
setpriv)
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

from benchmarks.common.jack_server import dummy_server
from benchmarks.common.tables import machine, print_table
from benchmarks.playing.clock_in import MASTER, transport
from benchmarks.playing.lateness import BUSY, PORT, figures, running, wait_for_port

TURNS_A_SECOND = 50
TURNS = ("temperature 0.9", "density 0.1", "temperature 1.1", "velocity 70", "density -0.1", "swing 0.2", "velocity 90")
UNPRIVILEGED = ("setpriv", "--bounding-set=-sys_nice", "prlimit", "--rtprio=0")
"""Starts a program that is refused real-time priority, whoever its user is."""


def ended(received: str) -> int:
    """Return how many notes a receiver's list leaves on."""
    sounding = 0
    for status in re.findall(r"^ *\d+: ([89])[0-9a-f] ", received, re.MULTILINE):
        sounding += 1 if status == "9" else -1
    return sounding


def play(seconds: float, voices: int, folder: Path, prefix: tuple[str, ...]) -> tuple[list[float], int, int]:
    """Play for so long; returns seconds late of each note-on, how many were lost, and how many were left on."""
    events, received = folder / "events.jsonl", folder / "received.txt"
    styles = ",".join(f"bach@{number}" for number in range(1, voices + 1))
    arguments = ["--voices", styles, "--seed", "1", "--sync", "midi", "--backend", "jack", "--stdin"]
    arguments += ["--events", str(events)]
    ours = [*prefix, sys.executable, "-m", "lstm_composer"]
    with ExitStack() as stack:
        stack.enter_context(running("stdbuf", "-oL", "jack_midi_dump", "-a", "receiver", output=received))
        stack.enter_context(running("jack_midi_clock", "-b", "120"))
        player = stack.enter_context(
            subprocess.Popen([*ours, "play", *arguments], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        )
        for port in ("receiver:input", MASTER, f"{PORT} in"):
            wait_for_port(port)
        for source, destination in ((MASTER, f"{PORT} in"), (PORT, "receiver:input")):
            subprocess.run(["jack_connect", source, destination], check=True)
        stack.enter_context(
            running(sys.executable, "-m", "lstm_composer", "monitor", "--json", "--pid", str(player.pid))
        )
        for _ in range(2):
            stack.enter_context(running(*BUSY))
        transport("stop", "locate 0", "play")
        _turn_knobs(player, seconds)
        transport("stop")
        time.sleep(0.5)
        player.terminate()
        player.wait()
        time.sleep(0.5)
    sent = [one for one in map(json.loads, events.read_text().splitlines()) if one["kind"] == "note_on"]
    heard = received.read_text()
    lost = len(sent) - len(re.findall(r"^ *\d+: 9", heard, re.MULTILINE))
    return [max(0.0, one["sent"] - one["due"]) for one in sent], lost, ended(heard)


def _turn_knobs(player: "subprocess.Popen[str]", seconds: float) -> None:
    end, turns = time.monotonic() + seconds, cycle(TURNS)
    if player.stdin is None:
        return
    while time.monotonic() < end:
        player.stdin.write(f"{next(turns)}\n")
        player.stdin.flush()
        time.sleep(1 / TURNS_A_SECOND)


def main() -> None:
    """Measure with real-time priority and without."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    voices = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    if missing := [name for name in ("jackd", "jack_midi_clock", "setpriv") if shutil.which(name) is None]:
        sys.exit(f"{missing[0]} is not installed: apt-get install jackd2 jack-tools jack-midi-clock util-linux")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, prefix in (("SCHED_FIFO", ()), ("refused", UNPRIVILEGED)):
            with dummy_server():
                late, lost, left_on = play(seconds, voices, Path(folder), prefix)
            rows.append((name, voices, len(late), *figures(late[1:]), f"{late[0] * 1000:.2f}", lost, left_on))
            print(*rows[-1], file=sys.stderr)
    print(f"{machine()}, {seconds:g} s each\n")
    late_by = ("sent late p50, ms", "p99", "worst", "first note")
    print_table(("real-time priority", "voices", "notes", *late_by, "lost", "left on"), rows)


if __name__ == "__main__":
    main()
