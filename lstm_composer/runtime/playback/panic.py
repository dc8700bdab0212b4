"""Panics, and what they end: what had begun when they were asked for, and nothing since. Pure: told the time.

A panic is carried out a little after it came in, by when a song may have begun that came with it.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from lstm_composer.runtime.midi.messages import Kind, Message

START_SECONDS: Final = 0.1
"""A panic that comes so soon after a start came with it, and ends nothing of the song: DAWs send all notes off on all
channels when playing begins, some after the first clock; on a cable 32 such messages take 31 ms."""
_NEVER: Final = float("-inf")

Key = tuple[int, int]
"""Channel and pitch."""


class Ended(NamedTuple):
    """What a panic ends.

    Attributes:
        keys: Of what sounds.
        channels: Where all notes off can be said: nothing that began later sounds there.

    """

    keys: frozenset[Key]
    channels: frozenset[int]


class Panics:
    """Keeps when what sounds was begun, and tells what of it a panic ends."""

    def __init__(self) -> None:
        self._began: dict[Key, float] = {}  # when each key was struck last
        self._used_since: dict[int, float] = {}  # when each channel was struck first, since it was silenced
        self._started = _NEVER  # when the song was started last

    def start(self, seconds: float) -> None:
        """Note that the song starts at a time."""
        self._started = seconds

    def strike(self, message: Message, seconds: float) -> None:
        """Note that a message leaves at a time."""
        if message.kind is Kind.NOTE_ON:
            self._began[message.channel, message.number] = seconds
            self._use(message.channel, seconds)

    def take_back(self, messages: Iterable[Message]) -> None:
        """Note that messages have not left."""
        for message in messages:
            if message.kind is Kind.NOTE_ON:
                self._began.pop((message.channel, message.number), None)

    def forget_uses(self) -> None:
        """Note that all channels have been silenced."""
        self._used_since.clear()

    def due(self, asked_seconds: Sequence[float]) -> float | None:
        """Return until when what has begun is to be ended.

        Args:
            asked_seconds: The times of the panics that have been asked for since.

        Returns:
            A time; None if nothing is to be ended, or nothing had begun by then.

        """
        until = max((self._of_start(seconds) for seconds in asked_seconds), default=_NEVER)
        return until if any(since < until for since in self._used_since.values()) else None

    def end(self, until: float, sounding: frozenset[Key]) -> Ended:
        """Return what is ended of what sounds; the channels on which all notes off is said count as unused again."""
        channels = {channel for channel, since in self._used_since.items() if since < until}
        later = {key for key in sounding if self._began.get(key, _NEVER) >= until}
        for channel in channels:
            del self._used_since[channel]
        for key in later:
            self._use(key[0], self._began[key])
        keys = frozenset(key for key in sounding - later if key[0] in channels)
        return Ended(keys, frozenset(channels - {channel for channel, _ in later}))

    def _of_start(self, panic_seconds: float) -> float:
        """Return the time of a panic, or of the start that it came with."""
        with_start = 0.0 <= panic_seconds - self._started < START_SECONDS
        return self._started if with_start else panic_seconds

    def _use(self, channel: int, seconds: float) -> None:
        self._used_since[channel] = min(seconds, self._used_since.get(channel, seconds))
