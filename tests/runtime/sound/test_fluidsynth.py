"""Sound by the program fluidsynth, and how near our sampler comes to it with the same font."""

import os
import shutil
import stat
import subprocess
import time
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.midi.messages import Message
from lstm_composer.runtime.midi.writer import midi_bytes
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.sound import fluidsynth
from lstm_composer.runtime.sound.fluidsynth import FluidSynth, command_line, render_by_fluidsynth
from lstm_composer.runtime.sound.piano import PIANO_FILE, Piano
from lstm_composer.runtime.sound.render import read_timed_messages, rendered
from lstm_composer.runtime.sound.sampler import RATE
from tests.runtime.sound.sounds import control, off, on

INSTALLED = shutil.which("fluidsynth") is not None
NEEDS_FLUIDSYNTH = pytest.mark.skipif(not INSTALLED and "CI" not in os.environ, reason="fluidsynth is not installed")
POSIX = pytest.mark.skipif(os.name != "posix", reason="the stand-in for the program is a shell script")
STAND_IN = """#!/bin/sh
read line; echo "> ${line#echo }"
while read line; do echo "$line" >> "$HEARD"; [ "$line" = quit ] && exit 0; done
"""


@pytest.fixture
def midi() -> bytes:
    """Scales and chords from soft to loud over the whole keyboard."""
    notes = [Note(12 * step, 36 + 7 * step % 60, 24, 30 + 5 * step % 90) for step in range(64)]
    chords = [Note(768 + 24 * step, key + step, 22, 50 + 5 * step) for step in range(12) for key in (48, 55, 64, 72)]
    return midi_bytes(notes + chords, tempo_bpm=120, meter=Meter(4, 4), end_tick=1056)


@pytest.mark.parametrize(
    ("message", "line"),
    [(on(60, 80, 1), "noteon 0 60 80"), (off(61, 16), "noteoff 15 61"), (control(64, 127, 2), "cc 1 64 127")],
)
def test_messages_in_the_words_of_its_shell(message: Message, line: str) -> None:
    assert command_line(message) == line


def test_without_the_program(midi: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match="--soundfont needs the program fluidsynth, which is not installed"):
        render_by_fluidsynth(midi, tmp_path / "x.wav", PIANO_FILE, 1.0)


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "cannot be opened"), (b"", "is no SoundFont"), (b"RIFF1234WAVE", "is no SoundFont")]
)
def test_what_is_no_soundfont(
    content: bytes | None, problem: str, midi: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fluidsynth, "fluidsynth_program", lambda: "fluidsynth")
    font = tmp_path / "font.sf2"
    if content is not None:
        font.write_bytes(content)
    with pytest.raises(InputError, match=problem):
        render_by_fluidsynth(midi, tmp_path / "x.wav", font, 1.0)


@pytest.mark.outside_program
@NEEDS_FLUIDSYNTH
def test_our_sampler_sounds_like_it(midi: bytes, tmp_path: Path, piano: Piano) -> None:
    """With the same font the bands of an octave up to 6 kHz are as loud within 6 dB, beside what differs overall."""
    font = tmp_path / "piano.sf3"
    shutil.copy(PIANO_FILE, font)
    command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-r", str(RATE), "-g", "1", "-T", "wav", "-F", "-"]
    (tmp_path / "music.mid").write_bytes(midi)
    command[-1] = str(tmp_path / "theirs.wav")
    subprocess.run([*command, str(font), str(tmp_path / "music.mid")], check=True, capture_output=True, timeout=60)
    with wave.open(str(tmp_path / "theirs.wav")) as file:
        theirs = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2) / 32768
    timed, seconds = read_timed_messages(midi)
    ours = np.concatenate(list(rendered(timed, seconds, piano=piano)))
    difference = bands(ours) - bands(theirs)
    assert np.abs(difference - difference.mean()).max() < 6


def bands(sound: np.ndarray) -> np.ndarray:
    """Energy in dB of octaves from 46.9 Hz to 6 kHz."""
    power = np.abs(np.fft.rfft(sound.sum(axis=1))) ** 2
    pitches = np.fft.rfftfreq(len(sound), 1 / RATE)
    edges = 6000 / 2.0 ** np.arange(7, -1, -1)
    return np.array([10 * np.log10(power[(pitches >= low) & (pitches < high)].sum()) for low, high in pairwise(edges)])


@pytest.mark.outside_program
@NEEDS_FLUIDSYNTH
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_it_renders(midi: bytes, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"music{suffix}"
    render_by_fluidsynth(midi, path, PIANO_FILE, 1.0)
    assert path.read_bytes()[:4] == {".wav": b"RIFF", ".flac": b"fLaC", ".ogg": b"OggS"}[suffix]
    assert list(tmp_path.iterdir()) == [path]


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a script in the place of the program; return the file in which it notes what it is told."""
    program = folder / "fluidsynth"
    program.write_text(script)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(fluidsynth, "fluidsynth_program", lambda: str(program))
    monkeypatch.setenv("HEARD", str(folder / "heard"))
    return folder / "heard"


@POSIX
def test_played_live_it_is_told_each_message_when_it_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = stand_in(tmp_path, STAND_IN, monkeypatch)
    player = FluidSynth(PIANO_FILE, 0.0)
    assert player.describe() == "sound by fluidsynth with piano.sf3"
    player.set_volume(0.5)
    now = time.monotonic()
    for number, message in enumerate([on(60), control(64, 127), off(60)]):
        player.play(message, now + 0.01 * number)
    player.play(on(61), now + 1000)
    assert player.take_back(1) == [on(61)]
    player.close()
    assert heard.read_text().splitlines() == [*["gain 0.5", "noteon 0 60 80", "cc 0 64 127", "noteoff 0 60", "quit"]]


@POSIX
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\necho 'Failed to create the audio driver. Giving up.' >&2; exit 255\n", "Failed to create"),
        ("#!/bin/sh\n", ""),
    ],
)
def test_a_program_that_does_not_sound(script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, script, monkeypatch)
    with pytest.raises(MissingError, match=f"fluidsynth does not sound, it may have no audio device .*{said}"):
        FluidSynth(PIANO_FILE, 0.0)


@POSIX
def test_a_program_that_ends_early_does_not_end_the_music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, STAND_IN.replace("quit", "noteon 0 60 80"), monkeypatch)
    player = FluidSynth(PIANO_FILE, 0.0)
    for number in range(50):
        player.play(on(60), time.monotonic() + 0.002 * number)
    player.close()


@pytest.mark.outside_program
@NEEDS_FLUIDSYNTH
def test_a_font_that_it_cannot_use_is_not_replaced_by_another(midi: bytes, tmp_path: Path) -> None:
    font = tmp_path / "broken.sf2"
    font.write_bytes(PIANO_FILE.read_bytes()[:12] + b"garbage" * 100)
    with pytest.raises(InputError, match=r"broken\.sf2 cannot be used by fluidsynth: name another"):
        render_by_fluidsynth(midi, tmp_path / "x.wav", font, 1.0)
    assert not (tmp_path / "x.wav").exists()
