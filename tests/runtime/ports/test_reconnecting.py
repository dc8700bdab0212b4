"""A port that goes away and comes back, on a fake system: time without a jump, nothing hanging, nothing late."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, SUSTAIN_PEDAL, Kind, Message, Sent
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.playback.outbox import Outbox
from lstm_composer.runtime.ports.base import Connection, OnMessage, OutputPort, PortLostError
from lstm_composer.runtime.ports.reconnecting import ContinuousClock, ReconnectingPort
from lstm_composer.runtime.testing import FakeClock
from lstm_composer.runtime.transport.transport import InternalTransport

PATIENCE_SECONDS = 20.0
TEMPO_BPM = 125.0  # a tick is 20 ms
LEAD_SECONDS = 0.1
NOTE = Message(0, Kind.NOTE_ON, 1, 60, 64)


class ServerClock:
    """Time since a server was started."""

    def __init__(self, world: FakeClock) -> None:
        self._world, self._start = world, world.now()

    def now(self) -> float:
        return self._world.now() - self._start

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        # A little more: time that stands still would not round itself up to a deadline.
        return self._world.wait_until(deadline_seconds + self._start + 1e-9, stop)


@dataclass
class Server:
    """A MIDI system that can die; receivers that survive it hear what leaves, with the time of the world."""

    world: FakeClock
    alive: bool = True
    others: frozenset[str] = frozenset()
    heard: list[tuple[Message, float]] = field(default_factory=list)
    opened: list["ServerPort"] = field(default_factory=list)
    tried: threading.Event = field(default_factory=threading.Event)

    def open(self, name: str) -> "ServerPort":
        self.tried.set()
        if not self.alive:
            raise MissingError("no server")
        self.opened.append(ServerPort(name, self))
        return self.opened[-1]


class ServerPort(OutputPort):
    """Takes messages ahead; what is due has left unless the server died before."""

    lead_seconds = LEAD_SECONDS

    def __init__(self, name: str, server: Server) -> None:
        super().__init__(name, ServerClock(server.world))
        self._server = server
        self._queue: list[tuple[Message, float]] = []
        self._lost = False
        self.on_message: OnMessage = lambda *_: None
        self.connected: set[Connection] = set()

    def describe(self) -> str:
        return self.name

    def listen(self, on_message: OnMessage) -> str:
        self.on_message = on_message
        return f"{self.name} in"

    def die(self) -> None:
        self.pending_count()
        self._lost = True

    def check_alive(self) -> bool:
        if self._lost:
            raise PortLostError("the server has stopped")
        return True

    def connections(self) -> frozenset[Connection]:
        return frozenset(self.connected)

    def connect(self, wire: Connection) -> bool:
        if wire.other in self._server.others:
            self.connected.add(wire)
        return wire in self.connected

    def pending_count(self) -> int:
        if not self._lost:
            now = self.clock.now()
            self._server.heard += [(message, leaves) for message, leaves in self._queue if leaves <= now]
            self._queue = [one for one in self._queue if one[1] > now]
        elif self._queue:
            raise PortLostError("the server has stopped")
        return len(self._queue)

    def discard_pending(self) -> list[Message]:
        if not self._lost:
            self.pending_count()
        pending, self._queue = [message for message, _ in self._queue], []
        return pending

    def _send(self, message: Message, when_seconds: float) -> float:
        self.check_alive()
        leaves = max(when_seconds, self.clock.now())
        self._queue.append((message, leaves))
        return leaves

    def _close(self) -> None:
        self.die()


@dataclass
class Fixture:
    world: FakeClock
    server: Server
    port: ReconnectingPort
    news: list[str]

    def crash(self) -> None:
        self.server.alive = False
        self.server.opened[-1].die()

    def wait_back(self) -> None:
        """The port's own thread tries in real time, whatever the fake clock says."""
        count = len(self.server.opened)
        self.server.alive = True
        wait_for(lambda: len(self.server.opened) > count and self.port._opened is not None)


def wait_for(condition: Callable[[], bool]) -> None:
    ready = threading.Event()
    for _ in range(int(PATIENCE_SECONDS / 0.005)):
        if condition():
            return
        ready.wait(0.005)
    raise AssertionError(condition)


def make() -> Fixture:
    world = FakeClock(100.0)
    server = Server(world)
    news: list[str] = []
    port = ReconnectingPort(server.open, "composer", world, on_status=news.append)
    return Fixture(world, server, port, news)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 10)), max_size=20))
def test_a_clock_that_passes_from_one_to_the_next_does_not_jump(clocks: list[tuple[float, float]]) -> None:
    world = FakeClock()
    clock = ContinuousClock(world)
    passed = 0.0
    for start, seconds in clocks:
        following = FakeClock(start)
        clock.go_on_with(following, clock.offset_of(following))
        assert clock.now() == pytest.approx(passed, abs=1e-6)
        assert clock.wait_until(clock.now() + seconds, threading.Event())
        passed += seconds
    assert clock.now() == pytest.approx(passed, abs=1e-6)


def test_a_wait_that_is_stopped_ends() -> None:
    stop = threading.Event()
    stop.set()
    assert not ContinuousClock(FakeClock()).wait_until(1.0, stop)


def test_what_has_not_left_is_given_back_and_counted() -> None:
    made = make()
    with made.port as port:
        start = port.clock.now()
        for seconds in (0.0, 0.05, 0.1):
            port.send(NOTE, start + seconds)
        made.world.jump(0.06)
        made.crash()
        assert port.send(NOTE, start) is None
        assert port.pending_count() == 1
        assert port.discard_pending() == [NOTE]
        assert port.discard_pending() == []
        assert not port.check_alive()
        assert port.lost_messages == 2
        assert len(made.server.heard) == 2


def test_an_absence_however_short_is_seen() -> None:
    made = make()
    with made.port as port:
        made.crash()
        assert port.send(NOTE, 0.0) is None
        made.wait_back()
        assert [port.check_alive(), port.check_alive(), port.check_alive()] == [False, True, True]
        assert port.send(NOTE, port.clock.now()) is not None
    assert made.news[0].startswith("the server has stopped; ")
    assert made.news[1].startswith("composer is back after ")


def test_the_time_goes_on_whatever_the_new_server_counts_from() -> None:
    made = make()
    heard: list[tuple[bytes, float]] = []
    with made.port as port:
        assert port.listen(lambda data, seconds: heard.append((data, seconds))) == "composer in"
        made.world.jump(5.0)
        made.crash()
        assert not port.check_alive()
        made.world.jump(3.0)
        assert port.clock.now() == pytest.approx(8.0)
        made.wait_back()
        assert port.check_alive()
        made.world.jump(1.0)
        assert port.clock.now() == pytest.approx(9.0)
        assert port.send(NOTE, 9.5) == pytest.approx(9.5)
        inner = made.server.opened[-1]
        inner.on_message(b"\xf8", inner.clock.now())
    ((data, seconds),) = heard
    assert data == b"\xf8"
    assert seconds == pytest.approx(9.0)


def test_connections_are_made_again_when_the_other_port_is_there() -> None:
    made = make()
    synth, keys = Connection(incoming=False, other="synth:in"), Connection(incoming=True, other="keys:out")
    with made.port as port:
        made.server.opened[0].connected |= {synth, keys}
        wait_for(lambda: {synth, keys} in port._seen)
        made.crash()
        assert not port.check_alive()
        made.server.others = frozenset({"synth:in"})
        made.wait_back()
        assert made.server.opened[-1].connected == {synth}
        assert port.check_alive()
        made.server.others |= {"keys:out"}
        wait_for(lambda: made.server.opened[-1].connected == {synth, keys})


def test_a_port_that_is_closed_while_it_is_away_stays_closed() -> None:
    made = make()
    made.crash()
    assert not made.port.check_alive()
    made.server.tried.clear()
    assert made.server.tried.wait(PATIENCE_SECONDS)
    made.port.close()
    assert not made.port._thread.is_alive()
    assert len(made.server.opened) == 1


class Beats:
    """A note on each quarter, for ever or up to an end; one far longer than the others."""

    def __init__(self, end_tick: int) -> None:
        self.end_tick: int | None = end_tick
        self._next = 0

    def take_before(self, tick: int) -> list[Note]:
        onsets = range(self._next, max(self._next, tick), 24)
        self._next = onsets[-1] + 24 if onsets else self._next
        return [Note(onset, 40 if onset == 24 else 60, 240 if onset == 24 else 20, 64) for onset in onsets]

    def finished(self) -> bool:
        return False

    def locate(self, tick: int) -> None:
        raise AssertionError(tick)

    def wait_until_made(self, tick: int, timeout_seconds: float) -> bool:
        raise AssertionError((tick, timeout_seconds))


@pytest.mark.parametrize("crash_tick", [13, 24, 37, 48, 49])
def test_the_music_goes_on_where_it_would_have_been(crash_tick: int) -> None:
    made = make()
    transport = InternalTransport(1.0, TEMPO_BPM)
    reported: list[Sent] = []
    with made.port as port:
        dispatcher = Dispatcher(Outbox(port, reported.append), transport, Beats(480), [3])
        original, events = (
            port.check_alive,
            iter([(crash_tick, made.crash), (240, made.wait_back), (10_000, made.crash)]),
        )
        coming = [next(events)]

        def check_alive() -> bool:
            if dispatcher.position_tick() >= coming[0][0]:
                coming[0][1]()
                coming[0] = next(events)
            return original()

        port.check_alive = check_alive  # type: ignore[method-assign] # faults at known positions, on the dispatcher's thread
        dispatcher.run(threading.Event())
    struck = [sent.message.tick for sent in reported if sent.message.kind is Kind.NOTE_ON]
    before = [tick for tick in struck if tick <= crash_tick]
    after = struck[len(before) :]
    assert before == [tick for tick in range(0, 480, 24) if tick <= crash_tick][: len(before)]
    assert after == list(range(after[0], 480, 24))
    assert 240 <= after[0] <= 240 + 24
    assert dispatcher.lost_notes == 20 - len(struck)
    # What the receivers got, by the time of the world: on the beat, each start with one end, and the end of all.
    assert [message for message, _ in made.server.heard] == [sent.message for sent in reported]
    assert all(sent.lateness_seconds < 1e-6 for sent in reported if sent.message.kind is Kind.NOTE_ON)
    sounding: set[int] = set()
    for message, _ in made.server.heard:
        if message.kind is Kind.NOTE_ON:
            assert message.number not in sounding
            sounding.add(message.number)
        elif message.kind is Kind.NOTE_OFF:
            sounding.remove(message.number)
    assert not sounding
    controls = [sent.message.number for sent in reported if sent.message.kind is Kind.CONTROL]
    assert controls == [SUSTAIN_PEDAL, ALL_NOTES_OFF] * 2


def test_a_performance_that_ends_while_the_port_is_away_ends() -> None:
    made = make()
    reported: list[Sent] = []
    with made.port as port:
        made.crash()
        dispatcher = Dispatcher(Outbox(port, reported.append), InternalTransport(1.0, TEMPO_BPM), Beats(96), [1])
        dispatcher.run(threading.Event())
    assert reported == []
    assert dispatcher.lost_notes == 4


def test_a_keyboard_that_is_unplugged_lets_go_of_its_keys() -> None:
    server = Server(FakeClock())
    with ReconnectingPort(server.open, "ours", server.world) as port:
        heard: list[bytes] = []
        port.listen(lambda message, _: heard.append(message))
        inner = server.opened[0]
        keyboard, daw = Connection(incoming=True, other="keyboard:out"), Connection(incoming=False, other="daw:in")
        inner.connected |= {keyboard, daw}
        port._keep_connections(inner)
        inner.connected.remove(daw)
        port._keep_connections(inner)
        assert heard == []
        inner.connected.remove(keyboard)
        port._keep_connections(inner)
        port._keep_connections(inner)
        assert heard == [b"\xff"]
        inner.connected.add(keyboard)
        port._keep_connections(inner)
        inner.die()
        port.check_alive()
        assert heard == [b"\xff", b"\xff"]
