"""The queue between the engine and the dispatcher: notes made a bar or two ahead, each with the state before it."""

import threading
from collections import deque

from runtime.improviser import Advance, Place, Placed
from runtime.notes import Note

WAIT_SECONDS = 0.1
"""How soon a stop is seen while the queue is full."""


class LookAhead:
    """Makes notes on a thread of its own and hands them to the dispatcher, which never waits for the network.

    It is the dispatcher's `NoteSource`. What has been made but not taken can be dropped and made anew from the
    state kept before it (`restart`), so that a changed control is heard long before the look-ahead has run out.

    Attributes:
        end_tick: Position at which the performance ends, None if it goes on until it is stopped.

    """

    def __init__(self, advance: Advance, cursor: Place, *, ahead_ticks: int, end_tick: int | None = None) -> None:
        self.end_tick = end_tick
        self._ahead_ticks = ahead_ticks
        self._placed: deque[Placed] = deque()
        self._advance = advance
        self._cursor: Place = cursor
        self._restarts = 0
        self._taken_before = 0
        self._complete = False
        self._ended = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    def run(self, stop: threading.Event) -> None:
        """Keep the queue filled until everything is taken or `stop` is set; an exception is handed to the taker."""
        try:
            # Not only until everything is made: a restart may come as long as there is something left to take.
            while not stop.is_set() and not self.finished():
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
            self._cursor = after
            self._complete = self.end_tick is not None and after.onset >= self.end_tick
            if note is not None and not self._complete:
                self._placed.append(Placed(note, before))
            self._changed.notify_all()

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

    def restart(self, advance: Advance) -> None:
        """Drop what has not been taken and make it anew with other controls, from the state before it."""
        with self._changed:
            self._restarts += 1
            self._advance = advance
            if self._placed:
                self._cursor = self._placed[0].before
                self._complete = False
            self._placed.clear()
            self._changed.notify_all()

    def finished(self) -> bool:
        """Tell whether every note there will be has been taken."""
        with self._changed:
            return self._complete and not self._placed

    def wait_until_filled(self, timeout_seconds: float) -> bool:
        """Wait for a full queue; True if it filled, or nothing more will come, in time."""
        with self._changed:
            return self._changed.wait_for(self._is_filled, timeout_seconds)

    def _is_filled(self) -> bool:
        enough = self._cursor.onset >= self._taken_before + self._ahead_ticks
        return enough or self._complete or self._ended

    def ticks_ahead(self, position: int) -> int:
        """Ticks of music that are made beyond a position."""
        return max(0, self._cursor.onset - position)
