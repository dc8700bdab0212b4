"""The queue between the engine and the dispatcher: notes made a bar or two ahead, each with the state before it."""

import threading
from collections import deque
from dataclasses import dataclass

from runtime.bar_memory import BarMemory
from runtime.improviser import Advance, Place, Placed
from runtime.notes import Note

WAIT_SECONDS = 0.1
"""How soon a stop is seen while the queue is full."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Another way to go on, from a position."""

    from_tick: int
    advance: Advance
    place: Place | None


class LookAhead:
    """Makes notes on a thread of its own and hands them to the dispatcher, which never waits for the network.

    It is the dispatcher's `NoteSource`. What has been made but not taken can be dropped and made anew from the
    state kept before it (`restart`), so that a changed control is heard long before the look-ahead has run out; and it
    can go on from any other position (`locate`).

    Attributes:
        end_tick: Position at which the performance ends, None if it goes on until it is stopped.

    """

    def __init__(
        self, advance: Advance, cursor: Place, *, bar_ticks: int, ahead_ticks: int, end_tick: int | None = None
    ) -> None:
        self.end_tick = end_tick
        self._bar_ticks = bar_ticks
        self._ahead_ticks = ahead_ticks
        self._placed: deque[Placed] = deque()
        self._advance = advance
        self._cursor: Place = cursor
        self._bars = BarMemory()
        self._bars.keep(0, cursor)
        self._restarts = 0
        self._turn: Turn | None = None
        self._from = 0  # notes before this position are passed over
        self._taken_before = 0
        self._complete = False
        self._ended = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    def run(self, stop: threading.Event) -> None:
        """Keep the queue filled until `stop` is set; an exception ends it as well and is handed to the taker."""
        try:
            while not stop.is_set():
                with self._changed:
                    if self._is_filled():
                        self._changed.wait(WAIT_SECONDS)
                        continue
                    advance, before, restarts = self._advance, self._cursor, self._restarts
                note, after = advance(before)
                self._append(before, note, after, restarts)
        except BaseException as error:  # noqa: BLE001 - raised again where the notes are taken
            self._failure = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _append(self, before: Place, note: Note | None, after: Place, restarts: int) -> None:
        with self._changed:
            if restarts != self._restarts:
                return  # a restart came while this event was made
            if self._turn is not None and after.onset >= self._turn.from_tick:
                self._take_turn(before)  # this event comes after the turn: it is made again
                return
            self._cursor = after
            self._complete = self.end_tick is not None and after.onset >= self.end_tick
            if note is not None and not self._complete:
                self._keep_bars(note.onset, before)
                if note.onset >= self._from:
                    self._placed.append(Placed(note, before))
            self._changed.notify_all()

    def _keep_bars(self, onset: int, before: Place) -> None:
        for number in range(self._bars.latest() + 1, onset // self._bar_ticks + 1):
            self._bars.keep(number, before)

    def take_before(self, tick: int) -> list[Note]:
        """Hand over the notes with an onset before `tick`; raises what stopped the engine, if something did."""
        if self._failure is not None:
            raise self._failure
        with self._changed:
            self._taken_before = max(self._taken_before, tick)
            notes: list[Note] = []
            while self._placed and self._placed[0].note.onset < tick:
                notes.append(self._placed.popleft().note)
            self._changed.notify_all()
            return notes

    def restart(self, advance: Advance, from_tick: int = 0, place: Place | None = None) -> None:
        """Drop what has not been taken and make it anew with other controls, from the state before it.

        Args:
            advance: Makes the events from now on.
            from_tick: What starts before this position stays as it is.
            place: Where to go on instead, a place at `from_tick` or later: a new piece, say.

        """
        with self._changed:
            self._turn = Turn(from_tick, advance, place)
            kept = [placed for placed in self._placed if placed.note.onset < from_tick]
            dropped = list(self._placed)[len(kept) :]
            if dropped:
                self._cursor = dropped[0].before
            if dropped or self._cursor.onset >= from_tick:
                self._take_turn(self._cursor)
            self._placed = deque(kept)
            self._changed.notify_all()

    def _take_turn(self, before: Place) -> None:
        """Go another way from a place on."""
        turn = self._turn
        if turn is None:
            return
        self._restarts += 1
        self._advance, self._turn = turn.advance, None
        self._cursor = before if turn.place is None else turn.place
        self._complete = False
        self._bars.forget_after(before.onset // self._bar_ticks)

    def next_bar(self) -> int:
        """Return the first bar line that nothing has been taken beyond."""
        with self._changed:
            return -(-self._taken_before // self._bar_ticks) * self._bar_ticks

    def locate(self, tick: int) -> None:
        """Go on from a position, 0 or later: with the notes that were made there, or else with new ones up to it."""
        with self._changed:
            self._from = self._taken_before = tick
            if self._placed and self._placed[0].note.onset <= tick:
                while self._placed and self._placed[0].note.onset < tick:
                    self._placed.popleft()
            else:
                self._restarts += 1
                self._placed.clear()
                self._cursor = self._bars.before(tick // self._bar_ticks)
            self._complete = False
            self._changed.notify_all()

    def coming(self) -> list[Note]:
        """Return the notes that are made and not taken, in order."""
        with self._changed:
            return [placed.note for placed in self._placed]

    def finished(self) -> bool:
        """Tell whether every note there will be has been taken."""
        with self._changed:
            return self._complete and not self._placed

    def wait_until_filled(self, timeout_seconds: float) -> bool:
        """Wait for a full queue; True if it filled, or nothing more will come, in time."""
        with self._changed:
            return self._changed.wait_for(self._is_filled, timeout_seconds)

    def wait_until_made(self, tick: int, timeout_seconds: float) -> bool:
        """Wait until all notes before a position are made; True if they are in time."""
        with self._changed:
            made = lambda: self._cursor.onset >= tick or self._complete or self._ended  # noqa: E731 - one line says it
            return self._changed.wait_for(made, timeout_seconds)

    def _is_filled(self) -> bool:
        enough = self._cursor.onset >= self._taken_before + self._ahead_ticks
        return enough or self._complete or self._ended

    def ticks_ahead(self, position: int) -> int:
        """Ticks of music that are made beyond a position."""
        return max(0, self._cursor.onset - position)
