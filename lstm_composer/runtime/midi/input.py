"""Messages that come in, decoded (MIDI 1.0): the one place that knows what their status bytes mean.

What cannot be read is passed over: a keyboard's own messages, and broken ones, of which a loose cable makes many.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

NOTE_OFF, NOTE_ON, KEY_PRESSURE, CONTROL_CHANGE = 0x80, 0x90, 0xA0, 0xB0
PROGRAM_CHANGE, CHANNEL_PRESSURE, PITCH_BEND, SYSTEM = 0xC0, 0xD0, 0xE0, 0xF0
"""The upper half of a status byte; the lower half is the channel."""
SONG_POSITION, PULSE, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC
ACTIVE_SENSING, SYSTEM_RESET = 0xFE, 0xFF

CLOCK_STATUS: Final = frozenset({SONG_POSITION, PULSE, START, CONTINUE, STOP})
"""What messages about the clock begin with."""
CONTROL_STATUS: Final = frozenset(range(NOTE_ON, SYSTEM))
"""Channel messages but note-offs, which some DAWs send by the thousand before they start, and which turn nothing."""
PLAYING_STATUS: Final = frozenset({*range(NOTE_OFF, SYSTEM), ACTIVE_SENSING, SYSTEM_RESET})
"""What tells of keys: all channel messages, active sensing and system reset."""
_LONGEST: Final = 3
"""Bytes; longer ones are a maker's own."""


@dataclass(frozen=True, slots=True)
class NoteOff:
    """A key was let go: channel 1..16, pitch 0..127, velocity 0..127."""

    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class NoteOn:
    """A key was struck: channel 1..16, pitch 0..127, velocity 1..127 (at 0 it is a `NoteOff`)."""

    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class KeyPressure:
    """A key that is down is pressed: channel 1..16, pitch 0..127, pressure 0..127."""

    channel: int
    pitch: int
    pressure: int


@dataclass(frozen=True, slots=True)
class ControlChange:
    """A controller moved: channel 1..16, number 0..127, value 0..127."""

    channel: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class ProgramChange:
    """A program was chosen: channel 1..16, program 0..127."""

    channel: int
    program: int


@dataclass(frozen=True, slots=True)
class ChannelPressure:
    """The keys that are down are pressed: channel 1..16, pressure 0..127."""

    channel: int
    pressure: int


@dataclass(frozen=True, slots=True)
class PitchBend:
    """The wheel moved: channel 1..16, value 0..16383, 8192 in the middle."""

    channel: int
    value: int


@dataclass(frozen=True, slots=True)
class SongPosition:
    """The song goes to a position 0..16383, in sixteenths from its start."""

    sixteenths: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """A pulse of a MIDI clock, 24 to the quarter."""


@dataclass(frozen=True, slots=True)
class Start:
    """The song starts from its beginning, with the next pulse."""


@dataclass(frozen=True, slots=True)
class Continue:
    """The song goes on from where it is, with the next pulse."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The song stops."""


@dataclass(frozen=True, slots=True)
class ActiveSensing:
    """A keyboard says that it is there; from then on it says so again within 300 ms."""


@dataclass(frozen=True, slots=True)
class SystemReset:
    """All is as after switching on; no key is held."""


ChannelMessage = NoteOff | NoteOn | KeyPressure | ControlChange | ProgramChange | ChannelPressure | PitchBend
SystemMessage = SongPosition | Pulse | Start | Continue | Stop | ActiveSensing | SystemReset


def _struck(channel: int, pitch: int, velocity: int) -> NoteOn | NoteOff:
    return NoteOn(channel, pitch, velocity) if velocity else NoteOff(channel, pitch, 0)


def _bent(channel: int, low: int, high: int) -> PitchBend:
    return PitchBend(channel, low | high << 7)


_CHANNEL: Final[dict[tuple[int, int], Callable[..., ChannelMessage]]] = {
    (NOTE_OFF, 2): NoteOff,
    (NOTE_ON, 2): _struck,
    (KEY_PRESSURE, 2): KeyPressure,
    (CONTROL_CHANGE, 2): ControlChange,
    (PROGRAM_CHANGE, 1): ProgramChange,
    (CHANNEL_PRESSURE, 1): ChannelPressure,
    (PITCH_BEND, 2): _bent,
}
"""What makes a channel message of its channel and its data, by its kind and how many data there are."""
_REAL_TIME: Final[dict[int, SystemMessage]] = {
    PULSE: Pulse(),
    START: Start(),
    CONTINUE: Continue(),
    STOP: Stop(),
    ACTIVE_SENSING: ActiveSensing(),
    SYSTEM_RESET: SystemReset(),
}


def decode(message: bytes) -> ChannelMessage | SystemMessage | None:
    """Decode a message; None for what is none, or says nothing here.

    Args:
        message: Its bytes, with the status byte. The highest bit of the others, which a whole message has not, is
            passed over.

    """
    if not 0 < len(message) <= _LONGEST:
        return None
    status, data = message[0], [byte & 0x7F for byte in message[1:]]
    if status == SONG_POSITION and len(data) == 2:
        return SongPosition(data[0] | data[1] << 7)
    if status >= SYSTEM:
        return None if data else _REAL_TIME.get(status)
    make = _CHANNEL.get((status & 0xF0, len(data)))
    return None if make is None else make((status & 0x0F) + 1, *data)
