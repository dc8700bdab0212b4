"""A port for each voice: what who sends may rely on holds for all of them as for one."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.midi.messages import Kind, Message
from runtime.ports import open_port
from runtime.ports.base import Connection, OnMessage, OutputPort
from runtime.ports.multi import MultiPort
from runtime.transport.clock import Clock


class QueuePort(OutputPort):
    """Schedules: what was given waits until it is told to let some leave."""

    lead_seconds = 0.1

    def __init__(self, name: str, clock: Clock | None = None) -> None:
        super().__init__(name, clock)
        self.waiting: list[tuple[Message, float]] = []
        self.left: list[Message] = []
        self.connected: list[Connection] = []
        self.is_there = True

    def describe(self) -> str:
        return self.name

    def let_leave(self, count: int) -> None:
        self.left += [message for message, _ in self.waiting[:count]]
        del self.waiting[:count]

    def listen(self, on_message: OnMessage) -> str:
        return f"{self.name} in"

    def check_alive(self) -> bool:
        return self.is_there

    def pending_count(self) -> int:
        return len(self.waiting)

    def discard_pending(self) -> list[Message]:
        taken, self.waiting = self.waiting, []
        return [message for message, _ in taken]

    def connections(self) -> frozenset[Connection]:
        return frozenset({Connection(incoming=False, other=f"synth of {self.name}")})

    def connect(self, wire: Connection) -> bool:
        self.connected.append(wire)
        return True

    def _send(self, message: Message, when_seconds: float) -> float:
        self.waiting.append((message, when_seconds))
        return when_seconds


def spread() -> tuple[MultiPort, QueuePort, QueuePort]:
    ports = QueuePort("a"), QueuePort("b")
    return MultiPort("all", ports, {1: 0, 2: 1}), *ports


def note(tick: int, channel: int) -> Message:
    return Message(tick, Kind.NOTE_ON, channel, 60, 64)


def test_each_channel_leaves_by_its_own_port() -> None:
    port, first, second = spread()
    messages = [note(0, 1), note(0, 2), Message(1, Kind.CLOCK, 1, 0, 0), note(2, 2)]
    assert [port.send(message, message.tick) for message in messages] == [0, 0, 1, 2]
    assert [message for message, _ in first.waiting] == [messages[0], messages[2]]
    assert [message for message, _ in second.waiting] == [messages[1], messages[3]]
    assert port.listen(lambda *_: None) == "a in"
    assert port.lead_seconds == 0.1


def test_it_is_away_while_one_of_them_is() -> None:
    port, _, second = spread()
    assert port.check_alive()
    second.is_there = False
    assert not port.check_alive()


def test_connections_are_made_again_where_they_were() -> None:
    port, first, second = spread()
    assert all(port.connect(wire) for wire in port.connections())
    assert [wire.other for wire in first.connected] == ["synth of a"]
    assert [wire.other for wire in second.connected] == ["synth of b"]


def test_closing_closes_all() -> None:
    port, first, second = spread()
    port.close()
    for one in (first, second):
        with pytest.raises(ValueError, match="closed"):
            one.send(note(0, 1), 0)


@given(
    channels=st.lists(st.integers(1, 2), max_size=12),
    leaving=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3)), max_size=6),
)
def test_what_is_taken_back_are_the_latest_and_nothing_is_lost(
    channels: Sequence[int], leaving: Sequence[tuple[int, int]]
) -> None:
    port, *both = spread()
    given = [note(tick, channel) for tick, channel in enumerate(channels)]
    for message in given:
        port.send(message, message.tick)
    for index, count in leaving:
        both[index].let_leave(count)
        assert port.pending_count() <= len(given)
    pending = port.pending_count()
    left = {message for one in both for message in one.left}
    assert all(message in left for message in given[: len(given) - pending])
    taken = port.discard_pending()
    assert taken == given[len(given) - len(taken) :]
    assert not left.intersection(taken)
    for one in both:
        one.let_leave(len(given))
    assert sorted([*both[0].left, *both[1].left, *taken]) == sorted(given)
    assert port.pending_count() == 0


def test_a_port_for_each_voice_is_opened_by_name() -> None:
    with open_port("none", "LSTM Composer", {1: "bach@1", 2: "joplin@2"}) as port:
        assert '"bach@1", "joplin@2"' in port.describe()
        assert port.send(note(0, 2), 0.0) is not None
