"""Ports that sound: in place of a MIDI port, or beside one."""

import time
from collections import deque
from typing import Final

from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.ports.base import Connection, OnMessage, OutputPort
from lstm_composer.runtime.sound.player import LEAD_SECONDS, Player

DELAY_SECONDS: Final = 0.04
"""How much later than the MIDI message its sound comes, beside a port whose messages are not given ahead: two or three
periods of a sound card, so that a late thread does not move a note."""


class SoundPort(OutputPort):
    """Sounds what it is sent, at its time; there is no MIDI port."""

    lead_seconds = LEAD_SECONDS
    count_in_seconds = 0.3  # nobody has to connect anything; the first samples are decoded meanwhile

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
        self._given: deque[tuple[Message, float]] = deque()  # what may not have left by MIDI, with its time

    def describe(self) -> str:
        """Return one line for the user."""
        return f"{self._port.describe()}; {self._player.describe()}"

    def check_alive(self) -> bool:
        """See to the MIDI connection; see `OutputPort.check_alive`."""
        return self._port.check_alive()

    def pending_count(self) -> int:
        """Return how many messages have not left by MIDI."""
        count = self._port.pending_count()
        while len(self._given) > count:
            self._given.popleft()
        return count

    def discard_pending(self) -> list[Message]:
        """Take back what has neither left by MIDI nor been heard here.

        The two have clocks of their own. What has been heard and has not left goes its way by MIDI: given anew, it
        would be struck here twice.
        """
        taken = self._port.discard_pending()
        heard = len(taken) - len(self._player.take_back(len(taken)))
        given = list(self._given)[len(self._given) - len(taken) :]
        self._given.clear()
        for message, when_seconds in given[:heard]:
            if self._port.send(message, when_seconds) is not None:
                self._given.append((message, when_seconds))
        return taken[heard:]

    def listen(self, on_message: OnMessage) -> str:
        """Open the MIDI port's input."""
        return self._port.listen(on_message)

    def connections(self) -> frozenset[Connection]:
        """Return what is connected with the MIDI port."""
        return self._port.connections()

    def connect(self, wire: Connection) -> bool:
        """Connect the MIDI port."""
        return self._port.connect(wire)

    def _send(self, message: Message, when_seconds: float) -> float | None:
        due_seconds = time.monotonic() + max(0.0, when_seconds - self.clock.now())
        leaves = self._port.send(message, when_seconds)
        if leaves is not None:
            self._given.append((message, when_seconds))
        # Whatever becomes of the MIDI port: what ends a note has to be heard too.
        if leaves is not None or message.kind is not Kind.NOTE_ON:
            self._player.play(message, due_seconds)
        return leaves

    def _close(self) -> None:
        self._port.close()
        self._player.close()
