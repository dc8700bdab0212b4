"""What has been made, and where each bar began: so that bar 17 is bar 17 again, and a loop the same loop.

The music of a bar follows from the state before it: that state is enough to make the bar anew, note for note, and all
that come after it. The notes are kept as well, so that what starts on the very pulse of a DAW's Start is there at once,
and bars that were heard can be repeated. As long as a note can still be dropped, the state before it is kept too.
"""

from bisect import bisect_left
from collections import deque
from typing import Generic, TypeVar

from lstm_composer.runtime.music.notes import Note

LATEST_BARS = 128
"""Bars back from the latest for which every state is kept, and the notes."""
FIRST_BARS = 8
"""So are those of the first bars, where music is started again."""
KEPT_EVERY = 8
"""Of the states between, every so many: making up to seven others on the way takes some ten milliseconds."""
MOST_STATES = 1024
"""Where more would be kept (nearly four hours at 120 bpm), every second of those between goes, and so on: a `play`
that is left on for days does not grow, and takes a little longer to go back to where it was hours ago."""
S = TypeVar("S")


class BarHistory(Generic[S]):
    """Keeps the notes of bars and the states before them, by their number from that of the first bar.

    Attributes:
        until: Position before which everything that starts is known, as far back as it is kept.

    """

    def __init__(self, bar_ticks: int, first_bar: int = 0) -> None:
        self._bar_ticks, self._first_bar, self._kept_every = bar_ticks, first_bar, KEPT_EVERY
        self._states: dict[int, S] = {}
        self._notes: dict[int, list[Note]] = {}
        self._droppable: deque[tuple[int, S]] = deque()  # onset of a note, and the state before it
        self.until = 0

    def __len__(self) -> int:
        """Return for how many bars a state is kept."""
        return len(self._states)

    def save_state(self, number: int, state: S) -> None:
        """Keep the state before the first note of a bar, or of a later one if nothing starts in it."""
        self._states[number] = state
        old = number - LATEST_BARS
        if old >= self._first_bar + FIRST_BARS:
            self._notes.pop(old, None)
            if old % self._kept_every:
                self._states.pop(old, None)
        if len(self._states) > MOST_STATES:
            self._keep_half(old)

    def _keep_half(self, last: int) -> None:
        """Let every second state go of those between the first bars and `last`."""
        self._kept_every *= 2
        first = self._first_bar + FIRST_BARS
        for number in [key for key in self._states if first <= key <= last and key % self._kept_every]:
            del self._states[number]

    def add_note(self, note: Note) -> bool:
        """Keep a note, made in the order of onsets; False if it is known already."""
        notes = self._notes.setdefault(note.onset // self._bar_ticks, [])
        if note.onset < self.until or note in notes:
            return False
        notes.append(note)
        return True

    def keep_droppable(self, note: Note, before: S) -> None:
        """Keep the state before a note that may be dropped, until it is taken."""
        self._droppable.append((note.onset, before))

    def know_until(self, tick: int) -> None:
        """Note that everything that starts before a position is known."""
        self.until = max(self.until, tick)

    def notes_between(self, first: int, last: int | None = None) -> list[Note]:
        """Return the kept notes that start at `first` or later, and before `last` if that is given."""
        end = (max(self._notes, default=-1) + 1) * self._bar_ticks
        last = end if last is None else min(last, end)
        bars = range(first // self._bar_ticks, -(-last // self._bar_ticks))
        return [note for bar in bars for note in self._notes.get(bar, ()) if first <= note.onset < last]

    def has_lost(self, tick: int) -> bool:
        """Tell whether notes from a position on were known and are not kept any more."""
        oldest = self.latest() - LATEST_BARS
        return oldest >= self._first_bar + FIRST_BARS and tick // self._bar_ticks <= oldest

    def take(self, tick: int) -> None:
        """Note that the notes before a position cannot be dropped any more."""
        while self._droppable and self._droppable[0][0] < tick:
            self._droppable.popleft()

    def skip_to(self, tick: int) -> bool:
        """Pass over notes that can be dropped, up to a position; False if that is not among them, or is not whole."""
        if not self._droppable or self._droppable[0][0] > tick:
            return False
        self.take(tick)
        return not self.has_lost(tick)

    def state_before_note(self, tick: int) -> S | None:
        """Return the state before the first note from a position on that can be dropped; None if there is none."""
        return next((state for onset, state in self._droppable if onset >= tick), None)

    def drop_from(self, tick: int) -> None:
        """Forget all that starts at a position or later: from there the music goes another way."""
        number = tick // self._bar_ticks
        for later in [key for key in self._notes if key > number]:
            del self._notes[later]
        if number in self._notes:
            notes = self._notes[number]
            del notes[bisect_left(notes, tick, key=lambda note: note.onset) :]
        while self._droppable and self._droppable[-1][0] >= tick:
            self._droppable.pop()
        self.until = min(self.until, tick)

    def drop_states_after(self, number: int) -> None:
        """Forget the states of all bars after this one, but for the first of all."""
        for later in [key for key in self._states if key > max(number, self._first_bar)]:
            del self._states[later]

    def leave(self) -> None:
        """Forget the states before notes that could be dropped: the music goes on from elsewhere."""
        self._droppable.clear()

    def state_before(self, number: int) -> S:
        """Return the state of a bar, or of the latest before it that is kept.

        Raises:
            ValueError: If there is none.

        """
        return self._states[max(key for key in self._states if key <= number)]

    def latest(self) -> int:
        """Return the number of the latest bar kept, -1 if there is none."""
        return max(self._states, default=-1)
