"""Ports that sound: alone, and beside a MIDI port that they do not change."""

import time
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.midi.messages import Message
from lstm_composer.runtime.ports.base import Connection
from lstm_composer.runtime.sound.player import LEAD_SECONDS, MessageQueue
from lstm_composer.runtime.sound.port import SoundingPort, SoundPort
from lstm_composer.runtime.testing import FakeClock, RecordingPort
from tests.runtime.sound.sounds import off, on

WIRE, OTHER_WIRE = Connection(incoming=False, other="DAW:in"), Connection(incoming=True, other="DAW:out")


class RecordingPlayer:
    """Takes note of what it is to play; `heard` of it has been heard."""

    def __init__(self) -> None:
        self.queue, self.closed, self.volume = MessageQueue(), 0, 1.0
        self.given: list[tuple[Message, float]] = []

    def play(self, message: Message, due_seconds: float) -> None:
        self.given.append((message, due_seconds))
        self.queue.put(message, due_seconds)

    def hear(self, count: int) -> None:
        for _ in range(count):
            self.queue.take()

    def pending_count(self) -> int:
        return self.queue.count(0.0)

    def take_back(self, count: int) -> list[Message]:
        return self.queue.take_back(count)

    def set_volume(self, volume: float) -> None:
        self.volume = volume

    def describe(self) -> str:
        return "a recording player"

    def close(self) -> None:
        self.closed += 1


def midi_port(**more: Any) -> RecordingPort:
    """A MIDI port that takes messages a tenth of a second ahead, on a clock that stands still."""
    return RecordingPort(FakeClock(), lead_seconds=0.1, name="midi", **more)


@pytest.fixture
def player() -> RecordingPlayer:
    return RecordingPlayer()


def test_sound_alone_is_given_ahead(player: RecordingPlayer) -> None:
    with SoundPort("LSTM Composer", player) as port:
        due = port.clock.now() + 10
        assert port.lead_seconds == LEAD_SECONDS
        assert port.send(on(60), due) == due
        assert port.send(off(60), due + 1) == due + 1
        assert port.send(on(64), 0.0) == pytest.approx(port.clock.now(), abs=5)  # long past: at once
        assert port.pending_count() == 3
        player.hear(1)
        assert port.discard_pending() == [off(60), on(64)]
        assert port.describe() == "a recording player"
    assert player.closed == 1


def test_beside_a_midi_port_everything_but_the_sound_is_that_ports(player: RecordingPlayer) -> None:
    midi = midi_port()
    midi.renamed = "LSTM Composer 2"
    midi.connected.add(WIRE)
    with SoundingPort(midi, player) as port:
        assert (port.name, port.clock, port.lead_seconds, port.renamed) == ("midi", midi.clock, 0.1, "LSTM Composer 2")
        assert port.listen(lambda message, seconds: None) == "midi in"
        assert port.connections() == {WIRE}
        assert port.connect(OTHER_WIRE)
        assert midi.connected == {WIRE, OTHER_WIRE}
        assert port.describe() == "midi; a recording player"
        assert port.send(on(60), 5.0) == 5.0
        assert port.pending_count() == 1
    assert player.closed == 1
    with pytest.raises(ValueError, match="is closed"):
        midi.send(on(60), 0.0)


def test_the_sound_is_due_when_the_midi_is(player: RecordingPlayer) -> None:
    port = SoundingPort(midi_port(), player)
    before = time.monotonic()
    port.send(on(60), port.clock.now() + 0.05)
    after = time.monotonic()
    assert before + 0.05 <= player.given[0][1] <= after + 0.05 + 1e-6


def test_what_did_not_leave_by_midi_is_not_heard(player: RecordingPlayer) -> None:
    clock = FakeClock()
    port = SoundingPort(RecordingPort(clock, lead_seconds=0.1), player)
    for number in range(4):
        port.send(on(60 + number), 1.0 + number)
    clock.jump(2.0)  # two have left
    player.hear(1)  # the sound is a little later
    assert port.discard_pending() == [on(62), on(63)]
    assert player.take_back(9) == [on(61)]


def test_what_was_heard_already_leaves_by_midi_and_is_not_struck_twice(player: RecordingPlayer) -> None:
    midi = midi_port()
    port = SoundingPort(midi, player)
    for number in range(4):
        port.send(on(60 + number), 1.0 + number)
    player.hear(2)  # the sound is a little ahead
    assert port.discard_pending() == [on(62), on(63)]
    assert midi.waiting == [on(60), on(61)]
    assert port.pending_count() == 2
    port.send(on(62), 6.0)
    assert [message for message, _ in player.given].count(on(60)) == 1
    assert port.discard_pending() == [on(62)]
    assert midi.waiting == [on(60), on(61)]


@given(steps=st.lists(st.sampled_from(["send", "leave", "hear", "take back"]), max_size=40))
def test_each_message_is_heard_once_and_leaves_once(steps: list[str]) -> None:
    """Whichever of the two clocks is ahead, and however often what waits is taken back and given anew."""
    player, clock = RecordingPlayer(), FakeClock()
    midi = RecordingPort(clock, lead_seconds=0.1)
    port, heard, waiting = SoundingPort(midi, player), list[Message](), list[Message]()
    numbers, times = iter(range(128)), count(100.0)
    for step in [*steps, "send"]:
        if step == "send":
            for message in [*waiting, on(next(numbers))]:
                port.send(message, next(times))
            waiting.clear()
        elif step == "leave" and midi.waiting:
            clock.jump(next(when for _, when in midi.sent if when > clock.now()) - clock.now())
        elif step == "hear" and (taken := player.queue.take()) is not None:
            heard.append(taken[1])
        elif step == "take back":
            waiting = [*port.discard_pending(), *waiting]
        port.pending_count()
    while (taken := player.queue.take()) is not None:
        heard.append(taken[1])
    assert midi.messages == heard == [on(number) for number in range(next(numbers))]


def test_ends_are_heard_while_the_midi_port_is_away(player: RecordingPlayer) -> None:
    port = SoundingPort(midi_port(away_between=[(0.0, 1.0)]), player)
    assert not port.check_alive()
    assert port.send(off(60), time.monotonic()) is None
    assert [message for message, _ in player.given] == [off(60)]
