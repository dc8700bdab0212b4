"""Routes incoming MIDI: clock messages to the transport, controllers to the parameters, notes to the responder."""

from collections.abc import Callable

from runtime.midi.input import CLOCK_STATUS, CONTROL_STATUS, PLAYING_STATUS
from runtime.transport.external import ClockInbox

OnMessage = Callable[[bytes, float], None]
"""Told of a message, and when it came in by the port's clock."""


class MidiInputRouter:
    """Takes messages on the port's thread and keeps it waiting for nobody.

    They are decoded by who takes them out again, on threads of their own: in a flood most of them never are.

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
        status = message[0] if message else 0
        if status in CLOCK_STATUS and self.inbox is not None:
            self.inbox.put(message, seconds)
        if status in PLAYING_STATUS:
            self.on_playing(message, seconds)
        if status in CONTROL_STATUS:
            self.on_channel(message, seconds)
