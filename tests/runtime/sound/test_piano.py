"""The piano that ships: in tune, louder with velocity, every key there."""

import numpy as np
import pytest

from lstm_composer.runtime.sound.piano import Piano
from lstm_composer.runtime.sound.sampler import RATE, Sampler
from tests.runtime.sound.sounds import decibels, on


def struck(piano: Piano, key: int, velocity: int, seconds: float = 0.5) -> np.ndarray:
    sampler = Sampler(piano)
    sampler.take(on(key, velocity))
    return sampler.sound(round(seconds * RATE))


def peak_hz(sound: np.ndarray, around_hz: float) -> float:
    """Frequency of the highest peak within a semitone of where it should be: low keys sound overtones louder."""
    tone = sound.sum(axis=1)
    power = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 1 << 18))
    pitches = np.fft.rfftfreq(1 << 18, 1 / RATE)
    near = np.abs(np.log2(pitches[1:] / around_hz)) < 1 / 12
    return float(pitches[1:][near][power[1:][near].argmax()])


@pytest.mark.parametrize(
    ("key", "share"),
    [(33, 0.01), (45, 0.01), (57, 0.01), (69, 0.01), (81, 0.01), (93, 0.02), (105, 0.025)],
)  # a piano's highest octaves are tuned wide
def test_each_a_is_in_tune(piano: Piano, key: int, share: float) -> None:
    wanted = 440 * 2 ** ((key - 69) / 12)
    assert peak_hz(struck(piano, key, 80, seconds=2.0), wanted) == pytest.approx(wanted, rel=share)


def test_a4_peaks_at_440_hz(piano: Piano) -> None:
    sound = struck(piano, 69, 80, seconds=2.0).sum(axis=1)
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert np.fft.rfftfreq(len(sound), 1 / RATE)[power.argmax()] == pytest.approx(440, rel=0.01)


@pytest.mark.thorough
@pytest.mark.parametrize("key", [21, 25, 32, 50, 60, 74, 88, 108])  # 25 and 74 sank most between layers in the source
def test_louder_with_every_velocity(piano: Piano, key: int) -> None:
    loudness = [decibels(struck(piano, key, velocity, seconds=0.25)) for velocity in range(1, 128)]
    assert loudness == sorted(loudness)
    assert len(set(loudness)) == 127


def test_every_key_sounds_at_its_pitch(piano: Piano) -> None:
    for key in range(128):
        stroke = piano.stroke(key, 64)
        assert 0.2 < 2 ** ((key - stroke.root) / 12) < 4.1
        assert decibels(struck(piano, key, 64, seconds=0.1)) > -80


def test_keys_stand_from_left_to_right(piano: Piano) -> None:
    balance = [
        decibels(struck(piano, key, 80)[:, 1]) - decibels(struck(piano, key, 80)[:, 0]) for key in range(21, 109, 12)
    ]
    assert balance == sorted(balance)
    assert -6 < balance[0] < -1
    assert 1 < balance[-1] < 6


def test_samples_are_decoded_from_the_middle_outward() -> None:
    piano = Piano.load()
    order = piano.decoding_order()
    assert sorted(order) == list(range(72))
    assert order[0] == piano.stroke(60, 64).sample


def test_until_a_sample_is_there_its_neighbour_sounds_at_the_right_pitch() -> None:
    piano = Piano.load()
    assert piano.nearest_decoded(piano.stroke(72, 80)) is None
    sampler = Sampler(piano, waits_for_samples=False)
    sampler.take(on(72))
    assert not sampler.sound(1000).any()
    piano.bank.decode(piano.stroke(69, 80).sample)
    sampler.take(on(72))
    assert peak_hz(sampler.sound(RATE), 523.25) == pytest.approx(523.25, rel=0.01)
