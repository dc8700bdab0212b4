"""What a port that sounds needs of whatever makes the sound; loads nothing of it."""

from collections import deque
from typing import Final, Protocol

from lstm_composer.runtime.midi.messages import Message

LEAD_SECONDS: Final = 0.1
"""How long before its time a message should be given, so that a late callback does not make it late."""
OVERDUE_SECONDS: Final = 1.0
"""A message that waits for so long after its time waits for a device that has gone."""
STALE_SECONDS: Final = 0.25
"""A note that should have begun so long ago does not begin any more: the program was stopped, or the device away."""


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
