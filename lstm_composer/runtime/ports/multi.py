"""Several ports that are one to who sends: each MIDI channel leaves by a port of its own."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lstm_composer.runtime.midi.messages import REAL_TIME, Message
from lstm_composer.runtime.ports.base import Connection, OnMessage, OutputPort


class MultiPort(OutputPort):
    """Ports by channel. What is for no channel, a clock's pulses, leaves by the first; that one also has the input.

    Who sends takes what was given for one queue, in order. Ports that schedule have a queue each, and one may be a
    period ahead of another. So what has left counts as waiting while something that was given before it waits.
    """

    def __init__(self, name: str, ports: Sequence[OutputPort], by_channel: Mapping[int, int]) -> None:
        """Join open ports.

        Args:
            name: What all of them are called together.
            ports: One or more, all on one clock; closing this port closes them.
            by_channel: Number of the port for each channel 1..16 that is sent on.

        """
        super().__init__(name, ports[0].clock)
        self._ports, self._by_channel = ports, by_channel
        self.lead_seconds = max(port.lead_seconds for port in ports)
        self._given: deque[tuple[int, Message, float]] = deque()  # what may wait still: port, message, when

    def describe(self) -> str:
        """Return one line for the user."""
        names = ", ".join(f'"{port.name}"' for port in self._ports)
        return f"a port for each voice: connect {names} to the tracks that are to play"

    def listen(self, on_message: OnMessage) -> str:
        """Open an input beside the first port; see `OutputPort.listen`."""
        return self._ports[0].listen(on_message)

    def check_alive(self) -> bool:
        """See to all connections; see `OutputPort.check_alive`."""
        there = [port.check_alive() for port in self._ports]  # every one of them is asked
        return all(there)

    def pending_count(self) -> int:
        """Return how many of the messages given, from the first on that waits, may not have left yet."""
        waiting = [port.pending_count() for port in self._ports]
        count = self._reach(waiting)
        while len(self._given) > count:
            self._given.popleft()
        return count

    def _reach(self, waiting: Sequence[int]) -> int:
        """How many of the latest messages hold so many of each port's latest."""
        left, count = list(waiting), 0
        for place, (index, _, _) in enumerate(reversed(self._given), 1):
            if left[index]:
                left[index] -= 1
                count = place
        return count

    def discard_pending(self) -> list[Message]:
        """Take back the latest messages that all wait still; those given before one that has left go their way."""
        waiting = [len(port.discard_pending()) for port in self._ports]
        last: deque[tuple[int, Message, float]] = deque()
        before: list[tuple[int, Message, float]] = []
        has_left = False
        for one in reversed(self._given):
            if not waiting[one[0]]:
                has_left = True
            else:
                waiting[one[0]] -= 1
                (before.append if has_left else last.appendleft)(one)
        for index, message, when_seconds in reversed(before):
            self._ports[index].send(message, when_seconds)
        for _ in last:
            self._given.pop()
        return [message for _, message, _ in last]

    def connections(self) -> frozenset[Connection]:
        """Return what is connected with any of the ports."""
        return frozenset(
            replace(wire, port=index) for index, port in enumerate(self._ports) for wire in port.connections()
        )

    def connect(self, wire: Connection) -> bool:
        """Connect the port that a connection was one of."""
        return self._ports[wire.port].connect(replace(wire, port=0))

    def _send(self, message: Message, when_seconds: float) -> float | None:
        index = 0 if message.kind in REAL_TIME else self._by_channel[message.channel]
        leaves = self._ports[index].send(message, when_seconds)
        if leaves is not None:
            self._given.append((index, message, when_seconds))
        return leaves

    def _close(self) -> None:
        for port in self._ports:
            port.close()
