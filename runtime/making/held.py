"""Holding: the last bars again and again, as they were or varied, until they are let go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from runtime.engine import Step
from runtime.improviser import Ask, Favour, Improvisation, Voice
from runtime.making.form import FormPlace
from runtime.making.replay import Replay, replayed
from runtime.notes import Note

NUMBERS_A_ROUND: Final = 1 << 12
NUMBERS_A_HOLD: Final = 1 << 20
"""Events after a hold are numbered so much further on than those in it, so that none draws the noise of another."""


@dataclass(frozen=True, slots=True)
class HeldPlace:
    """A place in bars that are held.

    Attributes:
        after: The place that the music had come to, and goes on from when it is let go.
        onset: Position of the previous onset.
        began: Position from which it is held.
        notes: Of the held bars, at their positions in the first repetition.
        length: Of the held bars, in ticks.
        cursor: Where the network is: in a repetition that is varied at its place, else at its beginning.
        round_start: Position at which this repetition began.
        replay: Of this repetition.

    """

    after: Any
    onset: int
    began: int
    notes: tuple[Note, ...]
    length: int
    cursor: Any
    round_start: int
    replay: Replay


class Held:
    """A `Voice` that plays another voice's music, or the bars of it that are held; its places are both kinds."""

    def __init__(
        self,
        voice: Voice,
        improvisation: Improvisation,
        variation: float = 0.0,
        allowed: Callable[[int], bool] = lambda _: True,
    ) -> None:
        """Get ready.

        Args:
            voice: Who plays while nothing is held.
            improvisation: Who plays variations: at the bottom of `voice`, or `voice` itself.
            variation: 0 (note for note) to 1, for repetitions that begin from now on.
            allowed: Which pitches may sound.

        """
        self._voice = voice
        self._improvisation = improvisation
        self._variation = variation
        self._allowed = allowed

    def hold(self, place: Any, notes: Sequence[Note], first: int, last: int) -> HeldPlace:
        """Return the place from which the bars from `first` to `last` come again, from `last` on."""
        after = place.after if isinstance(place, HeldPlace) else place
        again = replayed(notes, last - first, self._variation)
        return HeldPlace(after, place.onset, last, again.notes, last - first, cursor_of(place), last, again)

    def let_go(self, place: Any, tick: int) -> Any:
        """Return the place from which the music goes on after holding, as if it had not been held."""
        if not isinstance(place, HeldPlace):
            return place
        cursor = cursor_of(place.after)
        cursor = self._improvisation.moved(cursor, tick - place.began, cursor.number + NUMBERS_A_HOLD)
        if not isinstance(place.after, FormPlace):
            return cursor
        after = self._voice.resting(place.after, tick)
        return after if after.replay is not None else replace(after, inner=cursor, onset=cursor.onset)

    def ask(self, place: Any, favour: Favour | None = None) -> Ask | None:
        """Return what the network is to be run on; None while notes come again as they were."""
        if not isinstance(place, HeldPlace):
            return self._voice.ask(place, favour)
        wanted = place.replay.favour()
        return None if wanted is None else self._improvisation.ask(place.cursor, wanted)

    def tell(self, place: Any, step: Step | None) -> tuple[Note | None, Any]:
        """Return the next note and the place after it."""
        if not isinstance(place, HeldPlace):
            return self._voice.tell(place, step)
        if place.replay.over:
            return None, self._next_round(place)
        if step is None:
            note = place.replay.next
            after = replace(place, onset=note.onset, replay=place.replay.past(note.onset, note))
            return (note if self._allowed(note.pitch) else None), after
        made, cursor = self._improvisation.tell(place.cursor, step)
        if cursor.onset >= place.round_start + place.length:
            return None, self._next_round(place)
        return made, replace(place, onset=cursor.onset, cursor=cursor, replay=place.replay.past(cursor.onset, made))

    def moved(self, place: Any, ticks: int, number: int) -> Any:
        """Return a place of the voice as if it were so many ticks later."""
        return self._voice.moved(place, ticks, number)

    def resting(self, place: Any, tick: int) -> Any:
        """Return the place from which nothing starts before a position."""
        if not isinstance(place, HeldPlace):
            return self._voice.resting(place, tick)
        while tick >= place.round_start + place.length:
            place = self._next_round(place)
        return replace(place, onset=max(place.onset, tick - 1), replay=place.replay.past(tick - 1, None))

    def _next_round(self, place: HeldPlace) -> HeldPlace:
        start = place.round_start + place.length
        again = replayed(place.notes, start - place.began, self._variation)
        cursor = place.cursor
        if place.replay.exact:  # then the network has not moved since the repetition began
            cursor = self._improvisation.moved(cursor, place.length, cursor.number + NUMBERS_A_ROUND)
        return replace(place, onset=max(place.onset, start - 1), cursor=cursor, round_start=start, replay=again)


def cursor_of(place: Any) -> Any:
    """Return where the network is, in whatever place."""
    if isinstance(place, HeldPlace):
        return place.cursor
    return place.inner if isinstance(place, FormPlace) else place
