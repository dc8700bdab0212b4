"""The sound card, by miniaudio: WASAPI, CoreAudio, PulseAudio, ALSA or JACK."""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, Final

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.ports.backends import load_jack
from lstm_composer.runtime.sound.piano import Piano
from lstm_composer.runtime.sound.sampler import RATE, Sampler, Sound
from lstm_composer.runtime.sound.stream_player import StreamPlayer
from lstm_composer.runtime.system.miniaudio_library import miniaudio
from lstm_composer.runtime.system.terminal import quiet_stderr

BUFFER_MILLISECONDS: Final = 10
"""Length of a period; a device has two or three of them."""
_TAIL_SECONDS: Final = 1.5  # how long what was let go may die away when the music is over
_LOOK_SECONDS: Final = 0.25  # how often the device is looked at
_STALLED_SECONDS: Final = 2.0  # a device that has asked for nothing for so long has gone
_DEAD_SECONDS: Final = 0.2  # a JACK server that has asked for nothing for so long may be dead
_BACKENDS: Final = {
    "win32": ("WASAPI", "DSOUND", "WINMM"),
    "darwin": ("COREAUDIO",),
    "linux": ("PULSEAUDIO", "ALSA", "JACK"),
}
_ALSA_NULL: Final = "Discard all samples"  # a device that ALSA lists on every machine
NULL_DEVICE: Final = "null"
"""Name of the device that takes all sound and lets nobody hear it: for tests and for machines without one."""

Say = Callable[[str], None]


class SoundCard:
    """A piano on an audio device; a `Player` (lstm_composer.runtime.sound.player).

    A thread of its own decodes the samples, and then looks after the device: one that goes away is opened again when it
    is back, or another that takes its place.
    """

    def __init__(self, wanted: str | None, delay_seconds: float, say: Say, piano: Piano | None = None) -> None:
        """Open the device and begin to be asked for frames.

        Args:
            wanted: Part of the device's name, whatever the case, or NULL_DEVICE; None for the system's default.
            delay_seconds: How much later than its time each message is heard; see `StreamPlayer`.
            say: Told in a line when the device goes and when it is back.
            piano: What sounds; None for the one that ships.

        Raises:
            MissingError: If there is no such device.

        """
        self._wanted = wanted
        self._say = say
        self._last_asked = time.monotonic()
        self._device = _open_device(wanted)
        self._piano = piano or Piano.load()
        self._player = StreamPlayer(Sampler(self._piano, waits_for_samples=False), delay_seconds)
        self.pending_count, self.take_back = self._player.pending_count, self._player.take_back
        self.set_volume = self._player.set_volume
        self._strokes: deque[tuple[int, int]] = deque()  # key and velocity of notes that may lack their samples
        self._has_all_samples = False
        self._stop = threading.Event()
        self._start()
        self._thread = threading.Thread(target=self._look_after, name="sound", daemon=True)
        self._thread.start()

    def play(self, message: Message, due_seconds: float) -> None:
        """Let a message be heard; see `Player.play`."""
        if not self._has_all_samples and message.kind is Kind.NOTE_ON:
            self._strokes.append((message.number, message.value))
        self._player.play(message, due_seconds)

    def describe(self) -> str:
        """Return where it sounds."""
        return f"sound by {self._device.backend}"

    def close(self) -> None:
        """Let what was given die away, for a moment, and close the device."""
        deadline = time.monotonic() + _TAIL_SECONDS
        while not self._player.is_silent and time.monotonic() < deadline:
            self._stop.wait(0.02)
        self._stop.set()
        self._thread.join()
        self._let_go()

    def _start(self) -> None:
        stream = self._stream()
        next(stream)  # miniaudio wants a generator that waits for its first question
        try:
            self._device.start(stream)
        except miniaudio.MiniaudioError as error:
            self._device.close()
            raise MissingError(f"{self._device.backend} does not start its audio device ({error.args[0]})") from error

    def _stream(self) -> Generator[Sound | bytes, int, None]:
        """Answer the device's questions; the generator protocol is miniaudio's."""
        count = yield b""
        while True:
            self._last_asked = time.monotonic()
            count = yield self._player.frames(count)

    def _look_after(self) -> None:
        self._decode_samples()
        while not self._stop.wait(_LOOK_SECONDS):
            if time.monotonic() - self._last_asked > _STALLED_SECONDS:
                self._bring_back()

    def _decode_samples(self) -> None:
        """Decode all samples; those of notes that have come already before all others."""
        for number in self._piano.decoding_order():
            while self._strokes and not self._stop.is_set():
                self._piano.bank.decode(self._piano.stroke(*self._strokes.popleft()).sample)
            if self._stop.is_set():
                return
            self._piano.bank.decode(number)
        self._has_all_samples = True

    def _bring_back(self) -> None:
        """Open a device again, as soon as there is one."""
        self._say("the audio device has gone: the music goes on without sound until one is back")
        self._let_go()
        while not self._stop.wait(_LOOK_SECONDS):
            self._player.skip_overdue()
            with suppress(MissingError):
                self._device = _open_device(self._wanted)
                self._player.restart()
                self._last_asked = time.monotonic()
                self._start()
                self._say(f"{self.describe()} is back")
                return

    def _let_go(self) -> None:
        """Close the device; one of a JACK server that may be dead is forgotten instead.

        libjack gives up all clients of a dead server as soon as a new one is opened, such as the MIDI port; to close
        one that has been given up crashes.
        """
        if self._device.backend == "JACK" and time.monotonic() - self._last_asked > _DEAD_SECONDS:
            self._device.close = lambda: None  # which its destructor calls too
            _FORGOTTEN.append(self._device)
        else:
            self._device.close()


_FORGOTTEN: Final[list[miniaudio.PlaybackDevice]] = []


def device_names() -> list[str]:
    """Return the audio devices that can sound, each as "NAME (SYSTEM)"; the system's default one first."""
    return [_shown(one, backend) for backend in _backends() for one in _devices(backend)]


def _shown(one: dict[str, Any], backend: miniaudio.Backend) -> str:
    return f"{one['name']} ({backend.name})"


def _backends() -> list[miniaudio.Backend]:
    return [miniaudio.Backend[name] for name in _BACKENDS.get(sys.platform, ())]


def _devices(backend: miniaudio.Backend) -> list[dict[str, Any]]:
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # as below
    try:
        with quiet_stderr():
            found: list[dict[str, Any]] = miniaudio.Devices([backend]).get_playbacks()
    except miniaudio.MiniaudioError:  # this system does not run here
        return []
    return [one for one in found if not one["name"].startswith(_ALSA_NULL)]


def _open_device(wanted: str | None) -> miniaudio.PlaybackDevice:
    if wanted == NULL_DEVICE:
        return _opened(miniaudio.Backend.NULL, None)
    if wanted is None:
        return _default_device()
    for backend in _backends():
        for one in _devices(backend):
            if wanted.casefold() in _shown(one, backend).casefold():
                return _opened(backend, one["id"])
    there = ", ".join(device_names()) or "none at all"
    raise MissingError(f"no audio device has {wanted!r} in its name; this machine has {there}")


def _default_device() -> miniaudio.PlaybackDevice:
    """Open the first system's default device that can be opened.

    Each is tried by itself: miniaudio takes the first whose library is there, and ALSA's is there without a card.
    """
    backends = _backends()
    for backend in backends:
        with suppress(MissingError):
            return _opened(backend, None)
    tried = ", ".join(backend.name for backend in backends)
    raise MissingError(f"no audio device found (tried {tried}): connect one, or start its sound system")


def _opened(backend: miniaudio.Backend, device_id: Any) -> miniaudio.PlaybackDevice:
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # to look for a JACK server must not start one
    if backend is miniaudio.Backend.JACK:
        with suppress(MissingError):
            load_jack()  # libjack tells the terminal of a dying server in lines of its own
    try:
        with quiet_stderr():
            return miniaudio.PlaybackDevice(
                output_format=miniaudio.SampleFormat.FLOAT32,
                nchannels=2,
                sample_rate=RATE,
                buffersize_msec=BUFFER_MILLISECONDS,
                backends=[backend],
                device_id=device_id,
                app_name="LSTM Composer sound",  # another name than the MIDI port: on JACK each is a client
            )
    except miniaudio.MiniaudioError as error:
        raise MissingError(f"{backend.name} opens no audio device") from error
