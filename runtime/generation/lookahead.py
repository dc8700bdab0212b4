"""The queue between the engine and the dispatcher: notes made a bar or two ahead, each with the state before it."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime.errors import ComposerError, MissingError, RunError
from runtime.generation.bar_history import BarHistory
from runtime.generation.stretches import Anew, Stretches
from runtime.generation.voice import Advance, NoteWithState
from runtime.generation.voice_state import EnsembleState
from runtime.music.notes import TICKS_PER_QUARTER, Note

WAIT_SECONDS: Final = 0.1
"""How soon a stop is seen while the queue is full."""
BEHIND_TICKS: Final = TICKS_PER_QUARTER // 2
"""A note made so long after its time is not played any more: the engine rests, and comes in again with a bar."""
MOST_FAILURES: Final = 50
"""Failures in a row, a tenth of a second apart, before the engine is given up."""

RestUntil = Callable[[EnsembleState, int], EnsembleState]
"""Maps a stream state to one from which nothing starts before a tick."""
Enter = Callable[[EnsembleState], EnsembleState]
"""Maps the current stream state to the one to resume from."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A pending change of generator, effective from a tick.

    Attributes:
        from_tick: Notes that start before this position stay as they are.
        advance: Makes the events from there on.
        enter: Maps the current stream state to the one to resume from; None to resume from the current one.

    """

    from_tick: int
    advance: Advance
    enter: Enter | None


class LookAhead:
    """Makes notes on a thread of its own and hands them to the dispatcher, which never waits for the network.

    It is the dispatcher's `NoteSource`. What has been made but not taken can be dropped and made anew from the
    state kept before it (`restart`), so that a changed control is heard long before the look-ahead has run out; and it
    can go on from any other position (`locate`), with the notes that were made there before if nothing has changed. A
    position far beyond them begins music of its own, at once and the same each time (`runtime.generation.stretches`).

    An engine that fails, or is too slow, costs a rest: the music comes in again on the next bar line.

    Attributes:
        bar_ticks: Length of a bar.
        end_tick: Position at which the performance ends, None if it goes on until it is stopped.
        rests: How often the engine has failed or been too slow, and the music has rested to the next bar line.
        problem: What the engine failed with last, None if it never has.
        settled: Counts the locates that came while no segment was pending: the last segment holds everywhere since.

    """

    def __init__(
        self,
        advance: Advance,
        cursor: EnsembleState,
        *,
        bar_ticks: int,
        ahead_ticks: int,
        end_tick: int | None = None,
        rest: RestUntil | None = None,
        anew: Anew | None = None,
    ) -> None:
        """Get ready.

        Args:
            advance: Makes the next event.
            cursor: The place before the first.
            bar_ticks: Length of a bar.
            ahead_ticks: How far ahead of what is taken the music is made.
            end_tick: Position at which it ends.
            rest: Needed for an engine that may fail, which otherwise ends the performance.
            anew: Begins at far positions; without it all bars before them are made.

        """
        self.end_tick = end_tick
        self.rests = 0
        self.problem: Exception | None = None
        self.settled = 0
        self.bar_ticks = bar_ticks
        self._ahead_ticks = ahead_ticks
        self._rest = rest
        self._placed: deque[NoteWithState[EnsembleState]] = deque()  # made and not taken, for a restart
        self._late: list[Note] = []
        self._advance = advance
        self._cursor = cursor
        self._beginning, self._anew = cursor, anew
        self._stretches = Stretches(bar_ticks, cursor)
        self._restarts = 0
        self._next_segment: Segment | None = None
        self._from = 0  # what is made before this position is passed over
        self._arrived_from = 0  # before this position a song that went elsewhere may still be on its way
        self._taken_before = 0
        self._failures = 0
        self._paused = False
        self._complete = False
        self._ended = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition(threading.RLock())

    @property
    def _history(self) -> BarHistory[EnsembleState]:
        return self._stretches.present.history

    def run(self, stop: threading.Event) -> None:
        """Keep the queue filled until `stop` is set; what ends it before is handed to the taker."""
        try:
            while not stop.is_set():
                with self._changed:
                    if self._is_filled():
                        self._changed.wait(WAIT_SECONDS)
                        continue
                    advance, before, restarts = self._advance, self._cursor, self._restarts
                self._make(advance, before, restarts, stop)
        except BaseException as error:  # noqa: BLE001 - raised again where the notes are taken
            self._failure = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _make(self, advance: Advance, before: EnsembleState, restarts: int, stop: threading.Event) -> None:
        try:
            note, after = advance(before)
        except Exception as error:
            if isinstance(error, ComposerError) and not isinstance(error, RunError):
                raise  # says what is wrong for good, and what to do
            self.problem = error
            self._failures += 1
            if self._rest is None:
                raise
            if self._failures >= MOST_FAILURES:
                reason = (str(error) or type(error).__name__).splitlines()[0]
                raise MissingError(
                    f"the network failed {self._failures} times in a row ({reason}): "
                    "see what `lstm-composer doctor` finds, or try --device cpu"
                ) from error
            with self._changed:
                if restarts == self._restarts:
                    self._rest_to_next_bar(before, self._rest)
            stop.wait(WAIT_SECONDS)
        else:
            self._failures = 0
            self._append(before, note, after, restarts)

    def _append(self, before: EnsembleState, note: Note | None, after: EnsembleState, restarts: int) -> None:
        with self._changed:
            if restarts != self._restarts:
                return  # a restart came while this event was made
            if self._next_segment is not None and after.onset >= self._next_segment.from_tick:
                self._begin_segment(before)  # this event belongs to the pending segment: it is made again
                return
            if self._rest is not None and self._is_behind(after):
                self._rest_to_next_bar(after, self._rest)
                return
            self._cursor = after
            self._complete = self.end_tick is not None and after.onset >= self.end_tick
            if note is not None and not self._complete:
                self._keep(note, before)
            self._history.until = max(self._history.until, after.onset)
            self._changed.notify_all()

    def _is_behind(self, after: EnsembleState) -> bool:
        """Tell whether the music has come too late, unless it is on its way to another position or known there.

        In the first bar after a position that the song went to it may catch up: a rest there would be remembered as
        that bar's music.
        """
        return (
            after.onset >= max(self._from, self._arrived_from)
            and max(after.onset, self._history.until) < self._taken_before - BEHIND_TICKS
        )

    def _keep(self, note: Note, before: EnsembleState) -> None:
        for number in range(self._history.latest() + 1, note.onset // self.bar_ticks + 1):
            self._history.save_state(number, before.without_ready())
        new = self._history.add_note(note)
        if note.onset >= self._taken_before:
            self._placed.append(NoteWithState(note, before))
        elif new and note.onset >= max(self._from, self._taken_before - BEHIND_TICKS):
            self._late.append(note)

    def _rest_to_next_bar(self, place: EnsembleState, rest: RestUntil) -> None:
        bar_line = self._bar_line_from(max(self._taken_before, place.onset + 1))
        self.rests += 1
        self._restarts += 1
        self._cursor = rest(place, bar_line)
        self._history.until = max(self._history.until, place.onset)
        self._changed.notify_all()

    def take_before(self, tick: int) -> list[Note]:
        """Hand over the notes with an onset before `tick`; raises what stopped the engine, if something did."""
        if self._failure is not None:
            raise self._failure
        with self._changed:
            notes, self._late = self._late, []
            if tick > self._taken_before:
                notes += self._history.notes_between(self._taken_before, tick)
                self._taken_before = tick
                present = self._stretches.present
                present.reached_bar = max(present.reached_bar, tick // self.bar_ticks)
            while self._placed and self._placed[0].note.onset < tick:
                self._placed.popleft()
            self._wake_if_short()
            return notes

    def _wake_if_short(self) -> None:
        """Wake the engine's thread if little is left.

        Else it looks by itself soon, and not while a note that has just been taken is on its way: the interpreter runs
        one thread at a time.
        """
        if self._known_until() - self._taken_before < self._ahead_ticks // 2:
            self._changed.notify_all()

    def _known_until(self) -> int:
        """Return the position up to which notes are at hand."""
        return max(self._cursor.onset, self._history.until)

    def coming(self) -> list[Note]:
        """Return the notes that are made and have not been taken, in the order of their onsets."""
        with self._changed:
            return [placed.note for placed in self._placed]

    def heard(self, first: int, last: int) -> list[Note]:
        """Return the notes that were made to start at `first` or later and before `last`, as far as they are kept."""
        with self._changed:
            return self._history.notes_between(first, last)

    def restart(self, advance: Advance, from_tick: int = 0, enter: Enter | None = None) -> None:
        """Drop what has not been taken and make it anew with other controls, from the state before it.

        Args:
            advance: Makes the events from now on.
            from_tick: What starts before this position stays as it is.
            enter: Maps the stream state at `from_tick` to the one to resume from, such as the start of a new piece.

        """
        with self._changed:
            self._next_segment = Segment(from_tick, advance, enter)
            kept = [placed for placed in self._placed if placed.note.onset < from_tick]
            dropped = list(self._placed)[len(kept) :]
            if dropped:
                self._cursor = dropped[0].before
            self._placed = deque(kept)
            if dropped or self._cursor.onset >= from_tick:
                self._begin_segment(self._cursor)
            self._changed.notify_all()

    def _begin_segment(self, before: EnsembleState) -> None:
        """Replace the generator by that of the pending segment, which begins after a stream state."""
        segment = self._next_segment
        if segment is None:
            return
        self._restarts += 1
        self._advance, self._next_segment = segment.advance, None
        start = max(segment.from_tick, self._taken_before)
        self._history.drop_from(start)
        self._history.drop_states_after(before.onset // self.bar_ticks)
        self._stretches.present.stale_before = self._from = start
        self._stretches.forget_others()
        self._late = []
        self._cursor = before if segment.enter is None else segment.enter(before)
        self._complete = False

    def go_on(self, advance: Advance, place: EnsembleState | None = None) -> None:
        """Go on after a pause or without one: from a place beyond what has been taken, None for where the music was."""
        with self._changed:
            self._paused = False
            self.restart(advance, 0, None if place is None else lambda _: place)

    def pause(self) -> None:
        """Drop what has not been taken and make nothing until `go_on`, whatever changes meanwhile."""
        with self._changed:
            self._restarts += 1
            self._paused = True
            self._complete = False
            if self._placed:
                self._cursor = self._placed[0].before
            self._placed.clear()
            self._history.drop_from(self._taken_before)

    def taken_before(self) -> int:
        """Return the position before which notes have been handed over."""
        return self._taken_before

    def next_bar(self) -> int:
        """Return the first bar line that nothing has been taken beyond."""
        with self._changed:
            return self._bar_line_from(self._taken_before)

    def _bar_line_from(self, tick: int) -> int:
        return -(-tick // self.bar_ticks) * self.bar_ticks

    def locate(self, tick: int) -> None:
        """Go on from a position, 0 or later.

        With the notes that were made there, or else with new ones: up to it from the last place before it, or, far from
        all that was played, as if the music began there.
        """
        with self._changed:
            self._from = self._taken_before = tick
            self._arrived_from = tick + self.bar_ticks
            self._late = []
            self._complete = False
            self.settled += self._next_segment is None
            bar = tick // self.bar_ticks
            stretch = self._stretches.present if self._anew is None else self._stretches.covering(bar)
            if stretch is None:
                self._begin_anew(bar)
            elif stretch is not self._stretches.present or not self._skip_placed(tick):
                self._restarts += 1
                self._placed.clear()
                self._stretches.go_to(stretch)
                self._cursor = self._history.state_before(bar)
                self._forget_stale(tick)
            self._wake_if_short()

    def _skip_placed(self, tick: int) -> bool:
        """Pass over what is made and not taken, up to a position; False if that is not among it, or is stale."""
        stale = tick < self._stretches.present.stale_before
        if stale or not self._placed or self._placed[0].note.onset > tick:
            return False
        while self._placed and self._placed[0].note.onset < tick:
            self._placed.popleft()
        return not self._history.has_lost(tick)

    def _forget_stale(self, tick: int) -> None:
        """Forget what was made from a position on, if it would be made otherwise now, or is not whole any more."""
        present = self._stretches.present
        stale = tick < present.stale_before
        if stale:
            self._history.drop_states_after(tick // self.bar_ticks)
        if stale or self._history.has_lost(tick):
            self._history.drop_from(tick)
            present.stale_before = min(tick, present.stale_before)

    def _begin_anew(self, bar: int) -> None:
        """Begin at a bar far from all that was played; a pending segment takes effect there."""
        if self._anew is None:
            return
        present, segment = self._cursor, self._next_segment
        if segment is not None:
            self._advance, self._next_segment = segment.advance, None
            present = present if segment.enter is None else segment.enter(present)
        self._cursor = self._anew(self._beginning, present, bar * self.bar_ticks)
        self._restarts += 1
        self._placed.clear()
        self._stretches.begin(bar, self._cursor)
        if segment is not None:
            self._stretches.forget_others()

    def finished(self) -> bool:
        """Tell whether every note there will be has been taken."""
        with self._changed:
            return self._complete and not self._placed and not self._late

    def wait_until_filled(self, timeout_seconds: float) -> bool:
        """Wait for a full queue; True if it filled, or nothing more will come, in time."""
        with self._changed:
            self._changed.notify_all()
            return self._changed.wait_for(self._is_filled, timeout_seconds)

    def wait_until_made(self, tick: int, timeout_seconds: float) -> bool:
        """Wait until all notes before a position are made; True if they are in time."""
        with self._changed:
            self._changed.notify_all()
            made = lambda: self._history.until >= tick or self._complete or self._ended  # noqa: E731 - one line says it
            return self._changed.wait_for(made, timeout_seconds)

    def _is_filled(self) -> bool:
        enough = self._cursor.onset >= self._taken_before + self._ahead_ticks
        return enough or self._paused or self._complete or self._ended

    def ticks_ahead(self, position: int) -> int:
        """Ticks of music that are made beyond a position."""
        return max(0, self._known_until() - position)
