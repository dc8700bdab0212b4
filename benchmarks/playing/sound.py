"""Sound: how fast it is rendered, how soon it is heard, how much memory it takes, and what it does to MIDI beside it.

Rendering is the whole process, `write -o x.wav` of 500 notes on one core, and the sampler in it alone. How soon: from
the start of `play --sound` to the first frame that is not zero, as a JACK client of this script hears it, the count-in
taken off. Memory and lateness: `play` with and without sound, one after the other.

Run: python benchmarks/playing/sound.py [RUNS]     (needs jackd2 and JACK-Client; about 4 minutes for 3 runs)
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import jack
import numpy as np

from benchmarks.common.composer_process import COMPOSER, run_composer
from benchmarks.common.jack_server import dummy_server
from benchmarks.common.tables import machine, percentile, print_table
from lstm_composer.runtime.sound.piano import Piano
from lstm_composer.runtime.sound.port import SoundPort
from lstm_composer.runtime.sound.render import read_timed_messages, rendered
from lstm_composer.runtime.sound.sampler import RATE

NOTES = 500
PATIENCE_SECONDS = 30


def on_one_core() -> None:
    """Keep this process, and those that it starts, to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def rendering(style: str, runs: int, folder: Path) -> Sequence[object]:
    """How many seconds of music are rendered in a second."""
    midi, sound = folder / "music.mid", folder / "music.wav"
    music = ("--style", style, "--notes", str(NOTES), "--seed", "1")
    run_composer("write", *music, "-o", midi)
    whole = statistics.median(run_composer("write", *music, "-o", sound)[0] for _ in range(runs))
    timed, length = read_timed_messages(midi.read_bytes())
    alone = []
    for _ in range(runs):
        began = time.perf_counter()
        frames = sum(map(len, rendered(timed, length, piano=Piano.load())))
        alone.append(time.perf_counter() - began)
    seconds = frames / RATE
    return style, f"{seconds:.1f}", f"{seconds / whole:.0f}", f"{seconds / statistics.median(alone):.0f}"


def seconds_to_sound() -> float:
    """Start `play --sound` and wait for its first frame that is not zero; the count-in is taken off."""
    heard, when = threading.Event(), [0.0]
    client = jack.Client("listener", no_start_server=True)
    ear = client.inports.register("ear")

    def listen(_frames: int) -> None:
        if not heard.is_set() and np.frombuffer(ear.get_buffer(), np.float32).any():
            when[0] = time.monotonic()
            heard.set()

    client.set_process_callback(listen)
    with client:
        began = time.monotonic()
        arguments = ("--style", "bach", "--seed", "1", "--backend", "none", "--sound")
        player = subprocess.Popen((*COMPOSER, "play", *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not connected(client, "LSTM Composer sound:playback0", ear.name):
                if time.monotonic() > began + PATIENCE_SECONDS:
                    sys.exit("play --sound made no JACK port")
                time.sleep(0.005)
            if not heard.wait(PATIENCE_SECONDS):
                sys.exit("play --sound was not heard")
        finally:
            player.terminate()
            player.wait()
    return when[0] - began - SoundPort.count_in_seconds - SoundPort.lead_seconds


def connected(client: jack.Client, source: str, destination: str) -> bool:
    """Connect two ports; False as long as one of them is not there or not active."""
    try:
        client.connect(source, destination)
    except jack.JackError:
        return False
    return True


def memory_mb(*sound: str) -> float:
    """Peak memory of eight bars."""
    return run_composer(
        "play", "--style", "bach", "--bars", "8", "--tempo", "300", "--seed", "1", "--backend", "none", *sound
    )[1]


def lateness(sound: Sequence[str], folder: Path) -> list[float]:
    """How late each note-on of a minute leaves by MIDI, in seconds."""
    events = folder / "events.jsonl"
    run_composer("play", "--style", "bach", "--bars", "24", "--tempo", "200", "--seed", "1",
        "--backend", "jack", "--events", events, *sound)  # fmt: skip
    sent = [one for one in map(json.loads, events.read_text().splitlines()) if one["kind"] == "note_on"]
    return [max(0.0, one["sent"] - one["due"]) for one in sent]


def main() -> None:
    """Measure everything and print the tables."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    if shutil.which("jackd") is None:
        sys.exit("jackd is not installed: apt-get install jackd2")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{machine()}\n")
        # First: the peak of a process begins with what its parent has taken.
        silent, sounding = memory_mb(), memory_mb("--sound", "--audio-device", "null")
        print(f"Memory: {silent:.0f} MB without sound, {sounding:.0f} MB with it\n")
        on_one_core()
        rows = [rendering(style, runs, folder) for style in ("bach", "chopin")]
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        print_table((f"{NOTES} notes", "seconds of sound", "write, times real time", "sampler alone"), rows)
        with dummy_server():
            soon = [seconds_to_sound() for _ in range(runs)]
        print(f"\nHeard after {statistics.median(soon):.2f} s (worst of {runs}: {max(soon):.2f}), count-in taken off\n")
        rows = []
        for title, sound in (("without sound", ()), ("with sound", ("--sound", "--audio-device", "null"))):
            with dummy_server():
                late = [one for _ in range(runs) for one in lateness(sound, folder)]
            figures = (percentile(late, 0.5), percentile(late, 0.99), max(late))
            rows.append((title, len(late), *(f"{value * 1000:.3f}" for value in figures)))
        print_table(("", "notes", "late p50", "p99", "worst, ms"), rows)


if __name__ == "__main__":
    main()
