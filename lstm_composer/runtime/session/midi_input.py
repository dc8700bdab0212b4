"""Routes incoming MIDI: clock messages to the transport, controllers to the parameters, notes to the responder."""

from collections.abc import Callable

from lstm_composer.runtime.midi.input import CLOCK_STATUS, CONTROL_STATUS, PLAYING_STATUS
from lstm_composer.runtime.transport.external import ClockInbox

OnMessage = Callable[[bytes, float], None]
"""Told of a message, and when it came in by the port's clock."""


def ignore(_message: bytes, _seconds: float) -> None:
    """Do nothing about a message: nobody is there whom it concerns."""


class MidiInputRouter:
    """Takes messages on the port's thread and keeps it waiting for nobody.

    They are decoded by who takes them out again, on threads of their own: in a flood most of them never are.
    """

    def __init__(self, clock: ClockInbox | None, *, controllers: OnMessage = ignore, notes: OnMessage = ignore) -> None:
        """Know where messages go.

        Args:
            clock: Where messages about the clock go; None where nobody else may set the time.
            controllers: Told of the channel messages that can turn something.
            notes: Told of what comes from a keyboard.

        """
        self._clock = clock
        self._controllers = controllers
        self._notes = notes

    def receive(self, message: bytes, seconds: float) -> None:
        """Take a message that came in at a time of the port's clock."""
        status = message[0] if message else 0
        if status in CLOCK_STATUS and self._clock is not None:
            self._clock.put(message, seconds)
        if status in PLAYING_STATUS:
            self._notes(message, seconds)
        if status in CONTROL_STATUS:
            self._controllers(message, seconds)
