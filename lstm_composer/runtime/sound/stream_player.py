"""Messages with their times, turned into the frames that a sound card asks for."""

import time
from collections.abc import Callable

import numpy as np

from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.sound.frame_clock import FrameClock
from lstm_composer.runtime.sound.player import OVERDUE_SECONDS, STALE_SECONDS, MessageQueue
from lstm_composer.runtime.sound.sampler import RATE, Sampler, Sound


class StreamPlayer:
    """Plays into whatever asks for frames: each message takes effect in its own frame.

    `frames` belongs on the sound card's thread, everything else on one other.
    """

    def __init__(self, sampler: Sampler, delay_seconds: float = 0.0, now: Callable[[], float] = time.monotonic) -> None:
        """Begin silent.

        Args:
            sampler: What sounds.
            delay_seconds: How much later than its time each message is heard, where it is not given ahead.
            now: The clock that times of messages are read on.

        """
        self._sampler = sampler
        self._delay_seconds = delay_seconds
        self._now = now
        self._queue = MessageQueue()
        self._clock = FrameClock(RATE)

    def play(self, message: Message, due_seconds: float) -> None:
        """Let a message be heard; see `Player.play`."""
        self._queue.put(message, due_seconds + self._delay_seconds)

    def pending_count(self) -> int:
        """Return how many messages wait."""
        return self._queue.count(self._now())

    def take_back(self, count: int) -> list[Message]:
        """Take back what waits; see `Player.take_back`."""
        return self._queue.take_back(count)

    def set_volume(self, volume: float) -> None:
        """Set the loudness of the whole; see `Sampler.set_volume`."""
        self._sampler.set_volume(volume)

    @property
    def is_silent(self) -> bool:
        """Whether nothing waits and nothing sounds."""
        return not self.pending_count() and not self._sampler.sounding_count

    def skip_overdue(self) -> None:
        """Pass over the notes whose time has come; while no device asks for frames."""
        while (due := self._queue.next_due()) is not None and due < self._now() - OVERDUE_SECONDS:
            self._take_next()

    def restart(self) -> None:
        """Begin to count frames anew, for another device."""
        self._clock = FrameClock(RATE)

    def frames(self, count: int) -> Sound:
        """Return the next frames of the stream."""
        first = self._clock.asked(count, self._now())
        parts: list[Sound] = []
        done = 0
        while (due := self._queue.next_due()) is not None:
            place = min(max(self._clock.frame_at(due) - first, done), count)
            if place == count:
                break
            if place > done:
                parts.append(self._sampler.sound(place - done))
                done = place
            self._take_next()
        return self._joined([*parts, self._sampler.sound(count - done)])

    def _take_next(self) -> None:
        """Let the first message take effect; a note that should have begun long ago does not begin any more."""
        taken = self._queue.take()
        if taken is None:
            return
        due, message = taken
        if message.kind is not Kind.NOTE_ON or due >= self._now() - STALE_SECONDS:
            self._sampler.take(message)

    @staticmethod
    def _joined(parts: list[Sound]) -> Sound:
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
