"""What every output port does."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.midi.messages import Message
from lstm_composer.runtime.transport.clock import Clock, SystemClock

OnMessage = Callable[[bytes, float], None]
"""Told of a message that has come in, and when: a time of the port's clock. Called on a thread of the MIDI system's,
which must not be kept waiting."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection of a port of ours with another program's.

    Attributes:
        incoming: Whether it leads into our input; otherwise it leads out of our output.
        other: Name of the other program's port.
        port: Which of our ports, where there are several.

    """

    incoming: bool
    other: str
    port: int = 0


class NoMidiSystemError(MissingError):
    """No MIDI system was found where any would have done; a caller may play on into a `NullPort`."""


class NoTargetError(MissingError):
    """No port of another program has the name that was asked for."""

    def __init__(self, wanted: str, names: Sequence[str]) -> None:
        """Say which ports there are."""
        there = ", ".join(names) or "none at all"
        super().__init__(
            f"no MIDI port has {wanted!r} in its name; this machine has {there}: name one of these after --connect"
        )


class PortLostError(MissingError):
    """The MIDI system behind an open port has gone away."""


class OutputPort(ABC):
    """A place to send messages to; a context manager that closes it.

    A backend overrides `_send`, and where there is something to do `_close`, `check_alive`, `pending_count`,
    `discard_pending`, `connections` and `connect`.

    Attributes:
        name: What other programs call the port.
        clock: The clock that the times of `send` are read on.
        lead_seconds: How long before its time a message may be given; 0 where it leaves at once.
        count_in_seconds: How long it should be there before the first message is given, so that a patchbay or a
            script can connect it before a note is lost.
        renamed: The name it has if the one asked for was taken by another program, else None.

    """

    lead_seconds: float = 0.0
    count_in_seconds: float = 1.0
    renamed: str | None = None

    def __init__(self, name: str, clock: Clock | None = None) -> None:
        self.name = name
        self.clock: Clock = clock or SystemClock()
        self._closed = False
        self._lock = threading.Lock()

    def send(self, message: Message, when_seconds: float) -> float | None:
        """Send a message at a time, or at once where the port cannot schedule or the time has passed.

        Times must not decrease from call to call where messages are to keep their order.

        Returns:
            The time of `clock` at which the message leaves; None if it never will, because the port is away.

        Raises:
            PortLostError: If the MIDI system has gone away for good.
            ValueError: If the port is closed.

        """
        with self._lock:
            if self._closed:
                raise ValueError(f"port {self.name!r} is closed")
            return self._send(message, when_seconds)

    def check_alive(self) -> bool:
        """Poll the connection; the sending thread calls this every few milliseconds.

        Returns:
            Whether what is sent can leave; False while the port is away and will come back by itself.

        Raises:
            PortLostError: If the MIDI system has gone away for good.

        """
        return True

    def pending_count(self) -> int:
        """Return how many of the messages given, the latest ones, have not left yet.

        Raises:
            PortLostError: If they never will, because the MIDI system has gone away.

        """
        return 0

    def discard_pending(self) -> list[Message]:
        """Take back the messages that have been given but not sent, in the order given."""
        return []

    def listen(self, on_message: OnMessage) -> str:
        """Open an input beside the output, and hand over what comes in. System exclusive messages are left out.

        Returns:
            The name of the input.

        Raises:
            MissingError: If this kind of port has none.

        """
        del on_message
        raise MissingError(f"{self.name} has no input: a clock can be followed through a MIDI system only")

    def connections(self) -> frozenset[Connection]:
        """Return what is connected with our ports; empty where the MIDI system does not tell."""
        return frozenset()

    def targets(self) -> list[str]:
        """Return the names of the ports of others that this one can be connected to now; by `connect`, where it can."""
        return []

    def connect(self, wire: Connection) -> bool:
        """Connect a port of ours; False if that cannot be at present, and is to be tried a little later."""
        del wire
        return False

    def close(self) -> None:
        """Send what was given and close; a second call does nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._close()

    @abstractmethod
    def describe(self) -> str:
        """Return one line for the user: what the port is and what to connect."""

    @abstractmethod
    def _send(self, message: Message, when_seconds: float) -> float | None: ...

    def _close(self) -> None:  # noqa: B027 - a backend that holds nothing has nothing to override
        """Give back what the backend holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
