"""The queue between the engine and the dispatcher: notes made a bar or two ahead, as a schedule of segments says."""

import threading
from collections.abc import Callable
from typing import Final

from lstm_composer.runtime.errors import ComposerError, MissingError, RunError
from lstm_composer.runtime.generation.schedule import Schedule, Segment
from lstm_composer.runtime.generation.stretches import Anew, Song
from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.generation.voice_state import EnsembleState
from lstm_composer.runtime.music.notes import Note

WAIT_SECONDS: Final = 0.1
"""How soon a stop is seen while the queue is full."""
MOST_FAILURES: Final = 50
"""Failures in a row, a tenth of a second apart, before the engine is given up."""

RestUntil = Callable[[EnsembleState, int], EnsembleState]
"""Gives the state from which nothing starts before a position."""


class LookAhead:
    """Makes notes on a thread of its own and hands them to the dispatcher, which never waits for the network.

    It is the dispatcher's `NoteSource`. What has been made but not taken can be dropped and made anew from the
    state kept before it (`set_schedule`), so that a changed control is heard long before the look-ahead has run out;
    and it can go on from any other position (`locate`), with the notes that were made there before if nothing has
    changed. A position far beyond them begins music of its own, at once and the same each time
    (`runtime.generation.stretches`).

    An engine that fails, or is too slow, costs a rest: the music comes in again on the next bar line.

    Attributes:
        bar_ticks: Length of a bar.
        end_tick: Position at which the performance ends, None if it goes on until it is stopped.
        rests: How often the engine has failed or been too slow, and the music has rested to the next bar line.
        problem: What the engine failed with last, None if it never has.

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
            cursor: The state before the first.
            bar_ticks: Length of a bar.
            ahead_ticks: How far ahead of what is taken the music is made.
            end_tick: Position at which it ends.
            rest: Needed for an engine that may fail, which otherwise ends the performance.
            anew: Begins at far positions; without it all bars before them are made.

        """
        self.end_tick = end_tick
        self.rests = 0
        self.problem: Exception | None = None
        self.bar_ticks = bar_ticks
        self._ahead_ticks = ahead_ticks
        self._rest = rest
        self._beginning, self._anew = cursor, anew
        self._cursor = cursor
        self._song = Song(bar_ticks, cursor)
        self._schedule = Schedule((Segment(0, advance),))
        self._failures = 0
        self._complete = False
        self._ended = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition(threading.RLock())

    def run(self, stop: threading.Event) -> None:
        """Keep the queue filled until `stop` is set; what ends it before is handed to the taker."""
        try:
            while not stop.is_set():
                failures = self._failures
                if self.make_one():
                    continue
                if self._failures > failures:
                    stop.wait(WAIT_SECONDS)
                    continue
                with self._changed:
                    if self._is_filled():
                        self._changed.wait(WAIT_SECONDS)
        except BaseException as error:  # noqa: BLE001 - raised again where the notes are taken
            self._failure = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def make_one(self) -> bool:
        """Make one event; False if there is no room for it at present, or the engine has failed.

        Raises:
            ComposerError: If the engine is of no use any more.

        """
        with self._changed:
            if self._is_filled():
                return False
            segment, before = self._schedule.begun[-1], self._cursor
        try:
            note, after = segment.advance(before)
        except Exception as error:  # noqa: BLE001 - whatever the engine fails with costs a rest, or is raised again
            rest = self._rest_for(error)
            with self._changed:
                if self._is_awaited(segment, before):
                    self._rest_to_next_bar(before, rest)
            return False
        self._failures = 0
        with self._changed:
            if self._is_awaited(segment, before):
                self._append(before, note, after)
        return True

    def _is_awaited(self, segment: Segment, before: EnsembleState) -> bool:
        """Tell whether an event that has been made is still the next one: meanwhile all can have changed."""
        return self._schedule.is_making(segment) and self._cursor is before

    def _rest_for(self, error: Exception) -> RestUntil:
        """Return how the music rests after a failure; raises where it has to end."""
        if isinstance(error, ComposerError) and not isinstance(error, RunError):
            raise error  # says what is wrong for good, and what to do
        self.problem = error
        self._failures += 1
        if self._rest is None:
            raise error
        if self._failures >= MOST_FAILURES:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise MissingError(
                f"the network failed {self._failures} times in a row ({reason}): "
                "see what `lstm-composer doctor` finds, or try --device cpu"
            ) from error
        return self._rest

    def _append(self, before: EnsembleState, note: Note | None, after: EnsembleState) -> None:
        if self._begins_next(after.onset):
            self._begin_segment(before)  # this event belongs to the next segment: it is made again
            return
        if self._rest is not None and self._song.is_behind(after.onset):
            self._rest_to_next_bar(after, self._rest)
            return
        self._cursor = after
        self._complete = self.end_tick is not None and after.onset >= self.end_tick
        if note is not None and not self._complete:
            self._song.add(note, before)
        self._song.history.know_until(after.onset)
        self._changed.notify_all()

    def _rest_to_next_bar(self, state: EnsembleState, rest: RestUntil) -> None:
        self.rests += 1
        self._cursor = rest(state, self._song.next_bar(state.onset + 1))
        self._song.history.know_until(state.onset)
        self._changed.notify_all()

    def take_before(self, tick: int) -> list[Note]:
        """Hand over the notes with an onset before `tick`; raises what stopped the engine, if something did."""
        if self._failure is not None:
            raise self._failure
        with self._changed:
            notes = self._song.take(tick)
            self._schedule = self._schedule.heard_before(self._song.taken_before)
            self._wake_if_short()
            return notes

    def _wake_if_short(self) -> None:
        """Wake the engine's thread if little is left.

        Else it looks by itself soon, and not while a note that has just been taken is on its way: the interpreter runs
        one thread at a time.
        """
        if self._known_until() - self._song.taken_before < self._ahead_ticks // 2:
            self._changed.notify_all()

    def _known_until(self) -> int:
        """Return the position up to which notes are at hand."""
        return max(self._cursor.onset, self._song.history.until)

    def coming(self) -> list[Note]:
        """Return the notes that are made and have not been taken, in the order of their onsets."""
        with self._changed:
            return self._song.to_come()

    def heard(self, first: int, last: int) -> list[Note]:
        """Return the notes that were made to start at `first` or later and before `last`, as far as they are kept."""
        with self._changed:
            return self._song.history.notes_between(first, last)

    def set_schedule(self, *segments: Segment) -> None:
        """Drop what has not been taken from the first segment on, and make it anew, from the state before it.

        Args:
            segments: What is to be made, in the order of their positions; none to make nothing until there are some.

        """
        with self._changed:
            before = self._song.history.state_before_note(segments[0].from_tick if segments else 0)
            self._cursor = self._cursor if before is None else before
            self._schedule = self._schedule.changed(segments)
            if not segments:
                self._song.history.drop_from(self._song.taken_before)
                self._complete = False
            elif before is not None or not self._schedule.begun:
                self._begin_segment(self._cursor)
            while self._begins_next(self._cursor.onset):
                self._begin_segment(self._cursor)
            self._changed.notify_all()

    def coming_segments(self) -> tuple[Segment, ...]:
        """Return the segments of which nothing has been taken.

        After a locate what is being made holds everywhere: it is to come no more.
        """
        with self._changed:
            return self._schedule.unheard

    def _begins_next(self, tick: int) -> bool:
        """Tell whether the next segment begins at a position or before it."""
        next_tick = self._schedule.next_tick
        return next_tick is not None and tick >= next_tick

    def _begin_segment(self, before: EnsembleState) -> None:
        """Make events of the next segment, which begins after a state."""
        segment, self._schedule = self._schedule.with_next()
        self._song.go_another_way(before, segment.from_tick)
        self._cursor = segment.entered(before)
        self._complete = False

    def taken_before(self) -> int:
        """Return the position before which notes have been handed over."""
        return self._song.taken_before

    def next_bar(self) -> int:
        """Return the first bar line that nothing has been taken beyond."""
        with self._changed:
            return self._song.next_bar()

    def locate(self, tick: int) -> None:
        """Go on from a position, 0 or later.

        With the notes that were made there, or else with new ones: up to it from the last state before it, or, far from
        all that was played, as if the music began there.
        """
        with self._changed:
            self._song.locate(tick)
            self._complete = False
            self._schedule = self._schedule.everywhere()
            bar = tick // self.bar_ticks
            stretch = self._song.present if self._anew is None else self._song.covering(bar)
            if stretch is None:
                self._begin_anew(bar)
            elif stretch is not self._song.present or not stretch.skip_to(tick):
                self._song.go_to(stretch)
                self._cursor = stretch.history.state_before(bar)
                stretch.forget_stale(bar, tick)
            self._wake_if_short()

    def _begin_anew(self, bar: int) -> None:
        """Begin at a bar far from all that was played; segments to come take effect there."""
        if self._anew is None:
            return
        present, coming = self._cursor, self._schedule.coming
        for segment in coming:
            present = segment.entered(present)
        self._schedule = self._schedule.at_its_end()
        self._cursor = self._anew(self._beginning, present, bar * self.bar_ticks)
        self._song.begin(bar, self._cursor)
        if coming:
            self._song.forget_others()

    def finished(self) -> bool:
        """Tell whether every note there will be has been taken."""
        with self._changed:
            return self._complete and self._song.is_all_taken()

    def wait_until_filled(self, timeout_seconds: float) -> bool:
        """Wait for a full queue; True if it filled, or nothing more will come, in time."""
        with self._changed:
            self._changed.notify_all()
            return self._changed.wait_for(self._is_filled, timeout_seconds)

    def wait_until_made(self, tick: int, timeout_seconds: float) -> bool:
        """Wait until all notes before a position are made; True if they are in time."""
        with self._changed:
            self._changed.notify_all()
            made = lambda: self._song.history.until >= tick or self._complete or self._ended  # noqa: E731 - one line says it
            return self._changed.wait_for(made, timeout_seconds)

    def _is_filled(self) -> bool:
        enough = self._cursor.onset >= self._song.taken_before + self._ahead_ticks
        return enough or not self._schedule.begun or self._complete or self._ended

    def ticks_ahead(self, position: int) -> int:
        """Ticks of music that are made beyond a position."""
        return max(0, self._known_until() - position)
