"""Holding: the last bars again and again, as they were or varied, until they are let go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from runtime.generation.form import FormState, FormVoice
from runtime.generation.recall import Replay, replayed
from runtime.generation.voice import Bias, FreeVoice, StepRequest, Voice
from runtime.graph.engine import Step
from runtime.music.notes import Note, shifted

NUMBERS_A_HOLD: Final = 1 << 20
"""Events after a hold are numbered so much further on than those in it, so that none draws the noise of another."""


@dataclass(frozen=True, slots=True)
class LoopState:
    """The state of a voice that repeats the bars that are held.

    Attributes:
        after: The place that the music had come to, and goes on from when it is let go.
        onset: Position of the previous onset.
        left: Position at which the music was left.
        began: Position from which these bars are held: later than `left` where others were held before.
        notes: Of the held bars, at their positions in the first repetition.
        length: Of the held bars, in ticks.
        cursor: Where the network is: in a repetition that is varied at its place, else at its beginning.
        round_start: Position at which this repetition began.
        replay: Of this repetition.

    """

    after: Any
    onset: int
    left: int
    began: int
    notes: tuple[Note, ...]
    length: int
    cursor: Any
    round_start: int
    replay: Replay


class LoopVoice:
    """A `Voice` that plays another voice's music, or loops held bars of it; its states are of both kinds."""

    def __init__(
        self,
        voice: Voice,
        free_voice: FreeVoice,
        variation: float = 0.0,
        allowed: Callable[[int], bool] = lambda _: True,
        *,
        holding: bool = True,
    ) -> None:
        """Get ready.

        Args:
            voice: Who plays while nothing is held.
            free_voice: Who plays variations: at the bottom of `voice`, or `voice` itself.
            variation: 0 (note for note) to 1, for repetitions that begin from now on.
            allowed: Which pitches may sound.
            holding: Whether bars may be held: where not, those of a place that was kept are let go.

        """
        self._voice = voice
        self._free_voice = free_voice
        self._variation = variation
        self._allowed = allowed
        self._holding = holding

    def hold(self, place: Any, notes: Sequence[Note], first: int, last: int) -> LoopState:
        """Return the place from which the bars from `first` to `last` come again, from `last` on."""
        after, left = (place.after, place.left) if isinstance(place, LoopState) else (place, last)
        length = last - first
        again = tuple(shifted(notes, length))
        return LoopState(after, place.onset, left, last, again, length, cursor_of(place), first, Replay((), 0.0))

    def let_go(self, place: Any, tick: int) -> Any:
        """Return the place from which the music goes on after holding, as if it had not been held."""
        if not isinstance(place, LoopState):
            return place
        cursor = cursor_of(place.after)
        cursor = self._free_voice.shifted(cursor, tick - place.left, cursor.number + NUMBERS_A_HOLD)
        cursor = self._free_voice.rest_until(cursor, tick)
        if not isinstance(self._voice, FormVoice):
            return cursor
        after = self._voice.rest_until(place.after, tick)
        if place.after.replay is not None or after.replay is not None:
            return after
        return self._voice.played(replace(after, inner=cursor, onset=cursor.onset), _repeated(place, tick))

    def request(self, place: Any, bias: Bias | None = None) -> StepRequest | None:
        """Return the run of the network that is needed; None while notes are replayed verbatim."""
        place = self._present(place)
        if not isinstance(place, LoopState):
            return self._voice.request(place, bias)
        wanted = place.replay.bias()
        return None if wanted is None else self._free_voice.request(place.cursor, wanted)

    def advance(self, place: Any, step: Step | None) -> tuple[Note | None, Any]:
        """Return the next note and the place after it."""
        place = self._present(place)
        if not isinstance(place, LoopState):
            return self._voice.advance(place, step)
        if place.replay.done:
            return None, self._next_round(place)
        if step is None:
            note = place.replay.next
            after = replace(place, onset=note.onset, replay=place.replay.advance(note.onset, note))
            return (note if self._allowed(note.pitch) else None), after
        made, cursor = self._free_voice.advance(place.cursor, step)
        if cursor.onset >= place.round_start + place.length:
            return None, self._next_round(place)
        return made, replace(place, onset=cursor.onset, cursor=cursor, replay=place.replay.advance(cursor.onset, made))

    def shifted(self, place: Any, ticks: int, number: int) -> Any:
        """Return a place of the voice as if it were so many ticks later."""
        return self._voice.shifted(place, ticks, number)

    def rest_until(self, place: Any, tick: int) -> Any:
        """Return the place from which nothing starts before a position."""
        if not isinstance(place, LoopState):
            return self._voice.rest_until(place, tick)
        while tick >= place.round_start + place.length:
            place = self._next_round(place)
        cursor = self._free_voice.aligned_before(place.cursor, tick)
        return replace(
            place, onset=max(place.onset, tick - 1), cursor=cursor, replay=place.replay.advance(tick - 1, None)
        )

    def held_at(self, place: LoopState, tick: int) -> LoopState:
        """Return the place from which what is held is repeated at another position, in the same phase."""
        start = place.began + (tick - place.began) // place.length * place.length
        again = replayed(place.notes, start - place.began, self._variation)
        cursor = self._free_voice.aligned_before(place.cursor, tick)
        return replace(place, onset=tick - 1, cursor=cursor, round_start=start, replay=again.advance(tick - 1, None))

    def _present(self, place: Any) -> Any:
        """Let go what is not held any more: after a locate a place can be one of bars that were held once."""
        if self._holding or not isinstance(place, LoopState):
            return place
        return self.let_go(place, max(place.left, self._free_voice.bar_line_after(place.onset)))

    def _next_round(self, place: LoopState) -> LoopState:
        start = place.round_start + place.length
        again = replayed(place.notes, start - place.began, self._variation)
        cursor = place.cursor if again.verbatim else self._free_voice.aligned_before(place.cursor, start)
        return replace(place, onset=max(place.onset, start - 1), cursor=cursor, round_start=start, replay=again)


def _repeated(place: LoopState, until: int) -> list[Note]:
    """Return the notes of all repetitions before a position."""
    starts = range(place.began, until, place.length)
    again = [note for start in starts for note in shifted(place.notes, start - place.began)]
    return [note for note in again if note.onset < until]


def cursor_of(place: Any) -> Any:
    """Return where the network is, in whatever place."""
    if isinstance(place, LoopState):
        return place.cursor
    return place.inner if isinstance(place, FormState) else place
