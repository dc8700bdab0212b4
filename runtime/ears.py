"""What comes in at the port, handed to whom it is for: a clock to the transport, controllers to the knobs."""

from collections.abc import Callable

from runtime.sync.clock_in import CLOCK_MESSAGES
from runtime.sync.conductor import Inbox

CHANNEL_STATUS = range(0x80, 0xF0)
NOTE_STATUS = range(0x80, 0xA0)


OnChannel = Callable[[bytes], None]
"""Told of a channel message."""


class Ears:
    """Takes messages on the port's thread and keeps it waiting for nobody.

    Attributes:
        inbox: Where messages about the clock go; None where nobody else may set the time.
        on_channel: Told of channel messages.
        on_note: Told of notes, and when they came.

    """

    def __init__(self, inbox: Inbox | None = None) -> None:
        self.inbox = inbox
        self.on_channel: OnChannel = lambda _: None
        self.on_note: Callable[[bytes, float], None] = lambda *_: None

    def hear(self, message: bytes, seconds: float) -> None:
        """Take a message that came in at a time of the port's clock."""
        if message[:1] in CLOCK_MESSAGES:
            if self.inbox is not None:
                self.inbox.put(message, seconds)
            return
        if message and message[0] in NOTE_STATUS:
            self.on_note(message, seconds)
        if message and message[0] in CHANNEL_STATUS:
            self.on_channel(message)
