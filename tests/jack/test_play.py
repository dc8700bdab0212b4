"""`lstm-composer play` with the shipped model, through a real JACK server to a receiver that is not ours."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.playback.scheduler import Scheduler
from tests.support.waiting import wait_for

TEMPO_BPM = 120
PORT = "LSTM Composer:LSTM Composer"
ALL_NOTES_OFF = (0xB0, 123, 0)
PATIENCE_SECONDS = 20.0
MUSIC = ("--style", "bach", "--seed", "7", "--tempo", str(TEMPO_BPM))

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
    return [sys.executable, "-m", "lstm_composer", *arguments]


def written(folder: Path, bars: int) -> list[Note]:
    path = folder / "written.mid"
    command = composer("write", *MUSIC, "--bars", str(bars), "-o", str(path))
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return read_music(path).notes


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


def messages_of(notes: list[Note]) -> list[Message]:
    scheduler = Scheduler()
    scheduler.add(notes, channel=1)
    return scheduler.due(1_000_000)


def logged(events: Path) -> list[tuple[str, int, int, int]]:
    """The event log as (kind, number, value, tick): the receiver's own frames jump with every xrun of the server."""
    records = [json.loads(line) for line in events.read_text().splitlines()]
    return [(one["kind"], one["note"], one["velocity"], one["tick"]) for one in records]


def as_logged(messages: list[Message]) -> list[tuple[str, int, int, int]]:
    names = {Kind.NOTE_ON: "note_on", Kind.NOTE_OFF: "note_off", Kind.CONTROL: "control_change"}
    return [(names[one.kind], one.number, one.value, one.tick) for one in messages]


def left_on(received: list[Received]) -> set[int]:
    sounding: set[int] = set()
    for status, pitch, _ in (one.data for one in received):
        if status == 0x90:
            assert pitch not in sounding, "struck while it sounds"
            sounding.add(pitch)
        elif status == 0x80:
            sounding.remove(pitch)
    return sounding


def test_a_receiver_gets_exactly_what_write_writes(receiver: Receiver, tmp_path: Path) -> None:
    expected = written(tmp_path, bars=3)
    take, events = tmp_path / "take.mid", tmp_path / "events.jsonl"
    keep = ("--take", str(take), "--events", str(events))
    with playing(receiver, "--backend", "jack", "--bars", "3", *keep) as process:
        received = receiver.read_until(ALL_NOTES_OFF)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    messages = messages_of(expected)
    assert [one.data for one in received[:-2]] == [one.midi_bytes() for one in messages]
    assert logged(events)[:-2] == as_logged(messages)
    assert take.read_bytes() == (tmp_path / "written.mid").read_bytes()


def test_a_closed_terminal_leaves_nothing_on(receiver: Receiver, tmp_path: Path) -> None:
    take, (ours, its) = tmp_path / "take.mid", pty.openpty()
    command = composer("play", *MUSIC, "--backend", "jack", "--take", str(take), "--stdin")
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        try:
            wait_for(lambda: connect(receiver) == 0, "the port")
            wait_for(lambda: sum(one.data[0] == 0x90 for one in receiver.received()) >= 5, "music")
            os.close(ours)  # from now on, whatever it says is an error
            process.send_signal(signal.SIGHUP)
            received = receiver.read_until(ALL_NOTES_OFF)
            assert process.wait(timeout=PATIENCE_SECONDS) == 0
        finally:
            process.kill()
    assert left_on(received) == set()
    assert len(read_music(take).notes) == sum(one.data[0] == 0x90 for one in received) >= 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_mid_note_leaves_nothing_on(receiver: Receiver, tmp_path: Path, number: signal.Signals) -> None:
    expected = [one.midi_bytes() for one in messages_of(written(tmp_path, bars=16)) if one.kind is Kind.NOTE_ON]
    take = tmp_path / "take.mid"
    with playing(receiver, "--backend", "jack", "--take", str(take)) as process:
        end = time.monotonic() + PATIENCE_SECONDS
        while sum(one.data[0] == 0x90 for one in receiver.received()) < 20:
            assert time.monotonic() < end, "no notes came"
        process.send_signal(number)
        received = receiver.read_until(ALL_NOTES_OFF)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
    assert left_on(received) == set()
    struck = [one.data for one in received if one.data[0] == 0x90]
    assert struck == expected[: len(struck)]
    assert len(read_music(take).notes) == len(struck)
