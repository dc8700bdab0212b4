"""What has been made of a song, in stretches: the music from its beginning, and from far positions that were gone to.

The music of a bar follows from that of all bars before it, which take time to make: a thousand take twenty seconds. So
a position far beyond what has been played begins a stretch of its own there (`Anew`), at once. A stretch that has begun
holds: whoever goes to one of its bars again, or near behind it, hears its music again.

`Song` adds to that what has been taken of it.
"""

import sys
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from lstm_composer.runtime.generation.bar_history import BarHistory
from lstm_composer.runtime.generation.voice_state import EnsembleState
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note

NEAR_BARS: Final = 16
"""So many bars beyond the last that was played the music is made through all bars between, in a third of a second on
two busy cores. Counted in bars and not in time, so that it is the same music on every machine."""
BEHIND_TICKS: Final = TICKS_PER_QUARTER // 2
"""A note made so long after its time is not played any more: the engine rests, and comes in again with a bar."""
MOST_STRETCHES: Final = 32
"""Stretches that are kept; beyond that, the one that was gone to least recently goes, and never the first."""

S = TypeVar("S")
Anew = Callable[[EnsembleState, EnsembleState, int], EnsembleState]
"""Gives the state to play from at a far bar line, from the states at the song's beginning and at present."""


class Stretch(Generic[S]):
    """Music that goes on from one bar.

    Attributes:
        first_bar: Number of that bar, from 0.
        history: Its notes and states.
        reached_bar: The last bar that notes have been taken of.
        stale_before: Notes before this position were made otherwise than they would be now.

    """

    def __init__(self, bar_ticks: int, first_bar: int, state: S) -> None:
        """Begin with a bar, from the state before it."""
        self.first_bar = self.reached_bar = first_bar
        self.history = BarHistory[S](bar_ticks, first_bar)
        self.history.save_state(first_bar, state)
        self.stale_before = 0

    def reach(self, bar: int) -> None:
        """Note that notes of a bar have been taken."""
        self.reached_bar = max(self.reached_bar, bar)

    def go_another_way(self, before_bar: int, tick: int) -> None:
        """Forget what starts at a position or later, and where the bars after one begin: all will be made otherwise."""
        self.history.drop_from(tick)
        self.history.drop_states_after(before_bar)
        self.stale_before = tick

    def become_stale(self) -> None:
        """Note that all notes were made otherwise than they would be now."""
        self.stale_before = sys.maxsize

    def forget_stale(self, bar: int, tick: int) -> None:
        """Forget what was made from a position on, if it would be made otherwise now, or is not whole any more."""
        is_stale = tick < self.stale_before
        if is_stale:
            self.history.drop_states_after(bar)
        if is_stale or self.history.has_lost(tick):
            self.history.drop_from(tick)
            self.stale_before = min(tick, self.stale_before)

    def skip_to(self, tick: int) -> bool:
        """Pass over what is made and not taken, up to a position; False if that is not among it, or is stale."""
        return tick >= self.stale_before and self.history.skip_to(tick)


class Stretches(Generic[S]):
    """The stretches of a song.

    Attributes:
        present: The one that is played.

    """

    def __init__(self, bar_ticks: int, beginning: S) -> None:
        """Begin with the song's beginning."""
        self._bar_ticks = bar_ticks
        self.present = self._first = Stretch(bar_ticks, 0, beginning)
        self._all = [self._first]  # but for the first, in the order in which they were gone to

    def begin(self, bar: int, state: S) -> None:
        """Go to a new stretch that begins with a bar, from the state before it."""
        self.present.history.leave()
        self.present = Stretch(self._bar_ticks, bar, state)
        self._all.append(self.present)
        if len(self._all) > MOST_STRETCHES:
            del self._all[1]

    def covering(self, bar: int) -> Stretch[S] | None:
        """Return the stretch that a bar belongs to: of those that come to it the one that begins last; None if none."""
        coming = [one for one in self._all if one.first_bar <= bar <= one.reached_bar + NEAR_BARS]
        return max(coming, key=lambda one: one.first_bar, default=None)

    def go_to(self, stretch: Stretch[S]) -> None:
        """Go to a stretch that is there, to make its music from a bar line on."""
        self.present.history.leave()
        self.present = stretch
        if stretch is not self._first:
            self._all.remove(stretch)
            self._all.append(stretch)

    def forget_others(self) -> None:
        """Drop the stretches other than the present: their notes would be made differently now."""
        if self.present is self._first:
            self._all = [self._first]
        else:
            self._first.become_stale()
            self._all = [self._first, self.present]


class Song(Stretches[EnsembleState]):
    """What is made of a song, and what of it has been taken to be played."""

    def __init__(self, bar_ticks: int, beginning: EnsembleState) -> None:
        """Begin with the song's beginning, of which nothing has been taken."""
        super().__init__(bar_ticks, beginning)
        self._taken_before = 0
        self._heard_from = 0  # what is made before this position is passed over
        self._arrived_from = 0  # before this position a song that went elsewhere may still be on its way
        self._late: list[Note] = []

    @property
    def history(self) -> BarHistory[EnsembleState]:
        """The notes and states of the present stretch."""
        return self.present.history

    @property
    def taken_before(self) -> int:
        """Position before which notes have been taken."""
        return self._taken_before

    def next_bar(self, tick: int = 0) -> int:
        """Return the first bar line that nothing has been taken beyond, not before a position."""
        return -(-max(self._taken_before, tick) // self._bar_ticks) * self._bar_ticks

    def add(self, note: Note, before: EnsembleState) -> None:
        """Keep a note that has been made from a state; one that comes a little too late is taken with the next."""
        for number in range(self.history.latest() + 1, note.onset // self._bar_ticks + 1):
            self.history.save_state(number, before.without_ready())
        new = self.history.add_note(note)
        if note.onset >= self._taken_before:
            self.history.keep_droppable(note, before)
        elif new and note.onset >= max(self._heard_from, self._taken_before - BEHIND_TICKS):
            self._late.append(note)

    def is_behind(self, onset: int) -> bool:
        """Tell whether an event comes too late, unless it is on its way to another position or known there.

        In the first bar after a position that the song went to it may catch up: a rest there would be remembered as
        that bar's music.
        """
        return (
            onset >= max(self._heard_from, self._arrived_from)
            and max(onset, self.history.until) < self._taken_before - BEHIND_TICKS
        )

    def take(self, tick: int) -> list[Note]:
        """Return the notes that have not been taken, before a position: they cannot be dropped any more."""
        notes, self._late = self._late, []
        if tick > self._taken_before:
            notes += self.history.notes_between(self._taken_before, tick)
            self._taken_before = tick
            self.present.reach(tick // self._bar_ticks)
        self.history.take(tick)
        return notes

    def to_come(self) -> list[Note]:
        """Return the notes that have been made for positions that have not been taken."""
        return self.history.notes_between(self._taken_before)

    def is_all_taken(self) -> bool:
        """Tell whether all that has been made has been taken."""
        return not self._late and not self.to_come()

    def go_another_way(self, before: EnsembleState, tick: int) -> None:
        """Forget what starts at a position or later, and has not been taken: the music goes on from another state.

        Args:
            before: The state that it has come to.
            tick: The position.

        """
        self._heard_from = max(tick, self._taken_before)
        self._late = []
        self.present.go_another_way(before.onset // self._bar_ticks, self._heard_from)
        self.forget_others()

    def locate(self, tick: int) -> None:
        """Note that the song goes on from a position: what starts there is taken next."""
        self._heard_from = self._taken_before = tick
        self._arrived_from = tick + self._bar_ticks
        self._late = []
