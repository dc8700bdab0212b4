"""The source's side of the dispatcher: notes are taken a little ahead of sending, and made what they are played as."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note, cut_at
from lstm_composer.runtime.transport.transport import Transport

HORIZON_TICKS: Final = TICKS_PER_QUARTER // 3
"""How far ahead of sending notes are taken from the source: what is taken is no longer the engine's to change."""
PULL_TICKS: Final = TICKS_PER_QUARTER // 6
"""How often the source is asked: half the horizon, so that it is never asked for what is due already."""
MAKING_SECONDS: Final = 0.05
"""How long a song that starts waits for its first notes to be made."""

NoteFilter = Callable[[list[Note]], list[Note]]
"""Maps notes as they were made to notes as they are played; may leave notes out."""


class NoteSource(Protocol):
    """Where the notes come from, made ahead on another thread or all there from the start."""

    @property
    def end_tick(self) -> int | None:
        """Position at which the performance ends whatever still sounds, None if it does not."""
        ...

    def take_before(self, tick: int) -> list[Note]:
        """Hand over the notes with an onset before `tick` that have not been taken; returns at once."""
        ...

    def finished(self) -> bool:
        """Tell whether `take_before` has given everything there will ever be."""
        ...

    def locate(self, tick: int) -> None:
        """Go on from another position; returns at once."""
        ...

    def wait_until_made(self, tick: int, timeout_seconds: float) -> bool:
        """Wait until the notes before a position can be taken; False if that took too long."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """How notes are played, other than they are written.

    Attributes:
        filters: What is done to the notes as they are taken from their source, one after another.
        delay_seconds: Gives how long after its time what starts or ends at a position is sent.
        early_seconds: How long before its time each message is sent, for what comes after the port takes as long.

    """

    filters: tuple[NoteFilter, ...] = ()
    delay_seconds: Callable[[int], float] = lambda _: 0.0
    early_seconds: float = 0.0

    def played(self, notes: list[Note]) -> list[Note]:
        """Return notes as they are played."""
        for one in self.filters:
            notes = one(notes)
        return notes


class Intake:
    """Takes notes from a source up to a horizon, every so many ticks.

    Attributes:
        next_tick: Position at which notes are to be taken again.

    """

    def __init__(
        self, source: NoteSource, interpretation: Interpretation, transport: Transport, lead_seconds: float, tick: int
    ) -> None:
        """Begin with nothing taken.

        Args:
            source: Where the notes come from.
            interpretation: What is done to them.
            transport: What tells the positions of times.
            lead_seconds: How long before its time the port takes a message.
            tick: The position at present.

        """
        self._source = source
        self._interpretation = interpretation
        self._transport = transport
        self._ahead_seconds = lead_seconds + interpretation.early_seconds
        self._taken_before = 0
        self.next_tick = tick

    @property
    def is_complete(self) -> bool:
        """Whether all notes that are to be played have been taken."""
        end_tick = self._source.end_tick
        return self._source.finished() or (end_tick is not None and self._taken_before >= end_tick)

    @property
    def has_end(self) -> bool:
        """Whether the performance ends at a position, whatever there is to play."""
        return self._source.end_tick is not None

    def is_behind(self, now_seconds: float) -> bool:
        """Tell whether what is due has not all been taken: the dispatcher's thread was held up.

        What ends at a position closes it; a note that is taken only then starts a tick late.
        """
        return self._transport.tick_at(now_seconds + self._ahead_seconds) >= self._taken_before

    def take(self, now_seconds: float) -> list[Note]:
        """Return the notes up to the horizon, as they are to be played; none if it is not yet time to take any."""
        position = self._transport.tick_at(now_seconds)
        if position < self.next_tick or self.is_complete:
            return []
        self.next_tick = position + PULL_TICKS
        self._taken_before = self._transport.tick_at(now_seconds + self._ahead_seconds) + HORIZON_TICKS
        return self.as_played(self._source.take_before(self._taken_before))

    def as_played(self, notes: list[Note]) -> list[Note]:
        """Return notes of the source as they are to be played; nothing of the intake is changed."""
        end_tick = self._source.end_tick
        played = self._interpretation.played(notes)
        return played if end_tick is None else cut_at(played, end_tick)

    def start(self, tick: int) -> bool:
        """Get ready for a song that starts at a position; returns whether that is elsewhere than it has come to."""
        is_elsewhere = self._taken_before != tick
        if is_elsewhere:
            self.locate(tick)
        self._source.wait_until_made(tick + PULL_TICKS, MAKING_SECONDS)
        return is_elsewhere

    def locate(self, tick: int) -> None:
        """Take the notes from another position on."""
        self._source.locate(tick)
        self._taken_before = self.next_tick = tick

    def take_again_at(self, tick: int) -> None:
        """Take notes at a position at the latest."""
        self.next_tick = min(self.next_tick, tick)
