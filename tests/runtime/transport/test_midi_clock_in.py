"""Following a MIDI clock: tempo and phase by exact senders, jittery ones, and ones that do everything wrong."""

import math
import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.midi.input import CONTINUE, PULSE, SONG_POSITION, START, STOP
from lstm_composer.runtime.music.notes import tick_seconds
from lstm_composer.runtime.transport.midi_clock_in import LOST_SECONDS, ClockFollower
from lstm_composer.runtime.transport.transport import TransportEvent, TransportEventKind
from tests.support.quick import examples

BEAT = 24
PERIOD_SECONDS = 64 / 48_000
Arrives = Callable[[float], float]


def on_time(seconds: float) -> float:
    return seconds


def at_periods(seconds: float) -> float:
    return math.ceil(seconds / PERIOD_SECONDS) * PERIOD_SECONDS


def shaken(seconds: float) -> float:
    return seconds + random.Random(seconds).uniform(0, 0.003)


class Sender:
    """A sequencer: counts its own position, and sends it to a follower."""

    def __init__(self, follower: ClockFollower, arrives: Arrives = on_time) -> None:
        self.follower = follower
        self.arrives = arrives
        self.seconds = 100.0
        self.tick = 0
        self.moves: list[TransportEvent] = []

    def send(self, *message: int) -> None:
        self.follower.receive(bytes(message), self.arrives(self.seconds))
        self.look()

    def look(self) -> None:
        self.moves += self.follower.moves(self.arrives(self.seconds))

    def start(self) -> None:
        self.tick = 0
        self.send(START)

    def pulses(self, count: int, bpm: float, *, lost: frozenset[int] = frozenset()) -> Iterator[float]:
        """Send pulses; yields the error of the prediction for the next pulse, in seconds, after each."""
        for number in range(count):
            if number not in lost:
                self.send(PULSE)
            self.tick += 1
            self.seconds += tick_seconds(bpm)
            yield self.follower.seconds_at(self.tick) - self.seconds

    def play(self, count: int, bpm: float) -> None:
        for _ in self.pulses(count, bpm):
            pass

    def locate(self, sixteenths: int) -> None:
        self.send(SONG_POSITION, sixteenths & 0x7F, sixteenths >> 7)
        self.tick = 6 * sixteenths

    def taken(self) -> list[tuple[str, int]]:
        moves, self.moves = [(move.kind.value, move.tick) for move in self.moves], []
        return moves


@pytest.fixture
def sender() -> Sender:
    return Sender(ClockFollower(100.0))


def playing(bpm: float, arrives: Arrives = on_time, beats: int = 8) -> Sender:
    sender = Sender(ClockFollower(100.0), arrives)
    sender.start()
    sender.play(beats * BEAT, bpm)
    sender.taken()
    return sender


def test_the_first_pulse_after_start_is_the_downbeat(sender: Sender) -> None:
    sender.start()
    assert sender.taken() == [("locate", 0)]
    waits = not sender.follower.running
    sender.send(PULSE)
    assert sender.taken() == [("start", 0)]
    assert waits
    assert sender.follower.running
    assert sender.follower.seconds_at(0) == sender.seconds
    assert sender.follower.tick_at(sender.seconds) == 0


@pytest.mark.parametrize("bpm", [30.0, 61.7, 97.0, 123.0, 180.0, 240.0, 300.0])
def test_an_exact_clock_is_known_after_two_pulses(sender: Sender, bpm: float) -> None:
    sender.start()
    errors = list(sender.pulses(4 * BEAT, bpm))
    assert max(map(abs, errors[1:])) < 1e-9
    assert sender.follower.tempo_bpm == pytest.approx(bpm)


@pytest.mark.thorough
@pytest.mark.parametrize("bpm", [60.0, 97.3, 123.0, 140.0, 220.0])
def test_a_clock_on_period_boundaries_is_known_to_a_twentieth_of_a_percent_after_four_beats(bpm: float) -> None:
    sender = Sender(ClockFollower(100.0), at_periods)
    sender.start()
    sender.play(4 * BEAT, bpm)
    assert sender.follower.tempo_bpm == pytest.approx(bpm, rel=5e-4)
    errors = list(sender.pulses(300 * BEAT, bpm))
    assert max(errors) - min(errors) < 0.001  # nor does it grow
    assert (sender.follower.missing_pulses, sender.follower.doubled_pulses) == (0, 0)


def test_a_shaken_clock_is_smoothed() -> None:
    sender = playing(120.0, shaken)
    errors = list(sender.pulses(100 * BEAT, 120.0))
    assert max(errors) - min(errors) < 0.0015
    assert sender.follower.tempo_bpm == pytest.approx(120, rel=2e-3)


@pytest.mark.parametrize(("before", "after"), [(97, 140), (140, 97), (100, 140), (120, 60), (60, 120), (70, 210)])
@pytest.mark.parametrize("arrives", [on_time, at_periods])
def test_a_jump_of_tempo_is_followed_within_a_beat(before: float, after: float, arrives: Arrives) -> None:
    sender = playing(before, arrives)
    errors = list(sender.pulses(3 * BEAT, after))
    assert max(map(abs, errors[BEAT:])) < 0.002
    assert sender.follower.tempo_bpm == pytest.approx(after, rel=0.005)
    assert "retime" in [kind for kind, _ in sender.taken()]


@pytest.mark.parametrize(("before", "after"), [(120, 121), (120, 123), (120, 116), (90, 100)])
def test_a_small_change_of_tempo_is_never_far_off(before: float, after: float) -> None:
    sender = playing(before, at_periods)
    errors = list(sender.pulses(6 * BEAT, after))
    assert max(map(abs, errors)) < 0.010
    assert max(map(abs, errors[2 * BEAT :])) < 0.002


def test_a_slow_change_of_tempo_is_followed() -> None:
    sender = playing(80.0, at_periods)
    errors = [error for beat in range(64) for error in sender.pulses(BEAT, 80 + beat)]
    assert max(map(abs, errors)) < 0.006


@pytest.mark.parametrize("lost", [{30}, {30, 31}, {30, 31, 32}, {30, 50}, {30, 33}])
def test_lost_pulses_are_counted(lost: set[int]) -> None:
    sender = playing(120.0)
    errors = list(sender.pulses(4 * BEAT, 120.0, lost=frozenset(lost)))
    assert max(map(abs, errors)) < 1e-6
    assert sender.follower.missing_pulses == len(lost)


@pytest.mark.parametrize("gap", [0.0, 0.0005, 0.003])
def test_a_pulse_that_comes_twice_counts_once(gap: float) -> None:
    sender = playing(120.0)
    sender.send(PULSE)
    sender.follower.receive(bytes([PULSE]), sender.seconds + gap)
    sender.tick += 1
    sender.seconds += tick_seconds(120.0)
    assert max(map(abs, sender.pulses(2 * BEAT, 120.0))) < 1e-6
    assert sender.follower.doubled_pulses == 1


def test_one_late_pulse_is_not_believed() -> None:
    sender = playing(120.0)
    sender.seconds += 0.008
    sender.send(PULSE)
    sender.seconds += tick_seconds(120.0) - 0.008
    sender.tick += 1
    assert sender.follower.seconds_at(sender.tick) == pytest.approx(sender.seconds)
    assert max(map(abs, sender.pulses(BEAT, 120.0))) < 1e-6


def test_stop_and_continue(sender: Sender) -> None:
    sender.start()
    sender.play(30, 120)
    sender.send(STOP)
    assert sender.taken() == [("locate", 0), ("start", 0), ("stop", 30)]
    sender.seconds += 2
    sender.send(STOP)
    sender.send(CONTINUE)
    assert sender.taken() == [("locate", 30)]
    sender.send(PULSE)
    assert sender.taken() == [("start", 30)]
    assert sender.follower.seconds_at(30) == sender.seconds


def test_pulses_while_stopped_tell_the_tempo_only(sender: Sender) -> None:
    sender.play(5 * BEAT, 133)
    assert sender.taken() == []
    assert sender.follower.tempo_bpm == pytest.approx(133)
    sender.start()
    errors = list(sender.pulses(BEAT, 133))
    assert max(map(abs, errors)) < 1e-9


def test_a_locate_while_stopped(sender: Sender) -> None:
    sender.start()
    sender.play(30, 120)
    sender.send(STOP)
    sender.seconds += 1
    sender.locate(16 * 8)
    sender.send(CONTINUE)
    sender.taken()
    sender.send(PULSE)
    assert sender.taken() == [("start", 8 * 96)]


def test_a_locate_while_playing_ends_what_sounds_and_goes_on_there() -> None:
    sender = playing(120)
    sender.locate(16)
    assert sender.taken() == [("stop", 8 * BEAT), ("locate", 96)]
    assert sender.follower.running
    errors = list(sender.pulses(BEAT, 120))
    assert max(map(abs, errors)) < 1e-9


def test_start_without_stop_begins_again() -> None:
    sender = playing(120)
    sender.start()
    sender.send(PULSE)
    assert sender.taken() == [("stop", 8 * BEAT), ("locate", 0), ("start", 0)]


def test_a_song_position_in_pulses_is_seen_when_the_sender_tells_where_it_stopped() -> None:
    sender = playing(120)
    sender.send(STOP)
    sender.seconds += 0.01
    sender.send(SONG_POSITION, (8 * BEAT) & 0x7F, (8 * BEAT) >> 7)
    assert sender.taken()[-1] == ("locate", 8 * BEAT)
    sender.seconds += 1
    sender.send(SONG_POSITION, 96, 0)
    assert sender.taken() == [("locate", 96)]


def test_a_song_position_in_sixteenths_is_read_so_when_the_sender_tells_where_it_stopped() -> None:
    sender = playing(120)
    sender.send(STOP)
    sender.locate(8 * BEAT // 6)
    assert sender.taken()[-1] == ("locate", 8 * BEAT)


def test_a_clock_that_ceases_stops_the_song_which_goes_on_with_the_next_pulse() -> None:
    sender = playing(120)
    sender.seconds += LOST_SECONDS
    sender.look()
    assert sender.taken() == [("stop", 8 * BEAT)]
    assert not sender.follower.running
    sender.seconds += 5
    sender.send(PULSE)
    assert sender.taken() == [("start", 8 * BEAT)]
    assert sender.follower.running


@settings(max_examples=examples(200))
@given(
    messages=st.lists(
        st.tuples(
            st.one_of(
                st.sampled_from([bytes([status]) for status in (PULSE, PULSE, PULSE, START, CONTINUE, STOP)]),
                st.tuples(st.integers(0, 127), st.integers(0, 127)).map(lambda data: bytes([SONG_POSITION, *data])),
                st.binary(max_size=4),
            ),
            st.sampled_from([0.0, 0.001, 0.02, 0.0208, 0.021, 0.04, 0.3, 2.0]),
        ),
        max_size=60,
    )
)
def test_whatever_comes_moves_fit_together(messages: list[tuple[bytes, float]]) -> None:
    follower, seconds, running = ClockFollower(120.0), 10.0, False
    for message, gap in messages:
        seconds += gap
        follower.receive(message, seconds)
        for move in follower.moves(seconds):
            assert move.tick >= 0
            if move.kind is TransportEventKind.START:
                assert not running
                running = True
            elif move.kind is TransportEventKind.STOP:
                running = follower.running  # after a stop to jump, it plays on
        assert follower.running == running
        assert 0 < follower.tempo_bpm < math.inf
        assert follower.seconds_at(100) < follower.seconds_at(101)
        tick = follower.tick_at(seconds)
        assert follower.seconds_at(tick) <= seconds < follower.seconds_at(tick + 1)
