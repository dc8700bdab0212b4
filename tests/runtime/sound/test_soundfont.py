"""SoundFont files: zones, what generators and modulators make of a key and a velocity, and files that are none."""

from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.sound.piano import PIANO_FILE, Piano
from lstm_composer.runtime.sound.sample_bank import SampleBank
from lstm_composer.runtime.sound.soundfont import Generator, Modulator, read_soundfont
from tests.runtime.sound.sounds import soundfont_bytes

VELOCITY, KEY, FALLING, BIPOLAR, CONCAVE, CONVEX, SWITCH = 2, 3, 0x100, 0x200, 1 << 10, 2 << 10, 3 << 10


def test_the_piano_that_ships() -> None:
    font = read_soundfont(PIANO_FILE)
    assert (len(font.samples), len(font.zones)) == (72, 306)
    assert {sample.rate for sample in font.samples} == {44_100}
    assert all(sample.is_vorbis for sample in font.samples)
    assert {zone.generators[Generator.PAN] for zone in font.zones} == {0}  # it is mono: nothing is on one side


@pytest.mark.parametrize(
    ("source", "key", "velocity", "share"),
    [
        (VELOCITY, 60, 0, 0.0),
        (VELOCITY, 60, 127, 1.0),
        (VELOCITY | FALLING, 60, 127, 0.0),
        (VELOCITY | FALLING, 60, 0, 1.0),
        (KEY | BIPOLAR, 0, 64, -1.0),
        (KEY | BIPOLAR, 127, 64, 1.0),
        (VELOCITY | FALLING | CONCAVE, 60, 127, 0.0),
        (VELOCITY | FALLING | CONCAVE, 60, 64, 0.124),  # 40/96 log10(127/64)
        (VELOCITY | FALLING | CONCAVE, 60, 0, 1.0),
        (VELOCITY | CONVEX, 60, 127, 1.0),
        (VELOCITY | CONVEX, 60, 64, 0.876),
        (VELOCITY | CONVEX, 60, 0, 0.0),
        (VELOCITY | SWITCH, 60, 63, 0.0),
        (VELOCITY | SWITCH, 60, 64, 1.0),
        (99, 60, 64, 0.0),  # a source that a key stroke does not have
    ],
)
def test_a_modulator(source: int, key: int, velocity: int, share: float) -> None:
    assert Modulator(source, Generator.ATTENUATION, 1000).value(key, velocity) == pytest.approx(1000 * share, abs=0.5)


def test_plain_samples_and_zones(tmp_path: Path) -> None:
    path = tmp_path / "plain.sf2"
    low = {int(Generator.KEY_RANGE): 59 << 8, int(Generator.ATTENUATION): 100}
    high = {int(Generator.KEY_RANGE): 127 << 8 | 60, int(Generator.VELOCITY_RANGE): 127 << 8 | 64}
    path.write_bytes(soundfont_bytes(range(1000), [low, high], loop=(100, 900)))
    font = read_soundfont(path)
    first, second = font.zones
    assert (first.keys, second.keys, second.velocities) == ((0, 59), (60, 127), (64, 127))
    assert first.sounds(59, 1)
    assert not second.sounds(60, 63)
    assert first.value(Generator.ATTENUATION, 60, 64) == 100
    assert second.value(Generator.VOLUME_RELEASE, 60, 64) == -12_000  # the format's default
    assert (font.samples[0].loop_start, font.samples[0].loop_end) == (100, 900)
    bank = SampleBank(font)
    assert (bank.lengths, bank.is_whole(0)) == ([1000], False)
    bank.decode(0)
    assert bank.frames[500] == 500


def test_a_key_without_a_zone_sounds_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "gaps.sf2"
    zones = [{int(Generator.KEY_RANGE): 60 << 8 | 50, int(Generator.VELOCITY_RANGE): 100 << 8 | 50}]
    path.write_bytes(soundfont_bytes(range(1000), zones))
    stroke = Piano.load(path).stroke(127, 1)
    assert (stroke.sample, stroke.root) == (0, 60)


@pytest.mark.parametrize(
    "content", [b"", b"junk", b"RIFF\x04\0\0\0sfbk", b"RIFF\x04\0\0\0WAVE", PIANO_FILE.read_bytes()[:10_000]]
)
def test_what_is_no_soundfont_is_told_in_a_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.sf2"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.sf2 cannot be read as a SoundFont .*: name an \.sf2 or \.sf3 file"):
        Piano.load(path)
