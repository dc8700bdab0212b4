"""MIDI messages with musical time: what the scheduler makes and a port sends."""

from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """What a message does; the value is the order in which messages of one tick are sent: ends before starts."""

    CLOCK = -2
    START = -1
    NOTE_OFF = 0
    CONTROL = 1
    NOTE_ON = 2
    STOP = 3


SUSTAIN_PEDAL = 64
ALL_NOTES_OFF = 123
_STATUS = {Kind.NOTE_OFF: 0x80, Kind.CONTROL: 0xB0, Kind.NOTE_ON: 0x90}
REAL_TIME = {Kind.CLOCK: 0xF8, Kind.START: 0xFA, Kind.STOP: 0xFC}
"""Messages of one byte that are for no channel (MIDI 1.0, system real time)."""


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """One message.

    Attributes:
        tick: Position in ticks at which it is wanted.
        kind: Note-off, control change or note-on; or one of `REAL_TIME`, for which the rest has no meaning.
        channel: 1..16, as musicians count.
        number: Note number or controller number, 0..127.
        value: Velocity or controller value, 0..127.

    """

    tick: int
    kind: Kind
    channel: int
    number: int
    value: int

    def midi_bytes(self) -> tuple[int, ...]:
        """Return the bytes that go over the wire (MIDI 1.0)."""
        if self.kind in REAL_TIME:
            return (REAL_TIME[self.kind],)
        return (_STATUS[self.kind] | (self.channel - 1), self.number, self.value)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that has left, with when it was due and when it left, in seconds of one monotonic clock."""

    message: Message
    due_seconds: float
    sent_seconds: float

    @property
    def lateness_seconds(self) -> float:
        """How much later than due it left; never negative."""
        return max(0.0, self.sent_seconds - self.due_seconds)
