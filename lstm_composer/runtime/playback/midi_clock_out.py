"""Giving others our time: a MIDI clock, 24 pulses a quarter, with Start on the first downbeat and Stop at the end.

The pulses begin in the count-in, so that a follower knows the tempo by the downbeat. Start (FA) goes between the last
pulse before position 0 and the one at it: the first clock after Start is the downbeat (MIDI 1.0). Stop (FC) follows the
last pulse before the end at once: a follower that plays ahead of the pulses would else have begun the next bar.
"""

from collections.abc import Iterable

from lstm_composer.runtime.midi.messages import Kind, Message


class ClockOut:
    """Which pulses are due; the dispatcher sends them among the notes."""

    def __init__(self, end_tick: int | None = None) -> None:
        """End before a position, None for never."""
        self._next = 0
        self._end = end_tick
        self._stopped = False

    def begin(self, tick: int) -> None:
        """Begin with the pulse of a position, -1 or before for a Start."""
        self._next = tick

    def next_tick(self) -> int | None:
        """Return the position of the next pulse, None if there is none."""
        return None if self._end is not None and self._next >= self._end else self._next

    def due(self, tick: int) -> list[Message]:
        """Take out the pulses up to and including a position, with Start and Stop after those that they follow."""
        messages: list[Message] = []
        while (pulse := self.next_tick()) is not None and pulse <= tick:
            messages.append(_message(Kind.CLOCK, pulse))
            self._next += 1
            if self._next == 0:
                messages.append(_message(Kind.START, pulse))
            if self._next == self._end:
                messages.append(_message(Kind.STOP, pulse))
                self._stopped = True
        return messages

    def take_back(self, messages: Iterable[Message]) -> None:
        """Send pulses again that a port was given and had not sent."""
        for message in messages:
            if message.kind is Kind.CLOCK:
                self._next = min(self._next, message.tick)
            elif message.kind is Kind.STOP:
                self._stopped = False

    def stop(self, tick: int) -> Message | None:
        """Return the Stop at a position; None if there was no Start, or a Stop already."""
        return _message(Kind.STOP, tick) if self._next >= 0 and not self._stopped else None


def _message(kind: Kind, tick: int) -> Message:
    return Message(tick, kind, channel=1, number=0, value=0)
