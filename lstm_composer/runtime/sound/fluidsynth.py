"""Sound by the program `fluidsynth`, for SoundFonts of the user's own with all their instruments."""

import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.sound.player import LEAD_SECONDS, STALE_SECONDS, MessageQueue
from lstm_composer.runtime.sound.sampler import RATE
from lstm_composer.runtime.system.atomic_files import write_atomically
from lstm_composer.runtime.system.foreign_files import read_foreign_start
from lstm_composer.runtime.system.realtime import HELPING_PRIORITY, raise_priority

GAIN: Final = 2.0
"""What the program multiplies the sound with at full volume. Its own 0.2 is 23 dB softer than our sampler with the same
font; at 2 it is 2.6 dB softer, since it has no limiter."""
_TYPES: Final = {".wav": "wav", ".flac": "flac", ".ogg": "oga"}
_RENDER_SECONDS: Final = 3600.0
_LEAVE_SECONDS: Final = 2.0
_IDLE_SECONDS: Final = 0.05
_HEAD_BYTES: Final = 12
_START_SECONDS: Final = 20.0  # a large SoundFont is read whole
_RELEASE_SECONDS: Final = 0.5
_READY: Final = "lstm-composer-is-heard"
_NO_OTHER_FONT: Final = ("-o", "synth.default-soundfont=")
_NOT_LOADED: Final = "Failed to load"
"""What it says of a font that it cannot use. It would play another one, and end as if all were well."""


def fluidsynth_program() -> str:
    """Return the path of the program.

    Raises:
        MissingError: If it is not installed.

    """
    program = shutil.which("fluidsynth")
    if program is None:
        raise MissingError(
            "--soundfont needs the program fluidsynth, which is not installed: "
            "apt install fluidsynth, dnf install fluidsynth, brew install fluid-synth or choco install fluidsynth"
        )
    return program


def check_soundfont(path: Path) -> None:
    """Find out whether a file can be a SoundFont.

    Raises:
        InputError: If it cannot.

    """
    try:
        head = read_foreign_start(path, _HEAD_BYTES)
    except InputError as error:
        raise InputError(f"--soundfont {path} {error}: name an .sf2 or .sf3 file") from error
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise InputError(f"--soundfont {path} is no SoundFont: name an .sf2 or .sf3 file")


def render_by_fluidsynth(midi: bytes, output: Path, soundfont: Path, volume: float) -> None:
    """Write a sound file of a MIDI file's music.

    Args:
        midi: What is in the MIDI file.
        output: A file whose name ends in .wav, .flac or .ogg.
        soundfont: The SoundFont.
        volume: Loudness of the whole, 0..1.

    Raises:
        InputError: If the SoundFont cannot be used.
        MissingError: If the program is not installed or fails, or the file cannot be written.

    """
    program = fluidsynth_program()
    check_soundfont(soundfont)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "music.mid"
        source.write_bytes(midi)

        def fill(part: Path) -> None:
            kind = _TYPES[output.suffix.casefold()]
            settings = [
                *_NO_OTHER_FONT,
                "-ni",
                "-q",
                "-r",
                str(RATE),
                "-g",
                f"{GAIN * volume**2:g}",
                "-T",
                kind,
                "-F",
                str(part),
            ]
            _run([program, *settings, str(soundfont), str(source)])
            if not part.stat().st_size:
                raise MissingError(f"fluidsynth wrote nothing for {soundfont}: try the font in fluidsynth itself")

        write_atomically(output, fill, cure="make room, or name another place")


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_RENDER_SECONDS, check=False)  # noqa: S603 - its path was looked up
    except subprocess.TimeoutExpired as error:
        raise MissingError(f"fluidsynth did not finish within {_RENDER_SECONDS / 60:.0f} minutes") from error
    said = done.stderr.decode(errors="replace")
    if _NOT_LOADED in said:
        raise InputError(f"--soundfont {command[-2]} cannot be used by fluidsynth: name another .sf2 or .sf3 file")
    if done.returncode:
        last = (said.strip().splitlines() or ["without a word"])[-1]
        raise MissingError(f"fluidsynth failed ({last}): try the font in fluidsynth itself")


class FluidSynth:
    """The program as a `runtime.sound.player.Player`: it runs beside us and takes its commands on standard input.

    Each message is told to it when its time has come, by a thread; so notes lie on the buffers of its audio driver
    (64 frames by default), and not on the sample.
    """

    def __init__(self, soundfont: Path, delay_seconds: float) -> None:
        """Start the program.

        Args:
            soundfont: The SoundFont.
            delay_seconds: How much later than its time each message is heard, where it is not given ahead.

        Raises:
            InputError: If the SoundFont cannot be used.
            MissingError: If the program is not installed, or finds no audio device.

        """
        program = fluidsynth_program()
        check_soundfont(soundfont)
        self._delay_seconds, self._soundfont = delay_seconds, soundfont
        self._queue = MessageQueue()
        self._news, self._stop = threading.Event(), threading.Event()
        self._process = subprocess.Popen(  # noqa: S603 - its path was looked up
            [program, *_NO_OTHER_FONT, "-q", "-n", "-g", f"{GAIN:g}", str(soundfont)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            bufsize=1, start_new_session=True,  # Ctrl-C is for us: we end what sounds before the program ends
        )  # fmt: skip
        self._said = ""
        self._answered, self._is_ready, self._is_without_font = threading.Event(), False, False
        self._reader = threading.Thread(target=self._read, name="fluidsynth says", daemon=True)
        self._thread = threading.Thread(target=self._run, name="fluidsynth", daemon=True)
        self._reader.start()
        self._tell(f"echo {_READY}")
        self._answered.wait(_START_SECONDS)
        if not self._is_ready:
            self._end_program()
            raise MissingError(f"fluidsynth does not sound, it may have no audio device ({self._said or 'no answer'})")
        if self._is_without_font:
            self._end_program()
            raise InputError(f"--soundfont {soundfont} cannot be used by fluidsynth: name another .sf2 or .sf3 file")
        self._thread.start()

    def describe(self) -> str:
        """Return what sounds."""
        return f"sound by fluidsynth with {self._soundfont.name}"

    def play(self, message: Message, due_seconds: float) -> None:
        """Let a message be heard; see `Player.play`."""
        self._queue.put(message, due_seconds + self._delay_seconds)
        self._news.set()

    def pending_count(self) -> int:
        """Return how many messages wait."""
        return self._queue.count(time.monotonic())

    def take_back(self, count: int) -> list[Message]:
        """Take back what waits; see `Player.take_back`."""
        return self._queue.take_back(count)

    def set_volume(self, volume: float) -> None:
        """Set the loudness of the whole."""
        self._tell(f"gain {GAIN * volume**2:g}")

    def close(self) -> None:
        """Let what was given sound, and end the program."""
        deadline = time.monotonic() + LEAD_SECONDS + _LEAVE_SECONDS
        while self.pending_count() and time.monotonic() < deadline:
            self._stop.wait(_IDLE_SECONDS)
        self._stop.set()
        self._news.set()
        self._thread.join()
        time.sleep(_RELEASE_SECONDS)  # it says nothing of what sounds still
        self._end_program()

    def _end_program(self) -> None:
        self._tell("quit")
        try:
            self._process.wait(_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        with suppress(OSError):
            _pipe(self._process.stdin).close()
        _pipe(self._process.stdout).close()

    def _read(self) -> None:
        """Read what the program says: that it is ready, or at its end why."""
        for line in _pipe(self._process.stdout):
            if line.strip().endswith(_READY):
                self._is_ready = True
                self._answered.set()
            elif line.strip():
                self._said = line.strip()
                self._is_without_font |= _NOT_LOADED in line
        self._answered.set()

    def _run(self) -> None:
        """Tell the program each message when its time has come."""
        raise_priority(HELPING_PRIORITY)
        while not self._stop.is_set():
            due = self._queue.next_due()
            wait = _IDLE_SECONDS if due is None else due - time.monotonic()
            if due is not None and wait <= 0:
                taken = self._queue.take()
                if taken is not None and (wait > -STALE_SECONDS or taken[1].kind is not Kind.NOTE_ON):
                    self._tell(command_line(taken[1]))
            elif due is None:
                self._news.wait(wait)
                self._news.clear()
            else:
                self._stop.wait(min(wait, _IDLE_SECONDS))

    def _tell(self, line: str) -> None:
        with suppress(OSError):  # it has ended: the music goes on without it
            _pipe(self._process.stdin).write(line + "\n")


def command_line(message: Message) -> str:
    """Return a message in the words of fluidsynth's shell."""
    channel = message.channel - 1
    match message.kind:
        case Kind.NOTE_ON:
            return f"noteon {channel} {message.number} {message.value}"
        case Kind.NOTE_OFF:
            return f"noteoff {channel} {message.number}"
        case Kind.CONTROL:
            return f"cc {channel} {message.number} {message.value}"
    return ""


def _pipe(pipe: IO[str] | None) -> IO[str]:
    """Return a pipe of the program, each of which was asked for when it was started."""
    if pipe is None:
        raise ValueError("the program was started without this pipe")
    return pipe
