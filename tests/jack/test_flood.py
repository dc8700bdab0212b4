"""100,000 random messages a second into our input, broken ones among them: the music goes on, and so do the knobs."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lstm_composer.runtime.midi.reader import read_music
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[2]
OURS = "LSTM Composer:LSTM Composer"
INPUT = "LSTM Composer:LSTM Composer in"
END = (0xB0, 123, 0)
AS_BEFORE = ("b00100", "b04500", "b04630", "b04940", "b04b00", "b04c7f", "b05000")
"""Temperature, density, register and mute back to where they were, whatever the flood made of them."""
PANIC = "b07800"
PATIENCE_SECONDS = 20.0

pytestmark = pytest.mark.timeout(90)


def connect(receiver: Any) -> bool:
    command = ["jack_connect", OURS, f"{receiver.name}:input"]
    return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0


def flood(destination: str, seconds: float, *then: str) -> int:
    """Flood, then send the messages named; returns how many messages there were before those."""
    script = str(ROOT / "benchmarks" / "playing" / "midi_flood.py")
    command = [sys.executable, script, destination, "--seconds", str(seconds), "--then", *then]
    return int(subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.split()[0])


def ends(messages: list[Any]) -> int:
    return sum(one.data == END for one in messages)


def struck(messages: list[Any]) -> int:
    return sum(one.data[0] == 0x90 for one in messages)


def test_a_flood_passes(receiver: Any, tiny_models: Path, tmp_path: Path) -> None:
    take = tmp_path / "take.mid"
    command = [
        *(sys.executable, "-m", "lstm_composer", "play", "--style", "scale", "--models-dir", str(tiny_models)),
        *("--seed", "3", "--tempo", "200", "--sync", "internal", "--backend", "jack", "--take", str(take)),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(lambda: connect(receiver), "our port")
            wait_for(lambda: struck(receiver.received()) >= 3, "music")
            assert flood(INPUT, 2.0, *AS_BEFORE) > 1_000  # a busy machine sends fewer
            heard = len(receiver.received())
            wait_for(lambda: struck(receiver.received()[heard:]) >= 4, "music after the flood")
            panics = ends(receiver.received())
            flood(INPUT, 0.0, PANIC)
            wait_for(lambda: ends(receiver.received()) > panics, "the panic")
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()
    received = receiver.received()
    assert received[-1].data == END
    sounding: set[int] = set()
    for status, pitch, _ in (one.data for one in received):
        if status == 0x90:
            assert pitch not in sounding
            sounding.add(pitch)
        elif status == 0x80:
            sounding.remove(pitch)
    assert not sounding
    assert len(read_music(take).notes) == struck(received)
