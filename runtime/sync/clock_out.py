"""Giving others our time: a MIDI clock, 24 pulses a quarter, with Start on the first downbeat and Stop at the end.

The pulses begin in the count-in, so that a follower knows the tempo by the downbeat. Start (FA) goes between the last
pulse before position 0 and the one at it: the first clock after Start is the downbeat (MIDI 1.0).
"""

from collections.abc import Iterable

from runtime.messages import Kind, Message


class ClockOut:
    """Which pulses are due; the dispatcher sends them among the notes."""

    def __init__(self, first_tick: int) -> None:
        """Begin with the pulse of a position, -1 or before for a Start."""
        self._next = first_tick

    def next_tick(self) -> int:
        """Return the position of the next pulse."""
        return self._next

    def due(self, tick: int) -> list[Message]:
        """Take out the pulses up to and including a position, and Start after the one before position 0."""
        messages: list[Message] = []
        while self._next <= tick:
            messages.append(_message(Kind.CLOCK, self._next))
            if self._next == -1:
                messages.append(_message(Kind.START, self._next))
            self._next += 1
        return messages

    def take_back(self, messages: Iterable[Message]) -> None:
        """Send pulses again that a port was given and had not sent."""
        ticks = [message.tick for message in messages if message.kind is Kind.CLOCK]
        self._next = min([*ticks, self._next])

    def stop(self, tick: int) -> Message | None:
        """Return the Stop at a position; None if there was no Start."""
        return _message(Kind.STOP, tick) if self._next >= 0 else None


def _message(kind: Kind, tick: int) -> Message:
    return Message(tick, kind, channel=1, number=0, value=0)
