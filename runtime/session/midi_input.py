"""Routes incoming MIDI: clock messages to the transport, controllers to the parameters, notes to the responder."""

from collections.abc import Callable

from runtime.transport.external import ClockInbox
from runtime.transport.midi_clock_in import CLOCK_MESSAGES

CONTROL_STATUS = range(0x90, 0xF0)
"""Channel messages but note-offs, which some DAWs send by the thousand before they start, and which turn nothing."""
PLAYING_STATUS = frozenset({*range(0x80, 0xF0), 0xFE, 0xFF})
"""What tells of keys: all channel messages, active sensing and system reset."""

OnMessage = Callable[[bytes, float], None]
"""Told of a message, and when it came in by the port's clock."""


class MidiInputRouter:
    """Takes messages on the port's thread and keeps it waiting for nobody.

    Attributes:
        inbox: Where messages about the clock go; None where nobody else may set the time.
        on_channel: Told of the channel messages that can turn something.
        on_playing: Told of what comes from a keyboard.

    """

    def __init__(self, inbox: ClockInbox | None = None) -> None:
        self.inbox = inbox
        self.on_channel: OnMessage = lambda *_: None
        self.on_playing: OnMessage = lambda *_: None

    def receive(self, message: bytes, seconds: float) -> None:
        """Take a message that came in at a time of the port's clock."""
        if message[:1] in CLOCK_MESSAGES:
            if self.inbox is not None:
                self.inbox.put(message, seconds)
            return
        if message and message[0] in PLAYING_STATUS:
            self.on_playing(message, seconds)
        if message and message[0] in CONTROL_STATUS:
            self.on_channel(message, seconds)
