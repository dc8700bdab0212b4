"""`lstm-composer play` with the shipped model, through a real JACK server to a receiver that is not ours."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from runtime.midifile import read_midi_notes
from runtime.notes import Note, tick_seconds

RATE = 48_000
TEMPO_BPM = 120
PORT = "LSTM Composer:LSTM Composer"
ALL_NOTES_OFF = (0xB0, 123, 0)
PATIENCE_SECONDS = 20.0
MUSIC = ("--style", "bach", "--seed", "7", "--tempo", str(TEMPO_BPM))
EACH_BACKEND = pytest.mark.parametrize("backend", ["jack", "jack-rtmidi"])

pytestmark = pytest.mark.timeout(90)


class Received(Protocol):
    @property
    def frame(self) -> int: ...
    @property
    def data(self) -> tuple[int, ...]: ...


class Receiver(Protocol):
    @property
    def name(self) -> str: ...
    def received(self) -> list[Received]: ...
    def read_until(self, data: tuple[int, ...]) -> list[Received]: ...


def composer(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "runtime.cli", *arguments]


def written(folder: Path, bars: int) -> list[Note]:
    path = folder / "written.mid"
    command = composer("write", *MUSIC, "--bars", str(bars), "-o", str(path))
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return read_midi_notes(path)[0]


@contextmanager
def playing(receiver: Receiver, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `play` and connect its port to the receiver before the first note."""
    command = composer("play", *MUSIC, *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + PATIENCE_SECONDS
        while connect(receiver) != 0:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < end, "the port did not appear"
        try:
            yield process
        finally:
            process.kill()


def connect(receiver: Receiver) -> int:
    command = ["jack_connect", PORT, f"{receiver.name}:input"]
    return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode


def notes_of(received: list[Received], first_tick: int) -> list[Note]:
    """Pair note-ons with note-offs, frames turned to ticks; fails on a note that is struck twice or never ended."""
    starts: dict[int, tuple[int, int]] = {}
    notes = []
    origin = next(one.frame for one in received if one.data[0] == 0x90)
    for frame, (status, pitch, velocity) in ((one.frame, one.data) for one in received):
        tick = first_tick + round((frame - origin) / RATE / tick_seconds(TEMPO_BPM))
        if status == 0x90:
            assert pitch not in starts
            starts[pitch] = (tick, velocity)
        elif status == 0x80:
            onset, struck = starts.pop(pitch)
            notes.append(Note(onset, pitch, tick - onset, struck))
    assert not starts, "notes left on"
    return sorted(notes)


@EACH_BACKEND
def test_a_receiver_gets_exactly_what_write_writes(receiver: Receiver, tmp_path: Path, backend: str) -> None:
    expected = written(tmp_path, bars=3)
    take = tmp_path / "take.mid"
    with playing(receiver, "--backend", backend, "--bars", "3", "--take", str(take)) as process:
        received = receiver.read_until(ALL_NOTES_OFF)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    assert notes_of(received, expected[0].onset) == expected
    assert take.read_bytes() == (tmp_path / "written.mid").read_bytes()


@EACH_BACKEND
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_mid_note_leaves_nothing_on(
    receiver: Receiver, tmp_path: Path, backend: str, number: signal.Signals
) -> None:
    expected = written(tmp_path, bars=16)
    take = tmp_path / "take.mid"
    with playing(receiver, "--backend", backend, "--take", str(take)) as process:
        end = time.monotonic() + PATIENCE_SECONDS
        while sum(one.data[0] == 0x90 for one in receiver.received()) < 20:
            assert time.monotonic() < end, "no notes came"
        process.send_signal(number)
        received = receiver.read_until(ALL_NOTES_OFF)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    heard = notes_of(received, expected[0].onset)
    onsets = [(note.onset, note.pitch, note.velocity) for note in heard]
    assert onsets == [(note.onset, note.pitch, note.velocity) for note in expected[: len(heard)]]
    assert [(note.onset, note.pitch) for note in read_midi_notes(take)[0]] == [(n.onset, n.pitch) for n in heard]
