"""A port for each voice: what who sends may rely on holds for all of them as for one."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.ports import open_port
from lstm_composer.runtime.ports.base import Connection
from lstm_composer.runtime.ports.multi import MultiPort
from lstm_composer.runtime.testing import FakeClock, RecordingPort


class Spread(NamedTuple):
    """Two ports that take messages ahead, each with a clock of its own, and the port that they are together."""

    port: MultiPort
    both: tuple[RecordingPort, RecordingPort]
    clocks: tuple[FakeClock, FakeClock]

    def let_leave(self, index: int, count: int) -> None:
        """Let time pass at one of them until so many messages have left."""
        clock = self.clocks[index]
        times = [when for _, when in self.both[index].sent if when > clock.now()][:count]
        if times:
            clock.jump(times[-1] - clock.now())

    def left(self) -> set[Message]:
        return {message for port in self.both for message, when in port.sent if when <= port.clock.now()}


def spread(away_between: Sequence[tuple[float, float]] = ()) -> Spread:
    """Ports whose time is before that of all messages; the second may be away."""
    clocks = FakeClock(-1.0), FakeClock(-1.0)
    first = RecordingPort(clocks[0], lead_seconds=0.1, name="a")
    second = RecordingPort(clocks[1], lead_seconds=0.1, name="b", away_between=away_between)
    return Spread(MultiPort("all", (first, second), {1: 0, 2: 1}), (first, second), clocks)


def note(tick: int, channel: int) -> Message:
    return Message(tick, Kind.NOTE_ON, channel, 60, 64)


def test_each_channel_leaves_by_its_own_port() -> None:
    port, (first, second), _ = spread()
    messages = [note(0, 1), note(0, 2), Message(1, Kind.CLOCK, 1, 0, 0), note(2, 2)]
    assert [port.send(message, message.tick) for message in messages] == [0, 0, 1, 2]
    assert first.waiting == [messages[0], messages[2]]
    assert second.waiting == [messages[1], messages[3]]
    assert port.listen(lambda *_: None) == "a in"
    assert port.lead_seconds == 0.1


def test_it_is_away_while_one_of_them_is() -> None:
    port, _, clocks = spread([(0.0, 1.0)])
    assert port.check_alive()
    clocks[1].jump(1.5)
    assert not port.check_alive()


def test_connections_are_made_again_where_they_were() -> None:
    (port, (first, second), _), (again, others, _) = spread(), spread()
    first.connected.add(Connection(incoming=False, other="synth of a"))
    second.connected.add(Connection(incoming=False, other="synth of b"))
    assert all(again.connect(wire) for wire in port.connections())
    assert [one.connected for one in others] == [first.connected, second.connected]


def test_closing_closes_all() -> None:
    port, both, _ = spread()
    port.close()
    for one in both:
        with pytest.raises(ValueError, match="closed"):
            one.send(note(0, 1), 0)


@given(
    channels=st.lists(st.integers(1, 2), max_size=12),
    leaving=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3)), max_size=6),
)
def test_what_is_taken_back_are_the_latest_and_nothing_is_lost(
    channels: Sequence[int], leaving: Sequence[tuple[int, int]]
) -> None:
    ports = spread()
    port = ports.port
    given = [note(tick, channel) for tick, channel in enumerate(channels)]
    for message in given:
        port.send(message, message.tick)
    for index, count in leaving:
        ports.let_leave(index, count)
        assert port.pending_count() <= len(given)
    pending = port.pending_count()
    left = ports.left()
    assert all(message in left for message in given[: len(given) - pending])
    taken = port.discard_pending()
    assert taken == given[len(given) - len(taken) :]
    assert not left.intersection(taken)
    for index in range(2):
        ports.let_leave(index, len(given))
    assert sorted([*ports.left(), *taken]) == sorted(given)
    assert port.pending_count() == 0


def test_a_port_for_each_voice_is_opened_by_name() -> None:
    with open_port("none", "LSTM Composer", {1: "bach@1", 2: "joplin@2"}) as port:
        assert '"bach@1", "joplin@2"' in port.describe()
        assert port.send(note(0, 2), 0.0) is not None
