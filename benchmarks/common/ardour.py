"""Ardour without a screen, as a DAW to record with and a clock to follow; `ardour.lua` is what runs inside it.

Shared by `daw.py` and `tests/daw`. Needs the programs in `PROGRAMS`, and for `ardour` a server (`jack_server.py`).
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final
from xml.etree import ElementTree as ET

from benchmarks.playing.ardour_takes import RATE, Take, TempoMap, read_take

PROGRAMS: Final = ("ardour7-lua", "jackd", "jack_wait", "jack_lsp", "jack_connect", "jack_midi_dump", "stdbuf")
SCRIPT: Final = Path(__file__).with_name("ardour.lua")
TRACK_INPUT, CLOCK_OUTPUT = "ardour:Take/midi_in 1", "ardour:MIDI Clock out"
OUR_OUTPUT, OUR_INPUT = "LSTM Composer:LSTM Composer", "LSTM Composer:LSTM Composer in"
PATIENCE_SECONDS: Final = 30.0
MOST_TRIES: Final = 8
"""One start in six fails with "JACK HALTED": two of Ardour's threads talk to the server at once."""
EARLY_SAMPLES: Final = 1_000
"""How long before a position its tempo is changed: less than a pulse at 100 bpm, so that no earlier pulse moves."""
ONE_TEMPO: Final = TempoMap(((0, 120.0),))
"""A new session's."""


class ArdourError(RuntimeError):
    """Ardour did not do what it was told."""


class HaltedError(ArdourError):
    """Ardour did not start, or lost the server."""


@dataclass
class Ardour:
    """A running Ardour with one MIDI track; positions are quarters from the start of its session.

    Attributes:
        folder: Of its session.
        process: The program.
        grid: Its tempos as a musician hears and sees them.
        tempo_map: Its tempo map as it is; see `change_tempo`.
        log: What it wrote.
        answers: Those of the script, not yet read.

    """

    folder: Path
    process: subprocess.Popen[str]
    grid: TempoMap = ONE_TEMPO
    tempo_map: TempoMap = ONE_TEMPO
    log: list[str] = field(default_factory=list)
    answers: SimpleQueue[str] = field(default_factory=SimpleQueue)

    def ask(self, line: str) -> str:
        """Run a line of Lua and return its value.

        Raises:
            HaltedError: If Ardour has ended.
            ArdourError: If the line failed.

        """
        if self.process.stdin is not None and self.process.poll() is None:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
        return self.answer()

    def answer(self) -> str:
        """Return the next answer; see `ask`."""
        try:
            word, _, value = self.answers.get(timeout=PATIENCE_SECONDS).partition(" ")
        except Empty:
            raise HaltedError(f"no answer in {PATIENCE_SECONDS} s: {self.said()}") from None
        if word == "ended":
            raise HaltedError(f"Ardour has ended: {self.said()}")
        if word == "problem":
            raise ArdourError(value)
        return value

    def said(self) -> str:
        """Return the last lines that Ardour wrote."""
        return "\n".join(self.log[-20:])

    def read(self) -> None:
        """Sort what Ardour writes into answers and talk; runs on a thread of its own."""
        if self.process.stdout is not None:
            with self.process.stdout as lines:
                for line in lines:
                    self._sort(line.rstrip())
        self.answers.put("ended")

    def _sort(self, line: str) -> None:
        self.log.append(line)
        if "JACK HALTED" in line:
            self.answers.put("ended")
        if line.startswith(("answer ", "problem ")):
            self.answers.put(line)

    def set_tempo(self, bpm: float) -> None:
        """Set one tempo for the whole session."""
        self.grid = self.tempo_map = TempoMap(((0, bpm),))
        self.ask(f"tempos({_arguments(self.tempo_map)})")

    def change_tempo(self, quarter: int, bpm: float) -> None:
        """Wait until the song is about to reach a position, and change the tempo from there on.

        Ardour's clock has a fault (in 7.3, and in the newest source that we have read): it looks the tempo up at the
        very start of the map, and so never follows a change further on. The map that is set here is the same from the
        change on. It begins with a quarter of the new tempo, which is what the clock sees, and makes up for that in
        the quarters between, which have been played.
        """
        ((_, before_bpm),) = self.tempo_map.points
        first = RATE * 60 / bpm
        between_bpm = (quarter - 1) * RATE * 60 / (self.tempo_map.sample_at(quarter) - first)
        self.tempo_map = TempoMap(((0, bpm), (1, between_bpm), (quarter, bpm)))
        self.grid = TempoMap(((0, before_bpm), (quarter, bpm)))
        self.roll_until(quarter - 1)
        self.ask(f"tempos_before({quarter}, {EARLY_SAMPLES}, {_arguments(self.tempo_map)})")

    def arm(self) -> None:
        """Arm the track: what is played into it from the next `roll` to the next `stop` is one take."""
        self.ask("arm()")

    def roll(self) -> None:
        """Play from where the song is."""
        self.ask("roll()")
        wait_for(lambda: self.ask("rolling()") == "true", "rolling")

    def stop(self) -> None:
        """Stop; the take, if there is one, is written."""
        self.ask("stop()")
        wait_for(lambda: self.ask("rolling()") == "false", "stopping")

    def locate(self, quarter: int) -> None:
        """Go to a position while the song is stopped."""
        self.ask(f"locate({quarter})")
        samples = self.ask(f"sample_of({quarter})")
        wait_for(lambda: self.ask("position()") == samples, f"locating to quarter {quarter}")

    def roll_until(self, quarter: int) -> None:
        """Wait until a rolling song has reached a position."""
        samples = int(self.ask(f"sample_of({quarter})"))
        while int(self.ask("position()")) < samples:
            time.sleep(0.05)

    def takes(self) -> list[Take]:
        """Save the session, and return what was recorded, in order."""
        self.ask("save()")
        rate = int(self.ask("Temporal.superclock_ticks_per_second()")) // RATE
        session = ET.parse(next(self.folder.glob("*.ardour"))).getroot()  # noqa: S314 - Ardour wrote it for us
        files = {path.name: path for path in self.folder.glob("interchange/*/midifiles/*.mid")}
        sources = [one for one in session.iter("Source") if one.get("name") in files]
        # "a" and a number of superclock ticks
        starts = [int(one.get("natural-position", "a0")[1:]) / rate for one in sources]
        return [
            read_take(files[one.get("name", "")], start, self.tempo_map)
            for one, start in zip(sources, starts, strict=True)
        ]


def _arguments(tempo_map: TempoMap) -> str:
    return ", ".join(f"{quarter}, {bpm!r}" for quarter, bpm in tempo_map.points)


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so.

    Raises:
        ArdourError: If that takes too long.

    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise ArdourError(f"{what} took longer than {PATIENCE_SECONDS} s")
        time.sleep(0.02)


def missing_programs() -> list[str]:
    """Return which of the programs are not installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def connect(source: str, destination: str) -> None:
    """Connect two JACK ports as soon as both are there."""
    command = ["jack_connect", source, destination]
    wait_for(lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, " ".join(command))


@contextmanager
def ardour(folder: Path) -> Iterator[Ardour]:
    """Run Ardour with a new session under a folder; tried again when it loses the server while it starts."""
    for number in range(MOST_TRIES):
        one = _start(folder / f"try-{number}")
        try:
            one.answer()
            wait_for(lambda: _has_ports(TRACK_INPUT, CLOCK_OUTPUT), "Ardour's ports")
        except ArdourError:
            _end(one)
            if number == MOST_TRIES - 1:
                raise
            continue
        try:
            yield one
        finally:
            _end(one)
        return


def _start(home: Path) -> Ardour:
    home.mkdir(parents=True)
    folder = home / "session"
    environment = os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
    process = subprocess.Popen(
        ("ardour7-lua", str(SCRIPT), str(folder)),
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    one = Ardour(folder, process)
    Thread(target=one.read, name="ardour", daemon=True).start()
    return one


def _end(one: Ardour) -> None:
    if one.process.stdin is not None:
        with suppress(BrokenPipeError):
            one.process.stdin.close()
    try:
        one.process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        one.process.kill()
        one.process.wait()


def _has_ports(*names: str) -> bool:
    listed = subprocess.run(("jack_lsp",), capture_output=True, text=True, check=False).stdout.splitlines()
    return all(name in listed for name in names)
