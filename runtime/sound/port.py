"""Ports that sound: in place of a MIDI port, or beside one."""

import time
from typing import Final

from runtime.messages import Message
from runtime.ports.base import OnMessage, OutputPort, Wire
from runtime.sound.player import LEAD_SECONDS, Player

DELAY_SECONDS: Final = 0.04
"""How much later than the MIDI message its sound comes, beside a port whose messages are not given ahead: two or three
periods of a sound card, so that a late thread does not move a note."""


class SoundPort(OutputPort):
    """Sounds what it is sent, at its time; there is no MIDI port."""

    lead_seconds = LEAD_SECONDS

    def __init__(self, name: str, player: Player) -> None:
        """Take over a player; closing the port closes it."""
        super().__init__(name)
        self._player = player

    def describe(self) -> str:
        """Return one line for the user."""
        return self._player.describe()

    def pending_count(self) -> int:
        """Return how many of the messages given have not been heard; see `OutputPort.pending_count`."""
        return self._player.pending_count()

    def discard_pending(self) -> list[Message]:
        """Take back what has not been heard."""
        return self._player.take_back(self._player.pending_count())

    def _send(self, message: Message, when_seconds: float) -> float:
        self._player.play(message, when_seconds)
        return max(when_seconds, self.clock.now())

    def _close(self) -> None:
        self._player.close()


class SoundingPort(OutputPort):
    """A MIDI port whose messages are heard here too; for everything but sound it is that port."""

    def __init__(self, port: OutputPort, player: Player) -> None:
        """Take over both; closing this closes them."""
        super().__init__(port.name, port.clock)
        self._port, self._player = port, player
        self.lead_seconds, self.renamed = port.lead_seconds, port.renamed

    def describe(self) -> str:
        """Return one line for the user."""
        return f"{self._port.describe()}; {self._player.describe()}"

    def tend(self) -> bool:
        """See to the MIDI connection; see `OutputPort.tend`."""
        return self._port.tend()

    def pending_count(self) -> int:
        """Return how many messages have not left by MIDI."""
        return self._port.pending_count()

    def discard_pending(self) -> list[Message]:
        """Take back what has not left by MIDI, and has not been heard."""
        taken = self._port.discard_pending()
        self._player.take_back(len(taken))
        return taken

    def listen(self, on_message: OnMessage) -> str:
        """Open the MIDI port's input."""
        return self._port.listen(on_message)

    def wires(self) -> frozenset[Wire]:
        """Return what is connected with the MIDI port."""
        return self._port.wires()

    def connect(self, wire: Wire) -> bool:
        """Connect the MIDI port."""
        return self._port.connect(wire)

    def _send(self, message: Message, when_seconds: float) -> float | None:
        # Whatever becomes of the MIDI port: what ends a note has to be heard too.
        self._player.play(message, time.monotonic() + max(0.0, when_seconds - self.clock.now()))
        return self._port.send(message, when_seconds)

    def _close(self) -> None:
        self._port.close()
        self._player.close()
