"""Side by side with other programs that send MIDI: drift, lateness, and notes left on after SIGTERM.

All programs play quarter notes at 123 bpm at the same time, each into a receiver and a JACK server of its own, first
alone and then beside two busy processes. Its notes are laid on a line: "drift" is how far the last of them has moved
against the tempo that was asked for, "off the line" how far notes are from it. Both are given by JACK's time, which a
recording in a DAW has, and by the system's, which is seen in periods of 1.3 ms: a server without sound hardware loses
time on a busy machine, so that a program keeps one of them at most. At the end each gets SIGTERM in mid-note.

subsequence (PyPI) is installed into a temporary environment of its own, by the version below. IMPSY sends in its
network's own free time, without a tempo: there is no line to be off, and it is left out.

Run: python benchmarks/playing/peers.py [NOTES]     (needs jackd2, jack-tools and the network; about 6 minutes for 300
notes)
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.common.jack_server import RATE, dummy_server
from benchmarks.common.tables import machine, percentile, print_table
from benchmarks.playing.lateness import BUSY, running, wait_for_port

ROOT: Final = Path(__file__).parents[2]
RECEIVER: Final = Path(__file__).with_name("receiver.py")
BPM: Final = 123
"""No whole number of JACK periods to the beat."""
SUBSEQUENCE: Final = "subsequence==0.7.2"
STEADY: Final = """
import subsequence
piece = subsequence.Composition(output_device="receiver*", bpm=123)
@piece.pattern(channel=1, bars=1)
def steady(p):
    p.repeat(60, spacing=1, duration=0.9)
piece.play()
"""
OURS: Final = ("--style", "scale", "--models-dir", str(ROOT / "tests" / "data"), "--temperature", "0", "--seed", "1")


class Heard(NamedTuple):
    """A note-on or note-off as it was received, by JACK's seconds and by the system's."""

    jack: float
    system: float
    on: bool
    pitch: int


def notes_in(text: str) -> list[Heard]:
    """Read a receiver's list; a note-on of velocity 0 is a note-off."""
    lines = re.findall(r"^(\d+) (\d+): ([89])[0-9a-f] ([0-9a-f]{2}) ([0-9a-f]{2})$", text, re.MULTILINE)
    return [
        Heard(int(frame) / RATE, int(micros) / 1e6, kind == "9" and velocity != "00", int(pitch, 16))
        for frame, micros, kind, pitch, velocity in lines
    ]


def left_on(events: Sequence[Heard]) -> int:
    """Return how many pitches sound at the end."""
    sounding: set[int] = set()
    for event in events:
        (sounding.add if event.on else sounding.discard)(event.pitch)
    return len(sounding)


def off_the_line(seconds: Sequence[float], bpm: float) -> tuple[float, list[float]]:
    """Return the drift over all notes and each note's distance from the line through them, in milliseconds."""
    quarter, times = 60 / bpm, np.array(seconds) - seconds[0]
    beats = np.round(times / quarter)
    slope, start = np.polyfit(beats, times, 1)
    strays = np.abs(times - (start + slope * beats)) * 1000
    return float((slope - quarter) * beats[-1] * 1000), strays.tolist()


def measure(command: Sequence[str], port: str | None, notes: int) -> list[str]:
    """Run a program until it has sent so many notes, end it in mid-note, and return its row."""
    with ExitStack() as stack:
        received = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "received.txt"
        stack.enter_context(dummy_server())  # names itself in the environment
        environment = os.environ | {"MIDO_BACKEND": "mido.backends.rtmidi/UNIX_JACK", "PYTHONPATH": str(ROOT)}
        stack.enter_context(running(sys.executable, str(RECEIVER), str(received)))
        wait_for_port("receiver:input")
        program = stack.enter_context(
            subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        stack.callback(program.kill)
        if port is not None:
            wait_for_port(port)
            subprocess.run(["jack_connect", port, "receiver:input"], check=True)
        while sum(one.on for one in notes_in(received.read_text())) < notes + 1 and program.poll() is None:
            time.sleep(0.1)
        program.terminate()
        try:
            program.wait(10)
        except subprocess.TimeoutExpired:
            program.kill()
        time.sleep(0.5)
        events = notes_in(received.read_text())
    starts = [one for one in events if one.on][:notes]
    figures = []
    for times in ([one.jack for one in starts], [one.system for one in starts]):
        drift, strays = off_the_line(times, BPM)
        figures += [drift, percentile(strays, 0.5), percentile(strays, 0.99), max(strays)]
    return [*(f"{value:.2f}" for value in figures), str(left_on(events))]


def side_by_side(programs: Mapping[str, tuple[Sequence[str], str | None]], notes: int) -> list[list[str]]:
    """Measure all programs at once, each through a server of its own, in a process that is this script again."""
    with ExitStack() as stack:
        ours = (sys.executable, __file__, str(notes))
        measuring = [
            stack.enter_context(
                subprocess.Popen([*ours, json.dumps([command, port])], stdout=subprocess.PIPE, text=True)
            )
            for command, port in programs.values()
        ]
        for process in measuring:
            stack.callback(process.terminate)
        return [json.loads(process.communicate()[0]) for process in measuring]


def main() -> None:
    """Measure ours and the other program, idle and busy."""
    notes = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    if len(sys.argv) > 2:
        command, own_port = json.loads(sys.argv[2])
        print(json.dumps(measure(command, own_port, notes)))
        return
    ours = (
        sys.executable,
        "-m",
        "lstm_composer",
        "play",
        *OURS,
        "--tempo",
        str(BPM),
        "--sync",
        "internal",
        "--backend",
    )
    rows = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        venv.create(folder / "environment", with_pip=True)
        python = str(folder / "environment" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", SUBSEQUENCE], check=True)
        script = folder / "steady.py"
        script.write_text(STEADY)
        port = "LSTM Composer:LSTM Composer"
        programs: dict[str, tuple[Sequence[str], str | None]] = {
            "LSTM Composer": ((*ours, "jack"), port),
            SUBSEQUENCE: ((python, str(script)), None),
        }
        for busy in (0, 2):
            for _ in range(busy):
                stack.enter_context(running(*BUSY))
            rows += [(title, busy, *row) for title, row in zip(programs, side_by_side(programs, notes), strict=True)]
    print(f"{machine()}, {notes} notes each\n")
    by_jack = ("JACK's time: drift, ms", "off the line p50, ms", "p99", "worst")
    by_system = ("system's time: drift, ms", "off the line p50, ms", "p99", "worst")
    print_table(("program", "busy", *by_jack, *by_system, "left on after SIGTERM"), rows)


if __name__ == "__main__":
    main()
