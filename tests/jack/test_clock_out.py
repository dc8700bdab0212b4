"""`play --clock-out`: what a receiver that is not ours gets, and a second `play` that follows the first."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import pytest

START, PULSE, STOP = (0xFA,), (0xF8,), (0xFC,)
STATUS = {"start": 0xFA, "clock": 0xF8, "stop": 0xFC, "note_on": 0x90, "note_off": 0x80, "control_change": 0xB0}
FRAMES_PER_PULSE = 48_000 * 60 // 120 // 24
PATIENCE_SECONDS = 60.0
OURS = "LSTM Composer:LSTM Composer"

pytestmark = pytest.mark.timeout(120)


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


@contextmanager
def playing(tiny_models: Path, events: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Play a quarter note on each beat."""
    command = [
        *(sys.executable, "-m", "lstm_composer", "play", "--style", "scale", "--models-dir", str(tiny_models)),
        *("--seed", "3", "--temperature", "0", "--events", str(events), *arguments),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def connect(source: str, destination: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while subprocess.run(["jack_connect", source, destination], capture_output=True, check=False).returncode != 0:
        assert time.monotonic() < end, f"{source} could not be connected to {destination}"
        time.sleep(0.02)


def logged(events: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in events.read_text().splitlines()]


def test_a_receiver_gets_24_pulses_a_quarter(receiver: Receiver, tiny_models: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    lead = ("--sync", "internal", "--clock-out", "--tempo", "120", "--bars", "2", "--backend", "jack")
    with playing(tiny_models, events, *lead) as process:
        connect(OURS, f"{receiver.name}:input")
        received = receiver.read_until(STOP)
        assert process.wait(PATIENCE_SECONDS) == 0
    begun = [one.data for one in received].index(START)
    assert all(one.data == PULSE for one in received[:begun])
    song = received[begun:]
    frames = [one.frame for one in song if one.data == PULSE]
    assert len(frames) == 2 * 4 * 24
    assert median(later - earlier for earlier, later in pairwise(frames)) == pytest.approx(FRAMES_PER_PULSE, abs=1)
    sent = logged(events)
    kinds = [one["kind"] for one in sent]
    first = kinds.index("start")
    assert [one.data[0] for one in song] == [STATUS[kind] for kind in kinds[first : first + len(song)]]
    ticks = [one["tick"] for one in sent if one["kind"] == "clock"]
    assert ticks == list(range(ticks[0], 192))
    assert [one["tick"] for one in sent if one["kind"] == "stop"] == [191]
    assert [one["tick"] for one in sent if one["kind"] == "note_on"] == [24 * number for number in range(8)]


def test_a_second_player_follows_the_first(receiver: Receiver, tiny_models: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    lead = ("--sync", "internal", "--clock-out", "--tempo", "133", "--bars", "4", "--channel", "1")
    follow = ("--sync", "midi", "--tempo", "60", "--port-name", "Second", "--channel", "2")
    with playing(tiny_models, second, *follow) as follower:
        connect("Second:Second", f"{receiver.name}:input")
        with playing(tiny_models, first, *lead) as leader:
            connect(OURS, "Second:Second in")
            connect(OURS, f"{receiver.name}:input")
            assert leader.wait(PATIENCE_SECONDS) == 0
            receiver.read_until(STOP)
        receiver.read_until((0xB1, 123, 0))
        assert follower.poll() is None
    received = receiver.received()
    start = [one.data for one in received].index(START)
    pulses = [one.frame for one in received[start:] if one.data == PULSE]
    struck = [one.frame for one in received[start:] if one.data[0] == 0x91]
    ticks = [one["tick"] for one in logged(second) if one["kind"] == "note_on"]
    assert ticks == [24 * number for number in range(16)]
    # While two programs start, a server on a busy machine can be a second behind, and both are late: so the last bars,
    # and most of their notes: a busy machine hands a note over half a pulse (10 ms) late now and then.
    nearest = [min(range(len(pulses)), key=lambda tick: abs(pulses[tick] - frame)) for frame in struck]
    assert median(found - tick for found, tick in zip(nearest[-8:], ticks[-8:], strict=True)) == 0
