"""What is made from which position on: an immutable schedule of segments."""

from collections.abc import Callable
from dataclasses import dataclass

from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.generation.voice_state import EnsembleState

Enter = Callable[[EnsembleState], EnsembleState]
"""Gives the state with which a segment begins, from that which the music has come to."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Music that is made in one way.

    Attributes:
        from_tick: Where it begins; what starts before this position stays as it is. 0 for at once.
        advance: Makes its events.
        enter: Gives the state with which it begins, such as the start of a new piece; None to go on from where it is.

    """

    from_tick: int
    advance: Advance
    enter: Enter | None = None

    def entered(self, before: EnsembleState) -> EnsembleState:
        """Return the state with which the segment begins after a state."""
        return before if self.enter is None else self.enter(before)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Segments, by how far they have come.

    Attributes:
        begun: From that which is heard to that whose events are made; empty while nothing is made.
        coming: Those that begin after it, in the order of their positions.

    """

    begun: tuple[Segment, ...]
    coming: tuple[Segment, ...] = ()

    @property
    def unheard(self) -> tuple[Segment, ...]:
        """The segments of which nothing has been heard."""
        return (*self.begun[1:], *self.coming)

    @property
    def next_tick(self) -> int | None:
        """Position at which the next segment begins, None if there is none."""
        return self.coming[0].from_tick if self.coming else None

    def is_making(self, segment: Segment) -> bool:
        """Tell whether the events of a segment are made at present."""
        return self.begun[-1:] == (segment,)

    def changed(self, segments: tuple[Segment, ...]) -> "Schedule":
        """Return what becomes of it where other segments are to come; without any, nothing is made."""
        if not segments:
            return Schedule(())
        first = segments[0].from_tick
        return Schedule((*self.begun[:1], *(one for one in self.begun[1:] if one.from_tick < first)), segments)

    def with_next(self) -> tuple[Segment, "Schedule"]:
        """Return the next segment, and the schedule when its events are made."""
        segment, *coming = self.coming
        return segment, Schedule((*self.begun, segment), tuple(coming))

    def heard_before(self, tick: int) -> "Schedule":
        """Return it without the segments that are over when all before a position has been heard."""
        begun = self.begun
        while len(begun) > 1 and begun[1].from_tick < tick:
            begun = begun[1:]
        return self if begun is self.begun else Schedule(begun, self.coming)

    def everywhere(self) -> "Schedule":
        """Return what holds where the song goes elsewhere: that whose events are made, and what comes after it."""
        return Schedule(self.begun[-1:], self.coming)

    def at_its_end(self) -> "Schedule":
        """Return what is left when all segments have begun."""
        return Schedule(self.coming[-1:] or self.begun)
