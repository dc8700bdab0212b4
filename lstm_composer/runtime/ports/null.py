"""The port for a machine without a MIDI system: nothing leaves, time passes."""

from lstm_composer.runtime.midi.messages import Message
from lstm_composer.runtime.ports.base import OutputPort


class NullPort(OutputPort):
    """Takes every message and sends it nowhere."""

    def describe(self) -> str:
        """Return one line for the user."""
        return "no MIDI port: what is played is only seen and recorded"

    def _send(self, message: Message, when_seconds: float) -> float:
        return self.clock.now()
