"""Messages with their times, turned into the frames that a sound card asks for."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from runtime.messages import Kind, Message
from runtime.sound.frame_clock import FrameClock
from runtime.sound.sampler import RATE, Sampler, Sound

LEAD_SECONDS: Final = 0.1
"""How long before its time a message should be given, so that a late callback does not make it late."""
OVERDUE_SECONDS: Final = 1.0
"""A message that waits for so long after its time waits for a device that has gone."""

Now = Callable[[], float]


class Player(Protocol):
    """What makes messages heard."""

    def play(self, message: Message, due_seconds: float) -> None:
        """Let a message be heard at a time of `time.monotonic`; times must not decrease from call to call."""
        ...

    def pending_count(self) -> int:
        """Return how many messages, the latest ones, have not been heard yet."""
        ...

    def take_back(self, count: int) -> list[Message]:
        """Take back the latest messages, as far as they have not been heard, in the order given."""
        ...

    def set_volume(self, volume: float) -> None:
        """Set the loudness of the whole, 0..1."""
        ...

    def describe(self) -> str:
        """Return a few words for the user: where it sounds."""
        ...

    def close(self) -> None:
        """Let what has been given sound to its end, and stop."""
        ...


class MessageQueue:
    """Messages in the order of their times. One thread appends and takes back at its end, another takes its beginning.

    Each of these is one atomic operation of `deque`, so that the sound card's thread never waits for a lock.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, Message]] = deque()

    def put(self, message: Message, due_seconds: float) -> None:
        """Append a message."""
        self._waiting.append((due_seconds, message))

    def next_due(self) -> float | None:
        """Return the time of the first message, None if there is none."""
        try:
            return self._waiting[0][0]
        except IndexError:
            return None

    def take(self) -> tuple[float, Message] | None:
        """Take out the first message with its time; None if it has been taken back."""
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def count(self, now_seconds: float) -> int:
        """Return how many wait; none where the first has waited for so long that nobody can be there to take it."""
        due = self.next_due()
        return 0 if due is None or due < now_seconds - OVERDUE_SECONDS else len(self._waiting)

    def take_back(self, count: int) -> list[Message]:
        """Take out the latest messages, at most `count`, and return them in the order given."""
        taken: list[Message] = []
        while len(taken) < count and self._waiting:
            try:
                taken.append(self._waiting.pop()[1])
            except IndexError:  # the other thread took the last one in between
                break
        return taken[::-1]


class StreamPlayer:
    """Plays into whatever asks for frames: each message takes effect in its own frame.

    `frames` belongs on the sound card's thread, everything else on one other.
    """

    def __init__(self, sampler: Sampler, delay_seconds: float = 0.0, now: Now = time.monotonic) -> None:
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
        """Set the loudness of the whole; what a fader shows as half is heard as half."""
        self._sampler.volume = volume**2

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
        if message.kind is not Kind.NOTE_ON or due >= self._now() - OVERDUE_SECONDS:
            self._sampler.take(message)

    @staticmethod
    def _joined(parts: list[Sound]) -> Sound:
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
