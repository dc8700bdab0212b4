"""The sampler: notes where they belong, pedal and channels, no clicks, nothing beyond full scale."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.midi.messages import Message
from lstm_composer.runtime.sound.piano import Piano
from lstm_composer.runtime.sound.sampler import POLYPHONY, RATE, Sampler
from lstm_composer.runtime.sound.soundfont import Generator
from tests.runtime.sound.sounds import control, decibels, off, on, soundfont_bytes
from tests.support.quick import examples

SECOND = RATE
PEDAL, ALL_OFF, SOUND_OFF, RESET = 64, 123, 120, 121


@pytest.fixture
def sampler(piano: Piano) -> Sampler:
    return Sampler(piano)


def largest_step(sound: np.ndarray) -> float:
    return float(np.abs(np.diff(sound, axis=0)).max())


def test_silence_before_the_first_note_is_zero(sampler: Sampler) -> None:
    assert not sampler.sound(SECOND).any()
    sampler.take(on(60))
    assert sampler.sound(200).any()


def test_after_the_last_note_it_is_silent_again(sampler: Sampler) -> None:
    sampler.take(on(60))
    sampler.sound(SECOND // 2)
    sampler.take(off(60))
    dying = sampler.sound(3 * SECOND)
    assert sampler.sounding_count == 0
    assert not dying[-SECOND:].any()
    assert largest_step(dying[-2 * SECOND :]) < 1e-3


def test_a_note_begins_in_its_frame(click: Piano) -> None:
    sampler = Sampler(click)
    before = sampler.sound(777)
    sampler.take(on(60))
    assert not before.any()
    sound = sampler.sound(500)
    assert np.flatnonzero(sound[:, 0])[0] <= 1  # it fades in over a millisecond, from zero
    assert not sound[442:].any()


@pytest.mark.parametrize("cut", [1, 7, 64, 441, 2048, 5000])
def test_the_same_sound_however_it_is_asked_for(piano: Piano, cut: int) -> None:
    def played(frames: int) -> np.ndarray:
        sampler = Sampler(piano)
        for key in (48, 60, 64, 67):
            sampler.take(on(key))
        return np.concatenate([sampler.sound(min(frames, 5000 - begin)) for begin in range(0, 5000, frames)])

    np.testing.assert_allclose(played(cut), played(5000), atol=2e-5)


def test_the_pedal_holds_what_is_let_go(sampler: Sampler) -> None:
    sampler.take(on(60))
    sampler.take(control(PEDAL, 127))
    sampler.sound(SECOND // 4)
    sampler.take(off(60))
    held = decibels(sampler.sound(SECOND))
    sampler.take(control(PEDAL, 0))
    sampler.sound(SECOND // 2)
    assert held > -45
    assert decibels(sampler.sound(SECOND // 2)) < held - 30


def test_a_key_that_is_down_outlasts_the_pedal(sampler: Sampler) -> None:
    sampler.take(control(PEDAL, 127))
    sampler.take(on(60))
    sampler.sound(SECOND // 4)
    sampler.take(control(PEDAL, 0))
    assert decibels(sampler.sound(SECOND)) > -45


def test_channels_do_not_touch_each_other(sampler: Sampler) -> None:
    for channel in range(1, 17):
        sampler.take(on(60, channel=channel))
    assert sampler.sounding_count == 16
    sampler.take(control(SOUND_OFF, 0, channel=16))
    sampler.take(off(60, channel=1))
    sampler.take(control(PEDAL, 127, channel=2))
    sampler.take(off(60, channel=3))
    sampler.sound(2 * SECOND)
    assert sampler.sounding_count == 13


def test_a_key_struck_again_leaves_one_voice(sampler: Sampler) -> None:
    for _ in range(5):
        sampler.take(on(60))
        sampler.sound(SECOND // 10)
    sampler.sound(2 * SECOND)
    assert sampler.sounding_count == 1


@pytest.mark.parametrize(
    ("messages", "left"),
    [
        ([control(ALL_OFF, 0)], 0),
        ([control(SOUND_OFF, 0)], 0),
        ([control(PEDAL, 127), control(ALL_OFF, 0)], 3),  # the pedal holds them (MIDI 1.0, CC123)
        ([control(PEDAL, 127), control(SOUND_OFF, 0)], 0),
        ([control(PEDAL, 127), control(ALL_OFF, 0), control(RESET, 0)], 0),
        ([control(PEDAL, 127), control(ALL_OFF, 0), control(PEDAL, 0)], 0),
        ([control(RESET, 0)], 3),
    ],
)
def test_what_ends_all_notes(sampler: Sampler, messages: list[Message], left: int) -> None:
    for key in (60, 64, 67):
        sampler.take(on(key))
    sampler.sound(SECOND // 10)
    for message in messages:
        sampler.take(message)
    sampler.sound(2 * SECOND)
    assert sampler.sounding_count == left


@pytest.mark.parametrize("number", [7, 11])
def test_volume_and_expression_of_a_channel(sampler: Sampler, number: int) -> None:
    sampler.take(on(60))
    before = decibels(sampler.sound(SECOND // 4))
    sampler.take(control(number, 30))
    change = sampler.sound(SECOND // 4)
    after = decibels(sampler.sound(SECOND // 4))
    assert after < before - 15
    assert largest_step(change) < 0.05


def test_panorama_of_a_channel(sampler: Sampler) -> None:
    sampler.take(control(10, 127))
    sampler.take(on(60))
    sound = sampler.sound(SECOND // 4)
    assert decibels(sound[:, 1]) > decibels(sound[:, 0]) + 20


def test_the_volume_of_the_whole_changes_smoothly(sampler: Sampler) -> None:
    sampler.take(on(48))
    sampler.sound(SECOND // 4)
    sampler.volume = 0.0
    assert largest_step(sampler.sound(512)) < 0.02
    assert not sampler.sound(512).any()


def test_a_loop_goes_on_past_the_end_of_its_sample(tmp_path: Path) -> None:
    path = tmp_path / "loop.sf2"
    wave = (10_000 * np.sin(np.arange(1000) * 2 * np.pi / 100)).astype(int)  # ten whole periods
    zone = {int(Generator.SAMPLE_MODES): 1, int(Generator.VOLUME_DECAY): 12_000, int(Generator.VOLUME_HOLD): 6000}
    path.write_bytes(soundfont_bytes(wave.tolist(), [zone], loop=(200, 900)))
    sampler = Sampler(Piano.load(path))
    sampler.take(on(60))
    sound = np.concatenate([sampler.sound(frames) for frames in (900, 1, 699, 5000)])[:, 0]
    np.testing.assert_allclose(sound[300:6300], sound[400:6400], atol=1e-4)  # it goes round and round
    assert sound[6000:].max() > 0.1


def test_sixty_four_loud_notes_stay_below_full_scale(sampler: Sampler) -> None:
    for key in range(30, 30 + POLYPHONY):
        sampler.take(on(key, 127))
    sound = sampler.sound(SECOND)
    assert sampler.sounding_count == POLYPHONY
    assert 0.5 < np.abs(sound).max() < 1.0


def steal(sampler: Sampler) -> None:
    for key in range(30, 30 + POLYPHONY):
        sampler.take(on(key, 60))
        sampler.sound(441)
    sampler.take(on(100, 60))


def stop_dead(sampler: Sampler) -> None:
    sampler.take(on(40, 100))
    sampler.sound(SECOND // 3)
    sampler.take(control(SOUND_OFF, 0))


def strike_again(sampler: Sampler) -> None:
    sampler.take(on(40, 100))
    sampler.sound(SECOND // 3)
    sampler.take(on(40, 1))


def let_go(sampler: Sampler) -> None:
    sampler.take(on(40, 100))
    sampler.sound(SECOND // 3)
    sampler.take(off(40))


@pytest.mark.parametrize("happening", [steal, stop_dead, strike_again, let_go])
def test_no_click(piano: Piano, happening: Callable[[Sampler], None]) -> None:
    """Around what happens no frame is further from the last than the music itself goes from frame to frame."""
    sampler, sounds = Sampler(piano), []
    sound = sampler.sound

    def kept(frames: int) -> np.ndarray:
        sounds.append(sound(frames))
        return sounds[-1]

    sampler.sound = kept  # type: ignore[method-assign] # what is heard on the way is kept
    happening(sampler)
    before = np.concatenate(sounds)[-SECOND // 4 :]
    after = np.concatenate([before[-1:], sound(SECOND // 10)])
    assert largest_step(after) < 1.2 * largest_step(before)


def test_a_stolen_voice_makes_room(sampler: Sampler) -> None:
    steal(sampler)
    sampler.sound(SECOND // 10)
    assert sampler.sounding_count == POLYPHONY


def test_a_soft_start_is_no_click(sampler: Sampler) -> None:
    for key in range(21, 109):
        sampler.take(on(key, 80))
        sound = np.concatenate([np.zeros((1, 2)), sampler.sound(20)])
        assert largest_step(sound[:2]) < 1e-3
        sampler.take(control(SOUND_OFF, 0))
        sampler.sound(SECOND // 10)


KEYS = st.integers(0, 127)
MESSAGES = st.one_of(
    st.builds(on, KEYS, st.integers(1, 127), st.integers(1, 16)),
    st.builds(off, KEYS, st.integers(1, 16)),
    st.builds(control, st.sampled_from([7, 10, 11, 64, 120, 121, 123, 5]), KEYS, st.integers(1, 16)),
)


@settings(max_examples=examples(40))
@given(st.lists(st.tuples(MESSAGES, st.integers(0, 700)), max_size=120))
def test_whatever_comes_it_is_bounded_and_ends(piano: Piano, played: list[tuple[Message, int]]) -> None:
    sampler = Sampler(piano)
    for message, frames in played:
        sampler.take(message)
        assert np.abs(sampler.sound(frames)).max(initial=0.0) < 1.0
    for channel in range(1, 17):
        for number in (PEDAL, SOUND_OFF):
            sampler.take(control(number, 0, channel))
    sampler.sound(SECOND // 2)
    assert sampler.sounding_count == 0
