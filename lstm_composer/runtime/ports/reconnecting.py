"""A port that outlives its MIDI system: when that goes away, time goes on, and the port comes back with it."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lstm_composer.runtime.midi.input import SYSTEM_RESET
from lstm_composer.runtime.midi.messages import Message
from lstm_composer.runtime.ports.base import Connection, OnMessage, OutputPort, PortLostError
from lstm_composer.runtime.transport.clock import STOP_CHECK_SECONDS, Clock, SystemClock

LOOK_SECONDS: Final = 0.25
"""How often the system is tried while it is away, and while it is there, what is connected is noted."""
GRACE_SECONDS: Final = 0.05
"""Left to who reads the clock of a lost port at this moment, before that is closed."""
_LEAVE_SECONDS: Final = 3.0  # how long closing waits for an attempt to open that hangs

_UNPLUGGED: Final = bytes(
    [SYSTEM_RESET]
)  # system reset: what a keyboard says that is switched on anew, with no key down

OnStatus = Callable[[str], None]
OpenPort = Callable[[str], OutputPort]
"""Opens a port under a name; raises MissingError where the MIDI system does not run."""


class ContinuousClock:
    """A clock that passes from one clock to the next without a jump."""

    def __init__(self, clock: Clock) -> None:
        """Begin with the time of a clock."""
        self._source: tuple[Clock, float] = (clock, 0.0)  # one object: read and replaced in one step

    def now(self) -> float:
        """Return the seconds of the present clock, continued from the ones before."""
        clock, offset = self._source
        return clock.now() + offset

    def offset_of(self, clock: Clock) -> float:
        """Return what to add to another clock's time for this one's."""
        return self.now() - clock.now()

    def go_on_with(self, clock: Clock, offset: float) -> None:
        """Take the time from another clock from now on."""
        self._source = (clock, offset)

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        """Sleep to an absolute time, whatever the clocks on the way; see `runtime.transport.clock.Clock.wait_until`."""
        while True:
            clock, offset = self._source
            slice_end = min(deadline_seconds, clock.now() + offset + STOP_CHECK_SECONDS)
            if not clock.wait_until(slice_end - offset, stop):
                return False
            if slice_end >= deadline_seconds:
                return True


@dataclass(frozen=True, slots=True)
class _Inner:
    """The port that messages leave by at present, and what to add to its clock's time."""

    port: OutputPort
    offset: float


class ReconnectingPort(OutputPort):
    """A port that reconnects when its MIDI server restarts; its clock goes on meanwhile.

    Sending and `check_alive` belong on one thread. Opening, which can take long, is done on a thread of the port's own,
    and the connections that other programs' ports had with the lost one are made again there, as these ports turn up.

    Attributes:
        lost_messages: Messages that were given and never left.

    """

    def __init__(
        self,
        open_port: OpenPort,
        port_name: str,
        system: Clock | None = None,
        *,
        on_status: OnStatus = lambda _: None,
    ) -> None:
        """Open it for the first time.

        Args:
            open_port: Opens the port.
            port_name: What other programs see.
            system: The clock to go on with while the port is away.
            on_status: Told in one line when the port goes away and when it is back, on a thread of the port's own.

        Raises:
            MissingError: If the MIDI system does not run now.

        """
        port = open_port(port_name)
        self._time = ContinuousClock(port.clock)
        super().__init__(port.name, self._time)
        self.lead_seconds, self.renamed = port.lead_seconds, port.renamed
        self._on_status = on_status
        self._open_port, self._port_name = open_port, port.renamed or port_name
        self._description = port.describe()
        self._system: Clock = system or SystemClock()
        self._on_message: OnMessage | None = None
        self._inner: _Inner | None = _Inner(port, 0.0)
        self._away_is_known = False
        self._undelivered: list[Message] = []
        self._lost: tuple[OutputPort, float, str] | None = None  # the port, when, why: for the other thread
        self._opened: _Inner | None = None  # by the other thread, for `check_alive` to go on with
        self._went_away = threading.Event()
        self._end = threading.Event()
        self._seen: deque[frozenset[Connection]] = deque(maxlen=2)
        self._missed: set[Connection] = set()  # connections to be made again
        self.lost_messages = 0
        self._thread = threading.Thread(target=self._watch, name="port", daemon=True)
        self._thread.start()

    def describe(self) -> str:
        """Return one line for the user."""
        return self._description

    def listen(self, on_message: OnMessage) -> str:
        """Open an input that comes back too; its times go on as the port's clock does. See `OutputPort.listen`.

        When something that was connected to it has gone, a system reset is handed over: its keys are not held any more.
        """
        if self._inner is None:
            raise PortLostError(f"{self.name} is away: start its MIDI system again")
        name = _listen(self._inner, on_message)
        self._on_message = on_message
        return name

    def check_alive(self) -> bool:
        """Find out whether the port is there; one that has come back is there from the second call on.

        So who sends sees every absence, however short, and can end what it sounded before.
        """
        inner = self._inner
        if inner is not None:
            try:
                inner.port.check_alive()
            except PortLostError as error:
                self._lose(inner, error)
        elif self._away_is_known and self._opened is not None:
            self._inner, self._opened = self._opened, None
            self._time.go_on_with(self._inner.port.clock, self._inner.offset)
        self._away_is_known = self._inner is None
        return self._inner is not None

    def pending_count(self) -> int:
        """Return how many of the messages given have not left, those that never will among them."""
        inner = self._inner
        if inner is not None:
            try:
                return len(self._undelivered) + inner.port.pending_count()
            except PortLostError as error:
                self._lose(inner, error)
        return len(self._undelivered)

    def discard_pending(self) -> list[Message]:
        """Take back what has not left, and what never will."""
        undelivered, self._undelivered = self._undelivered, []
        return undelivered + (self._inner.port.discard_pending() if self._inner is not None else [])

    def _send(self, message: Message, when_seconds: float) -> float | None:
        inner = self._inner
        if inner is not None:
            try:
                leaves = inner.port.send(message, when_seconds - inner.offset)
            except PortLostError as error:
                self._lose(inner, error)
            else:
                return None if leaves is None else leaves + inner.offset
        self.lost_messages += 1
        return None

    def _lose(self, inner: _Inner, error: PortLostError) -> None:
        """Let go of the port; the time goes on by the system's clock."""
        self._time.go_on_with(self._system, self._time.offset_of(self._system))
        self._inner = None
        undelivered = inner.port.discard_pending()
        self.lost_messages += len(undelivered)
        self._undelivered += undelivered
        self._tell_unplugged(self._seen[-1] if self._seen else frozenset())
        self._lost = (inner.port, self._time.now(), str(error))
        self._went_away.set()

    def _watch(self) -> None:
        """Bring the port back whenever it is lost; the thread of this port's own."""
        while not self._end.is_set():
            if self._went_away.wait(LOOK_SECONDS):
                self._went_away.clear()
                lost, self._lost = self._lost, None
                if lost is not None:
                    self._bring_back(*lost)
            elif self._inner is not None:
                self._keep_connections(self._inner.port)

    def _bring_back(self, lost: OutputPort, since_seconds: float, reason: str) -> None:
        self._on_status(f"{reason}; the beat goes on, and so does the music when it is back")
        self._end.wait(GRACE_SECONDS)
        # Before a new one is opened: libjack gives up its clients of a dead server then, and closing one crashes.
        lost.close()
        while not self._end.is_set():
            opened = self._try_to_open()
            if opened is None:
                self._end.wait(LOOK_SECONDS)
                continue
            self._missed.update(*self._seen)
            self._seen.clear()
            # What is sent first ends the notes that a receiver may still play: it has to be connected by then.
            self._keep_connections(opened.port)
            self._opened = opened
            self._on_status(f"{opened.port.name} is back after {self._time.now() - since_seconds:.1f} s")
            return

    def _try_to_open(self) -> _Inner | None:
        port = None
        try:
            port = self._open_port(self._port_name)
            opened = _Inner(port, self._time.offset_of(port.clock))
            if self._on_message is not None:
                _listen(opened, self._on_message)
        except Exception:  # noqa: BLE001 - a system that is about to start or to end fails in any way; it is tried again
            if port is not None:
                port.close()
            return None
        return opened

    def _keep_connections(self, port: OutputPort) -> None:
        """Make the connections again that can be made, and note those that there are.

        The last two looks count: a system that ends in good order takes its connections away one by one.
        """
        self._missed -= {wire for wire in self._missed if port.connect(wire)}
        wires = port.connections()
        self._tell_unplugged(self._seen[-1] - wires if self._seen else frozenset())
        self._seen.append(wires)

    def _tell_unplugged(self, gone: frozenset[Connection]) -> None:
        if self._on_message is not None and any(wire.incoming for wire in gone):
            self._on_message(_UNPLUGGED, self._time.now())

    def _close(self) -> None:
        self._end.set()
        self._went_away.set()
        self._thread.join(_LEAVE_SECONDS)
        for inner in (self._inner, self._opened):
            if inner is not None:
                inner.port.close()


def _listen(inner: _Inner, on_message: OnMessage) -> str:
    return inner.port.listen(lambda message, seconds: on_message(message, seconds + inner.offset))
