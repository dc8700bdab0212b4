"""What has been sent, kept for the monitor: the notes of the last bars and how late they were."""

from bisect import bisect_left
from collections import deque
from typing import Final

from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, Kind, Sent
from lstm_composer.runtime.monitor.snapshot import LatenessHistogram, RollNote

LIMITS_MS: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""A player hears 10 ms at once; 1 ms is what one MIDI cable takes for a note."""

Key = tuple[int, int]
"""Channel and pitch."""


class History:
    """Takes messages on the dispatcher's thread, and looks at them on the publisher's.

    Attributes:
        notes: Note-ons so far.
        past: Notes that have ended, oldest first.
        open: Onset and velocity of the notes that sound.

    """

    def __init__(self) -> None:
        self._queue: deque[Sent] = deque()
        self._counts = [0] * (len(LIMITS_MS) + 1)
        self.notes = 0
        self.past: list[RollNote] = []
        self.open: dict[Key, tuple[int, int]] = {}

    def append(self, sent: Sent) -> None:
        """Take a message; cheap enough for the dispatcher's thread."""
        self._queue.append(sent)

    def collect(self) -> list[Sent]:
        """Look at what was taken since, and return it."""
        collected: list[Sent] = []
        while self._queue:
            collected.append(self._queue.popleft())
            self._look_at(collected[-1])
        return collected

    def keep_between(self, first_tick: int, last_tick: int) -> None:
        """Forget the notes that ended before a position, and those of a place that was left by going back."""
        self.past = [note for note in self.past if note.onset + note.duration > first_tick and note.onset <= last_tick]

    def lateness(self, worst_seconds: float) -> LatenessHistogram:
        """Return the histogram."""
        return LatenessHistogram(LIMITS_MS, tuple(self._counts), worst_seconds * 1000)

    def _look_at(self, sent: Sent) -> None:
        message = sent.message
        match message.kind:
            case Kind.NOTE_ON:
                self.notes += 1
                self._counts[bisect_left(LIMITS_MS, sent.lateness_seconds * 1000)] += 1
                self.open[message.channel, message.number] = (message.tick, message.value)
            case Kind.NOTE_OFF:
                self._close((message.channel, message.number), message.tick)
            case Kind.CONTROL if message.number == ALL_NOTES_OFF:
                for key in [key for key in self.open if key[0] == message.channel]:
                    self._close(key, message.tick)

    def _close(self, key: Key, tick: int) -> None:
        channel, pitch = key
        if key in self.open:
            onset, velocity = self.open.pop(key)
            self.past.append(RollNote(onset, pitch, max(1, tick - onset), velocity, channel))
