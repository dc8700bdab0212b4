"""Ports that sound: alone, and beside a MIDI port that they do not change."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.midi.messages import Message
from runtime.ports.base import Connection, OnMessage, OutputPort
from runtime.sound.player import LEAD_SECONDS, MessageQueue
from runtime.sound.port import SoundingPort, SoundPort
from runtime.transport.clock import Clock, SystemClock
from tests.runtime.sound.sounds import off, on

WIRE = Connection(incoming=False, other="DAW:in")


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


class SchedulingPort(OutputPort):
    """A MIDI port with everything that one can have; away on demand."""

    lead_seconds = 0.1
    renamed = "LSTM Composer 2"

    def __init__(self, clock: Clock) -> None:
        super().__init__("midi", clock)
        self.waiting: list[Message] = []
        self.away = False

    def describe(self) -> str:
        return "MIDI"

    def listen(self, on_message: OnMessage) -> str:
        return "midi in"

    def check_alive(self) -> bool:
        return not self.away

    def pending_count(self) -> int:
        return len(self.waiting)

    def discard_pending(self) -> list[Message]:
        taken, self.waiting = self.waiting, []
        return taken

    def connections(self) -> frozenset[Connection]:
        return frozenset({WIRE})

    def connect(self, wire: Connection) -> bool:
        return wire == WIRE

    def _send(self, message: Message, when_seconds: float) -> float | None:
        if self.away:
            return None
        self.waiting.append(message)
        return when_seconds


class OffsetClock(SystemClock):
    """A sound card's clock, which began at another time."""

    def now(self) -> float:
        return time.monotonic() - 1000.0


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
    midi = SchedulingPort(OffsetClock())
    with SoundingPort(midi, player) as port:
        assert (port.name, port.clock, port.lead_seconds, port.renamed) == ("midi", midi.clock, 0.1, "LSTM Composer 2")
        assert port.listen(lambda message, seconds: None) == "midi in"
        assert port.connections() == {WIRE}
        assert port.connect(WIRE)
        assert port.describe() == "MIDI; a recording player"
        assert port.send(on(60), 5.0) == 5.0
        assert port.pending_count() == 1
    assert player.closed == 1
    with pytest.raises(ValueError, match="is closed"):
        midi.send(on(60), 0.0)


def test_the_sound_is_due_when_the_midi_is(player: RecordingPlayer) -> None:
    port = SoundingPort(SchedulingPort(OffsetClock()), player)
    before = time.monotonic()
    port.send(on(60), port.clock.now() + 0.05)
    after = time.monotonic()
    assert before + 0.05 <= player.given[0][1] <= after + 0.05 + 1e-6


def test_what_did_not_leave_by_midi_is_not_heard(player: RecordingPlayer) -> None:
    midi = SchedulingPort(SystemClock())
    port = SoundingPort(midi, player)
    now = time.monotonic()
    for number in range(4):
        port.send(on(60 + number), now + number)
    del midi.waiting[:2]  # two have left
    player.hear(1)  # the sound is a little later
    assert port.discard_pending() == [on(62), on(63)]
    assert player.take_back(9) == [on(61)]


def test_what_was_heard_already_leaves_by_midi_and_is_not_struck_twice(player: RecordingPlayer) -> None:
    midi = SchedulingPort(SystemClock())
    port = SoundingPort(midi, player)
    now = time.monotonic()
    for number in range(4):
        port.send(on(60 + number), now + number)
    player.hear(2)  # the sound is a little ahead
    assert port.discard_pending() == [on(62), on(63)]
    assert midi.waiting == [on(60), on(61)]
    assert port.pending_count() == 2
    port.send(on(62), now + 5)
    assert [message for message, _ in player.given].count(on(60)) == 1
    assert port.discard_pending() == [on(62)]
    assert midi.waiting == [on(60), on(61)]


@given(steps=st.lists(st.sampled_from(["send", "leave", "hear", "take back"]), max_size=40))
def test_each_message_is_heard_once_and_leaves_once(steps: list[str]) -> None:
    """Whichever of the two clocks is ahead, and however often what waits is taken back and given anew."""
    player, midi = RecordingPlayer(), SchedulingPort(SystemClock())
    port, left, heard, waiting = SoundingPort(midi, player), list[Message](), list[Message](), list[Message]()
    numbers = iter(range(128))
    for step in [*steps, "send"]:
        if step == "send":
            for message in [*waiting, on(next(numbers))]:
                port.send(message, time.monotonic() + 100)
            waiting.clear()
        elif step == "leave" and midi.waiting:
            left.append(midi.waiting.pop(0))
        elif step == "hear" and (taken := player.queue.take()) is not None:
            heard.append(taken[1])
        elif step == "take back":
            waiting = [*port.discard_pending(), *waiting]
        port.pending_count()
    left += midi.waiting
    while (taken := player.queue.take()) is not None:
        heard.append(taken[1])
    assert left == heard == [on(number) for number in range(next(numbers))]


def test_ends_are_heard_while_the_midi_port_is_away(player: RecordingPlayer) -> None:
    midi = SchedulingPort(SystemClock())
    port = SoundingPort(midi, player)
    midi.away = True
    assert not port.check_alive()
    assert port.send(off(60), time.monotonic()) is None
    assert [message for message, _ in player.given] == [off(60)]
