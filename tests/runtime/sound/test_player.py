"""Messages with times become sound in their frames."""

from collections.abc import Iterator

import numpy as np
import pytest

from lstm_composer.runtime.sound.piano import Piano
from lstm_composer.runtime.sound.player import LEAD_SECONDS, OVERDUE_SECONDS, STALE_SECONDS
from lstm_composer.runtime.sound.sampler import RATE, Sampler
from lstm_composer.runtime.sound.stream_player import StreamPlayer
from lstm_composer.runtime.testing import FakeClock
from tests.runtime.sound.sounds import CLICK_FRAMES, begins, control, off, on

PERIOD = 441


class Stream:
    """A sound card that asks for a period at each of its times."""

    def __init__(self, piano: Piano, delay_seconds: float = 0.0) -> None:
        self.clock = FakeClock(100.0)
        self.sampler = Sampler(piano)
        self.player = StreamPlayer(self.sampler, delay_seconds, self.clock.now)
        self.heard: list[np.ndarray] = []

    def run(self, seconds: float, late: float = 0.0) -> None:
        for _ in range(round(seconds * RATE / PERIOD)):
            self.clock.jump(late)
            self.heard.append(self.player.frames(PERIOD))
            self.clock.jump(PERIOD / RATE - late)

    def onsets(self) -> list[float]:
        """Seconds after the start at which something begins to sound."""
        loud = np.concatenate(self.heard)[:, 0] != 0
        return [float(frame) / RATE for frame in begins(loud)]


@pytest.fixture
def stream(click: Piano) -> Stream:
    return Stream(click)


def test_each_note_begins_in_its_frame(stream: Stream) -> None:
    times = [0.15, 0.2001, 0.3333, 0.4]
    for seconds in times:
        stream.player.play(on(60), 100.0 + seconds)
    stream.run(0.5)
    assert stream.onsets() == pytest.approx(times, abs=2 / RATE)


def test_messages_of_one_moment_take_effect_in_their_order(stream: Stream) -> None:
    for message in (on(60), off(60), on(60), on(64), off(60)):
        stream.player.play(message, 100.1)
    stream.run(0.11)
    assert stream.heard[-1].any()  # the second stroke of 60 was let go at once, 64 was not
    assert stream.player.pending_count() == 0


def test_a_late_callback_does_not_move_what_was_given_ahead(stream: Stream) -> None:
    stream.run(0.1)
    stream.player.play(on(60), stream.clock.now() + LEAD_SECONDS)
    stream.run(0.2, late=0.008)
    assert stream.onsets() == pytest.approx([0.1 + LEAD_SECONDS], abs=2 / RATE)


def test_what_is_not_given_ahead_is_delayed_evenly(click: Piano) -> None:
    stream = Stream(click, delay_seconds=0.04)
    times = [0.1, 0.151, 0.2]
    for seconds in times:
        stream.run(100 + seconds - stream.clock.now() - 1e-9)
        stream.player.play(on(60), 100.0 + seconds)
    stream.run(0.2)
    assert stream.onsets() == pytest.approx([seconds + 0.04 for seconds in times], abs=2 / RATE)


def test_what_waits_can_be_taken_back(stream: Stream) -> None:
    for seconds in (0.05, 0.2, 0.3):
        stream.player.play(on(60), 100.0 + seconds)
    stream.run(0.1)
    assert stream.player.pending_count() == 2
    assert stream.player.take_back(1) == [on(60)]
    assert stream.player.take_back(9) == [on(60)]
    stream.run(0.4)
    assert len(stream.onsets()) == 1


def test_after_a_device_was_away_notes_of_the_past_do_not_begin_and_ends_are_heard(piano: Piano) -> None:
    stream = Stream(piano)
    stream.run(0.1)
    stream.player.play(on(60), stream.clock.now())
    stream.player.play(control(64, 127), stream.clock.now())
    stream.run(0.01)
    assert stream.sampler.sounding_count == 1
    for message in (on(64), off(60), control(64, 0)):
        stream.player.play(message, stream.clock.now() + 0.1)
    stream.clock.jump(0.1 + OVERDUE_SECONDS + 0.1)
    assert stream.player.pending_count() == 0  # nobody takes them: whoever waits for them need not
    stream.player.skip_overdue()
    stream.player.restart()
    stream.run(2.0)
    assert stream.sampler.sounding_count == 0
    assert len(stream.onsets()) == 1


@pytest.mark.parametrize(("late_seconds", "heard"), [(STALE_SECONDS - 0.05, 1), (STALE_SECONDS + 0.05, 0)])
def test_a_note_that_waited_while_the_program_was_stopped_is_not_struck(
    stream: Stream, late_seconds: float, heard: int
) -> None:
    stream.run(0.5)
    stream.player.play(on(60), stream.clock.now() + 0.05)
    stream.clock.jump(0.05 + late_seconds)
    stream.run(0.5)
    assert len(stream.onsets()) == heard


def test_it_is_silent_when_nothing_waits_and_nothing_sounds(stream: Stream) -> None:
    def happens() -> Iterator[None]:
        yield
        stream.player.play(on(60), 100.1)
        yield
        stream.run(0.1 + CLICK_FRAMES / RATE / 2)
        yield
        stream.run(0.1)
        yield

    assert [stream.player.is_silent for _ in happens()] == [True, False, False, True]


@pytest.mark.parametrize(("volume", "factor"), [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)])
def test_volume(click: Piano, volume: float, factor: float) -> None:
    stream, full = Stream(click), Stream(click)
    stream.player.set_volume(volume)
    for one in (stream, full):
        one.player.play(on(60), 100.05)
        one.run(0.1)
    assert np.max(stream.heard) == pytest.approx(factor * np.max(full.heard))
