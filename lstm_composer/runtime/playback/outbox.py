"""The port's side of the dispatcher: messages that are due, given to the port or gone, and those that it still owes."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from lstm_composer.runtime.midi.messages import Kind, Message, Sent
from lstm_composer.runtime.ports.base import OutputPort

LEAVING_SECONDS: Final = 0.005
"""How often a port is asked whether the last messages have left."""


class Outbox:
    """Gives messages to a port in order, and knows of each whether it has left.

    A message waits here until the port has taken it, and is then in flight until it has left. While the port is away
    nothing is taken; the note-offs of what sounded when it went are deferred until it is back.

    Attributes:
        clock: The port's clock.
        lead_seconds: How long before its time the port takes a message.
        is_away: Whether the port was away when it was checked last.
        worst_lateness_seconds: The most that a message left after it was due.

    """

    def __init__(self, port: OutputPort, on_sent: Callable[[Sent], None] = lambda _: None) -> None:
        """Begin empty.

        Args:
            port: Where to.
            on_sent: Told of each message that has left, in order, on the dispatcher's thread.

        """
        self.clock = port.clock
        self.lead_seconds = port.lead_seconds
        self.is_away = False
        self.worst_lateness_seconds = 0.0
        self._port = port
        self._on_sent = on_sent
        self._unsent: deque[Message] = deque()  # due, not yet taken by the port
        self._in_flight: deque[Sent] = deque()  # taken by the port, not yet out
        self._deferred_note_offs: dict[tuple[Kind, int, int], Message] = {}
        self._latest_due = float("-inf")

    @property
    def last_leaves_seconds(self) -> float | None:
        """The time at which the last message in flight leaves; None if there is none."""
        return self._in_flight[-1].sent_seconds if self._in_flight else None

    def in_flight(self) -> list[Sent]:
        """Return what the port has taken and what has not left; may be asked on any thread."""
        return list(self._in_flight.copy())  # the copy is made in one step

    def check_port(self) -> bool:
        """Poll the port; returns whether it has gone away, or come back, since the last time."""
        was_away, self.is_away = self.is_away, not self._port.check_alive()
        return self.is_away != was_away

    def send(self, messages: Iterable[Message], due_seconds: Callable[[int], float]) -> list[Sent]:
        """Give the port what waits and then these messages, until it takes no more.

        Args:
            messages: In the order in which they are to leave.
            due_seconds: Gives the time at which a message of a position is due.

        Returns:
            What the port has taken.

        """
        self._unsent.extend(messages)
        taken: list[Sent] = []
        while self._unsent:
            message = self._unsent[0]
            # A tick with less delay than the one before it waits for that: the order is kept.
            self._latest_due = max(self._latest_due, due_seconds(message.tick))
            sent = self.send_now(message, self._latest_due)
            if sent is None:
                break
            self._unsent.popleft()
            self.worst_lateness_seconds = max(self.worst_lateness_seconds, sent.lateness_seconds)
            taken.append(sent)
        return taken

    def send_now(self, message: Message, due_seconds: float) -> Sent | None:
        """Give the port a message before all that waits; None if the port is away."""
        leaves = self._port.send(message, due_seconds)
        if leaves is None:
            return None
        sent = Sent(message, due_seconds, leaves)
        self._in_flight.append(sent)
        return sent

    def end_notes(self, messages: Iterable[Message]) -> None:
        """Give the messages that end notes, after those that are deferred; what the port does not take is deferred."""
        now = self.clock.now()
        given = [*self._deferred_note_offs.values(), *messages]
        self._deferred_note_offs = {
            (one.kind, one.channel, one.number): one for one in given if self.send_now(one, now) is None
        }

    def send_deferred(self, tick: int) -> None:
        """Give the deferred note-offs at another position: a receiver that has survived still plays those notes."""
        deferred, self._deferred_note_offs = self._deferred_note_offs, {}
        self.end_notes(replace(message, tick=tick) for message in deferred.values())

    def take_back(self) -> list[Message]:
        """Take back what has not left, in the order in which it would have."""
        pending = self._port.discard_pending()
        for _ in pending:
            self._in_flight.pop()
        taken_back = [*pending, *self._unsent]
        self._unsent.clear()
        self._latest_due = float("-inf")
        return taken_back

    def report(self) -> None:
        """Tell of the messages that have left since."""
        self._report_before(self._port.pending_count())

    def report_all(self) -> None:
        """Tell of all messages that the port has taken: nothing takes them back any more."""
        self._report_before(0)

    def wait_until_left(self) -> None:
        """Wait until what the port has taken has left, at the most as long as that may take, and tell of it."""
        until = self.clock.now() + self.lead_seconds + LEAVING_SECONDS
        while self._port.pending_count() and self.clock.now() < until:
            self.clock.wait_until(self.clock.now() + LEAVING_SECONDS, threading.Event())
        self.report()

    def _report_before(self, pending_count: int) -> None:
        while len(self._in_flight) > pending_count:
            self._on_sent(self._in_flight.popleft())
