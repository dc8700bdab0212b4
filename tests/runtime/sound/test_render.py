"""MIDI files become sound: the notes where they are, the same bytes each time, one line where that cannot be."""

import io
import sys
import wave
from pathlib import Path

import mido
import numpy as np
import pytest

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.midi.writer import midi_bytes
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.sound.piano import Piano
from lstm_composer.runtime.sound.render import LONGEST_SECONDS, TAIL_SECONDS, read_timed_messages, render, rendered
from lstm_composer.runtime.sound.sampler import RATE
from lstm_composer.runtime.sound.sound_file import SUFFIXES, is_sound_file
from tests.runtime.sound.sounds import decibels

NOTES = [Note(24, 60, 24, 80), Note(48, 64, 24, 80), Note(96, 67, 48, 100)]


@pytest.fixture
def midi() -> bytes:
    return midi_bytes(NOTES, tempo_bpm=120, meter=Meter(4, 4), end_tick=192)


def file_of(*messages: mido.Message | mido.MetaMessage, resolution: int = 480) -> bytes:
    buffer = io.BytesIO()
    mido.MidiFile(ticks_per_beat=resolution, tracks=[mido.MidiTrack(messages)]).save(file=buffer)
    return buffer.getvalue()


def read_wave(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def test_the_same_bytes_each_time(midi: bytes, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.wav", "two.wav")]
    for path in paths:
        assert render(midi, path) == pytest.approx(4.0)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_silence_before_the_first_note_and_after_the_last_is_zero(midi: bytes, tmp_path: Path) -> None:
    render(midi, tmp_path / "music.wav")
    sound = read_wave(tmp_path / "music.wav")
    first = np.flatnonzero(sound.any(axis=1))[0]
    assert first == pytest.approx(0.5 * RATE, abs=30)
    assert 4.0 <= len(sound) / RATE <= 4.0 + TAIL_SECONDS + 0.1
    assert not sound[-1].any()


def test_a_file_is_rendered_as_the_music_in_it(midi: bytes, tmp_path: Path) -> None:
    (tmp_path / "music.mid").write_bytes(midi)
    render(tmp_path / "music.mid", tmp_path / "file.wav")
    render(midi, tmp_path / "music.wav")
    assert (tmp_path / "file.wav").read_bytes() == (tmp_path / "music.wav").read_bytes()


def test_volume(midi: bytes, piano: Piano) -> None:
    timed, seconds = read_timed_messages(midi)
    full, half, none = (
        np.concatenate(list(rendered(timed, seconds, volume=volume, piano=piano))) for volume in (1.0, 0.5, 0.0)
    )
    assert decibels(full) - decibels(half) == pytest.approx(12.04, abs=0.1)
    assert not none.any()


def test_messages_come_with_their_times() -> None:
    content = file_of(
        mido.MetaMessage("set_tempo", tempo=1_000_000, time=0),
        mido.Message("control_change", control=64, value=127, channel=2, time=0),
        mido.Message("note_on", note=60, velocity=90, channel=2, time=480),
        mido.MetaMessage("set_tempo", tempo=500_000, time=0),
        mido.Message("note_on", note=60, velocity=0, channel=2, time=480),
        mido.Message("pitchwheel", pitch=100, time=0),
    )
    timed, seconds = read_timed_messages(content)
    assert seconds == pytest.approx(1.5)
    assert [when for when, _ in timed] == pytest.approx([0.0, 1.0, 1.5])
    assert [(message.kind.name, message.channel, message.number, message.value) for _, message in timed] == [
        ("CONTROL", 3, 64, 127),
        ("NOTE_ON", 3, 60, 90),
        ("NOTE_OFF", 3, 60, 0),
    ]


def test_what_is_never_let_go_ends_all_the_same(tmp_path: Path, piano: Piano) -> None:
    content = file_of(
        mido.Message("control_change", control=64, value=127), mido.Message("note_on", note=30, velocity=90)
    )
    timed, seconds = read_timed_messages(content)
    sound = np.concatenate(list(rendered(timed, seconds, piano=piano)))
    assert len(sound) <= (TAIL_SECONDS + 0.2) * RATE
    assert np.abs(sound[-100:]).max() < 1e-3


@pytest.mark.parametrize("content", [b"", b"MThd", b"junk" * 100])
def test_what_is_no_midi_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.mid"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.mid is (empty|not a MIDI file)"):
        render(path, tmp_path / "x.wav")
    assert not (tmp_path / "x.wav").exists()


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([], "has no notes: name a MIDI file with music in it"),
        ([mido.Message("note_on", channel=9, note=36)], "has drums only, which a piano cannot play"),
        ([mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=int(1e8))], "6 at the most"),
    ],
)
def test_what_cannot_be_rendered(messages: list[mido.Message], problem: str, tmp_path: Path) -> None:
    path = tmp_path / "music.mid"
    path.write_bytes(file_of(*messages))
    with pytest.raises(InputError, match=rf"music\.mid .*{problem}"):
        render(path, tmp_path / "x.wav")
    assert LONGEST_SECONDS == 6 * 3600


@pytest.mark.parametrize(("division", "reason"), [(0xE728, r"counts film frames \(SMPTE\)"), (0, "is damaged")])
def test_a_file_in_frames_of_film(division: int, reason: str, tmp_path: Path) -> None:
    content = bytearray(file_of(mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=100)))
    content[12:14] = division.to_bytes(2, "big")
    (tmp_path / "film.mid").write_bytes(content)
    with pytest.raises(InputError, match=rf"film\.mid {reason}"):
        render(tmp_path / "film.mid", tmp_path / "x.wav")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.mid cannot be opened \(No such file or directory\): name a MIDI file"):
        render(tmp_path / "none.mid", tmp_path / "x.wav")


@pytest.mark.parametrize("name", ["x.wav", "x.WAV", "x.flac", "x.ogg"])
def test_sound_files_are_told_by_their_names(name: str) -> None:
    assert is_sound_file(Path(name))


@pytest.mark.parametrize("name", ["x.mid", "x.midi", "x", "wav"])
def test_all_others_are_midi_files(name: str) -> None:
    assert not is_sound_file(Path(name))


@pytest.mark.parametrize("name", ["x.mp3", "x.wave", "x.mid", "x"])
def test_other_files_are_not_rendered(name: str, midi: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"file that ends in {', '.join(SUFFIXES)}"):
        render(midi, tmp_path / name)


def test_flac_and_ogg_need_soundfile(midi: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingError, match=r"for \.flac files run pip install soundfile, or name a \.wav file"):
        render(midi, tmp_path / "x.flac")


@pytest.mark.parametrize("suffix", [".flac", ".ogg"])
def test_flac_and_ogg_hold_the_same_sound(midi: bytes, tmp_path: Path, suffix: str) -> None:
    soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed")
    render(midi, tmp_path / "x.wav")
    render(midi, tmp_path / f"x{suffix}")
    expected = read_wave(tmp_path / "x.wav") / 32767
    sound, rate = soundfile.read(tmp_path / f"x{suffix}")
    assert rate == RATE
    assert sound.shape == expected.shape
    assert decibels(sound - expected) < decibels(expected) - 15


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX's")
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_a_disk_that_is_full_is_one_line(midi: bytes, tmp_path: Path, suffix: str) -> None:
    import resource  # noqa: PLC0415 - not there on Windows

    if suffix != ".wav":
        pytest.importorskip("soundfile")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))  # Python ignores the signal that comes with it
    try:
        with pytest.raises(MissingError, match=r"music\.\w+ cannot be written"):
            render(midi, tmp_path / f"music{suffix}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
