"""Who sets the time: our own tempo, a DAW's clock, or first the one and then the other."""

import threading
from collections import deque

from lstm_composer.runtime.transport.midi_clock_in import ClockFollower
from lstm_composer.runtime.transport.transport import InternalTransport, TransportEvent, TransportEventKind


class ClockInbox:
    """Messages that came in, with their times: put in on the port's thread, taken out on the dispatcher's.

    Attributes:
        wake: Set with each message, for who waits for one.

    """

    LARGEST = 4096
    """Messages kept; in a flood the oldest go, since only the latest tell where the sender is."""

    def __init__(self, wake: threading.Event | None = None) -> None:
        """Begin empty; without an event of somebody's who waits, with one of its own."""
        self._messages: deque[tuple[bytes, float]] = deque(maxlen=self.LARGEST)
        self.wake = wake or threading.Event()

    def put(self, message: bytes, seconds: float) -> None:
        """Keep a message about the clock that came at a time of the port's clock."""
        self._messages.append((message, seconds))
        self.wake.set()

    def take(self) -> list[tuple[bytes, float]]:
        """Return the messages that have come since, in order."""
        messages = []
        while self._messages:
            messages.append(self._messages.popleft())
        return messages


class ExternalSyncTransport:
    """The transport of `play --sync midi` and `--sync auto`.

    With a transport of our own (auto) the music plays by that until something comes in: a clock's tempo is taken over
    as soon as it is known, and with FA or FB the sender's position as well. From then on, and without a transport of
    our own from the start, the sender decides when there is music.
    """

    def __init__(self, inbox: ClockInbox, own: InternalTransport | None, tempo_bpm: float) -> None:
        """Follow what comes into the inbox; `tempo_bpm` is believed in until a clock has been heard."""
        self._inbox = inbox
        self._follower = ClockFollower(tempo_bpm)
        self._own = own

    @property
    def following(self) -> bool:
        """Whether a clock sets the time."""
        return self._own is None

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes a minute at present."""
        return self._present.tempo_bpm

    @property
    def running(self) -> bool:
        """Whether the position moves on at present."""
        return self._present.running

    def seconds_at(self, tick: int) -> float:
        """Return the time of the clock at which a position is reached."""
        return self._present.seconds_at(tick)

    def tick_at(self, seconds: float) -> int:
        """Return the last position reached at a time; negative before the start."""
        return self._present.tick_at(seconds)

    def begin(self, now_seconds: float) -> None:
        """Count in by our own tempo, if there is one."""
        if self._own is not None:
            self._own.begin(now_seconds)

    def moves(self, now_seconds: float) -> list[TransportEvent]:
        """Read the inbox, and return what it makes of the song."""
        found: list[TransportEvent] = []
        for message, seconds in self._inbox.take():
            self._follower.receive(message, seconds)
            if self._own is not None:
                found += self._hand_over(self._own, now_seconds)
        return found + (self._follower.moves(now_seconds) if self._own is None else [])

    @property
    def _present(self) -> ClockFollower | InternalTransport:
        return self._follower if self._own is None else self._own

    def _hand_over(self, own: InternalTransport, now_seconds: float) -> list[TransportEvent]:
        if self._follower.running:
            self._own = None
            return [TransportEvent(TransportEventKind.STOP, max(0, own.tick_at(now_seconds)))]
        if not self._follower.waiting:
            self._follower.moves(now_seconds)  # what it did before it sets the time is nobody's business
        if self._follower.steady and not self._follower.waiting:
            self._own = None
            self._follower.join(own.tick_at(now_seconds) + 1)
            return [TransportEvent(TransportEventKind.RETIME, own.tick_at(now_seconds))]
        return []
