"""The sound card: miniaudio's null device for real, and devices that go away."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np
import pytest

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF
from lstm_composer.runtime.sound import device
from lstm_composer.runtime.sound.device import NULL_DEVICE, SoundCard, device_names
from lstm_composer.runtime.sound.piano import Piano
from lstm_composer.runtime.sound.port import SoundPort
from lstm_composer.runtime.sound.sampler import RATE, Sampler, Sound
from lstm_composer.runtime.sound.stream_player import StreamPlayer
from lstm_composer.runtime.system.miniaudio_library import miniaudio
from tests.runtime.sound.sounds import begins, control, on

PATIENCE_SECONDS = 30.0


def fail(line: str) -> None:
    raise AssertionError(line)


class Recorder(StreamPlayer):
    """Keeps what a device is given."""

    def __init__(self, sampler: Sampler, delay_seconds: float = 0.0) -> None:
        super().__init__(sampler, delay_seconds)
        self.given: list[Sound] = []
        self.asked: list[tuple[int, float]] = []  # first frame of each block, and when it was asked for

    def frames(self, count: int) -> Sound:
        self.asked.append((sum(map(len, self.given[-1:])) + (self.asked[-1][0] if self.asked else 0), time.monotonic()))
        self.given.append(super().frames(count))
        return self.given[-1]

    def onsets_seconds(self) -> list[float]:
        """When what begins to sound is asked for by a device that is never late: its earliest question tells."""
        loud = np.concatenate(self.given)[:, 0] != 0
        begun = min(now - first / RATE for first, now in self.asked[len(self.asked) // 4 :])
        return [begun + float(frame) / RATE for frame in begins(loud)]


@pytest.fixture
def recorders(monkeypatch: pytest.MonkeyPatch) -> list[Recorder]:
    """Every player that a sound card makes."""
    made: list[Recorder] = []

    def make(*arguments: Any) -> Recorder:
        made.append(Recorder(*arguments))
        return made[-1]

    monkeypatch.setattr(device, "StreamPlayer", make)
    return made


@pytest.fixture
def busy() -> Iterator[None]:
    """Two processes that take all the time there is."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for process in processes:
        process.kill()
        process.wait()


def check_onsets(click: Piano, recorders: list[Recorder]) -> None:
    """Play thirty notes through the null device: each begins within a millisecond of its time."""
    card = SoundCard(NULL_DEVICE, 0.0, fail, click)
    port = SoundPort("LSTM Composer", card)
    start = port.clock.now() + 1.0
    times = [start + 0.0513 * number for number in range(30)]
    stop = threading.Event()
    for due in times:
        port.clock.wait_until(due - port.lead_seconds, stop)
        port.send(on(60), due)
    port.close()
    assert recorders[0].onsets_seconds() == pytest.approx(times, abs=0.001)


def test_onsets_lie_where_they_are_due(click: Piano, recorders: list[Recorder]) -> None:
    check_onsets(click, recorders)


@pytest.mark.thorough  # it takes the processors from the tests beside it, and is late itself where none is free
@pytest.mark.usefixtures("busy")
def test_onsets_lie_where_they_are_due_beside_two_busy_processes(click: Piano, recorders: list[Recorder]) -> None:
    check_onsets(click, recorders)


def test_samples_are_decoded_while_it_plays() -> None:
    piano = Piano.load()
    card = SoundCard(NULL_DEVICE, 0.0, fail, piano)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not all(map(piano.bank.is_whole, range(72))):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    card.close()


def test_samples_of_notes_that_have_come_are_decoded_first() -> None:
    piano = Piano.load()
    order: list[int] = []
    decode = piano.bank.decode

    def noted(number: int, frames: int | None = None) -> None:
        order.append(number)
        if len(order) == 1:  # meanwhile notes have come
            card.play(on(21, 120), time.monotonic() + 60)
            card.play(on(108, 120), time.monotonic() + 60)
        decode(number, frames)

    started = threading.Event()
    piano.bank.decode = lambda *given: (started.wait(), noted(*given))  # type: ignore[assignment, func-returns-value]
    card = SoundCard(NULL_DEVICE, 0.0, fail, piano)
    started.set()
    wait_for(lambda: len(order) > 4)
    assert order[1:3] == [piano.stroke(21, 120).sample, piano.stroke(108, 120).sample]
    assert card.take_back(2) == [on(21, 120), on(108, 120)]
    card.close()


def test_closing_ends_its_thread_at_once_even_while_samples_are_decoded() -> None:
    card = SoundCard(NULL_DEVICE, 0.0, fail)
    assert card.describe() == "sound by Null"
    card.close()
    assert "sound" not in {thread.name for thread in threading.enumerate()}


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(MissingError, match=r"no audio device has 'Theremin' in its name; this machine has .+"):
        SoundCard("Theremin", 0.0, fail)


def test_a_device_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(FakeDevice):
        def start(self, stream: Generator[Any, int, None]) -> None:
            raise miniaudio.MiniaudioError("failed to start audio device", -1)

    monkeypatch.setattr(device, "_open_device", lambda _: Refusing())
    with pytest.raises(MissingError, match=r"Fake does not start its audio device \(failed to start audio device\)"):
        SoundCard(None, 0.0, fail)


def test_device_names_are_words() -> None:
    assert all(name.endswith(")") for name in device_names())


@pytest.mark.parametrize("wanted", ["speakers", "Speakers (ALSA)", "alsa", "headphones (pulse"])
def test_a_device_is_found_by_what_is_listed(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"PULSEAUDIO": [{"name": "Headphones", "id": 1}], "ALSA": [{"name": "Speakers", "id": 2}]}
    backends = [miniaudio.Backend[name] for name in listed]
    monkeypatch.setattr(device, "_backends", lambda: backends)
    monkeypatch.setattr(device, "_devices", lambda backend: listed[backend.name])
    monkeypatch.setattr(device, "_opened", lambda backend, device_id: (backend.name, device_id))
    assert device.device_names() == ["Headphones (PULSEAUDIO)", "Speakers (ALSA)"]
    expected = ("PULSEAUDIO", 1) if "headphones" in wanted else ("ALSA", 2)
    assert device._open_device(wanted) == expected


class FakeDevice:
    """A device that asks when it is told to."""

    backend = "Fake"

    def __init__(self) -> None:
        self.stream: Generator[Any, int, None] | None = None
        self.closed = False

    def start(self, stream: Generator[Any, int, None]) -> None:
        self.stream = stream

    def ask(self, frames: int = 441) -> Sound:
        assert self.stream is not None
        return np.asarray(self.stream.send(frames))

    def close(self) -> None:
        self.closed = True


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_device_that_goes_away_is_opened_again(click: Piano, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[FakeDevice] = []
    there = True

    def open_device(_wanted: str | None) -> FakeDevice:
        if not there:
            raise MissingError("gone")
        opened.append(FakeDevice())
        return opened[-1]

    monkeypatch.setattr(device, "_open_device", open_device)
    monkeypatch.setattr(device, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(device, "_STALLED_SECONDS", 0.05)
    said: list[str] = []
    card = SoundCard(None, 0.0, said.append, click)
    there = False
    wait_for(lambda: said)
    there = True
    wait_for(lambda: len(said) == 2)
    assert said == [
        "the audio device has gone: the music goes on without sound until one is back",
        "sound by Fake is back",
    ]
    monkeypatch.setattr(device, "_STALLED_SECONDS", PATIENCE_SECONDS)
    first, second = opened[0], opened[-1]
    assert first.closed
    second.ask()
    card.play(on(60), time.monotonic())
    wait_for(lambda: second.ask().any())
    card.play(control(ALL_NOTES_OFF, 0), time.monotonic())
    for _ in range(100):
        second.ask()
    card.close()
    assert second.closed
