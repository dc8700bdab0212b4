"""The sound of `play`, by miniaudio's JACK device, heard by a JACK client that is not ours."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from benchmarks.common.jack_server import JackServer
from tests.support.waiting import wait_for

jack = pytest.importorskip("jack", reason="JACK-Client is not installed")

PATIENCE_SECONDS = 30.0
SOUND, MIDI = "LSTM Composer sound:playback0", "LSTM Composer:LSTM Composer"
MUSIC = ("--style", "bach", "--seed", "7", "--tempo", "200")

pytestmark = pytest.mark.timeout(120)


class Ear:
    """A JACK client that keeps what it hears."""

    def __init__(self) -> None:
        self.client = jack.Client("ear", no_start_server=True)
        self._port = self.client.inports.register("in")
        self.periods: list[np.ndarray] = []
        self.client.set_process_callback(self._listen)
        self.client.activate()

    def _listen(self, _frames: int) -> None:
        self.periods.append(np.frombuffer(self._port.get_buffer(), np.float32).copy())

    def is_connected(self) -> bool:
        try:
            self.client.connect(SOUND, self._port)
        except jack.JackError:
            return False
        return True

    def heard(self) -> np.ndarray:
        return np.concatenate([np.zeros(1, np.float32), *self.periods])


@pytest.fixture
def ear(jack_server: JackServer) -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.client.deactivate()
    ear.client.close()


@contextmanager
def playing(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    said = folder / "said.txt"
    command = [sys.executable, "-m", "lstm_composer", "play", *MUSIC, *arguments]
    with said.open("wb") as file, subprocess.Popen(command, stderr=file) as process:
        try:
            yield process, said
        finally:
            process.kill()


def test_four_bars_are_heard_and_die_away(ear: Ear, tmp_path: Path) -> None:
    with playing(tmp_path, "--backend", "none", "--sound", "--bars", "4") as (process, _):
        wait_for(ear.is_connected, "the sound's port")
        assert process.wait(PATIENCE_SECONDS) == 0
    heard = ear.heard()
    begins = int(np.flatnonzero(heard)[0])
    assert begins > 1000  # silence is exactly zero up to the first note
    assert 0.05 < np.abs(heard).max() < 1.0
    assert np.abs(heard[-1000:]).max() < 0.01


def test_beside_the_midi_port_it_sounds_too(ear: Ear, tmp_path: Path) -> None:
    with playing(tmp_path, "--backend", "jack", "--sound") as (process, _):
        wait_for(ear.is_connected, "the sound's port")
        assert [port.name for port in ear.client.get_ports(is_midi=True, is_output=True) if port.name == MIDI]
        wait_for(lambda: np.abs(ear.heard()).max() > 0.01, "the sound")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0


def test_both_survive_the_server(jack_server: JackServer, tmp_path: Path) -> None:
    """A dead server's clients are given up by libjack when a new one is opened; to close them then would crash."""
    with playing(tmp_path, "--backend", "jack", "--sound") as (process, said):
        wait_for(lambda: "Ctrl-C stops" in said.read_text(), "the music")
        jack_server.kill()
        wait_for(lambda: "the audio device has gone" in said.read_text(), "the news")
        jack_server.start_again()
        wait_for(lambda: "sound by JACK is back" in said.read_text(), "the sound")
        wait_for(lambda: f"{MIDI} is back" in said.read_text(), "the MIDI port")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 0
