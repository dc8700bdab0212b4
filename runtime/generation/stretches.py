"""What has been made of a song, in stretches: the music from its beginning, and from far positions that were gone to.

The music of a bar follows from that of all bars before it, which take time to make: a thousand take twenty seconds. So
a position far beyond what has been played begins a stretch of its own there (`Anew`), at once. A stretch that has begun
holds: whoever goes to one of its bars again, or near behind it, hears its music again.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from runtime.generation.bar_history import BarHistory
from runtime.generation.voice_state import EnsembleState

NEAR_BARS: Final = 16
"""So many bars beyond the last that was played the music is made through all bars between, in a third of a second on
two busy cores. Counted in bars and not in time, so that it is the same music on every machine."""
MOST_STRETCHES: Final = 32
"""Stretches that are kept; beyond that, the one that was gone to least recently goes, and never the first."""

S = TypeVar("S")
Anew = Callable[[EnsembleState, EnsembleState, int], EnsembleState]
"""Gives the state to play from at a far bar line, from the states at the song's beginning and at present."""


@dataclass
class Stretch(Generic[S]):
    """Music that goes on from one bar.

    Attributes:
        first_bar: Number of that bar, from 0.
        history: Its notes and states.
        reached_bar: The last bar that notes have been taken of.
        stale_before: Notes before this position were made otherwise than they would be now.

    """

    first_bar: int
    history: BarHistory[S]
    reached_bar: int
    stale_before: int = 0


class Stretches(Generic[S]):
    """The stretches of a song.

    Attributes:
        present: The one that is played.

    """

    def __init__(self, bar_ticks: int, beginning: S) -> None:
        """Begin with the song's beginning."""
        self._bar_ticks = bar_ticks
        self._all: list[Stretch[S]] = []  # but for the first, in the order in which they were gone to
        self.present = self._first = self.begin(0, beginning)

    def begin(self, bar: int, state: S) -> Stretch[S]:
        """Go to a new stretch that begins with a bar, from the state before it."""
        history = BarHistory[S](self._bar_ticks, bar)
        history.save_state(bar, state)
        self.present = Stretch(bar, history, bar)
        self._all.append(self.present)
        if len(self._all) > MOST_STRETCHES:
            del self._all[1]
        return self.present

    def covering(self, bar: int) -> Stretch[S] | None:
        """Return the stretch that a bar belongs to: of those that come to it the one that begins last; None if none."""
        coming = [one for one in self._all if one.first_bar <= bar <= one.reached_bar + NEAR_BARS]
        return max(coming, key=lambda one: one.first_bar, default=None)

    def go_to(self, stretch: Stretch[S]) -> None:
        """Go to a stretch that is there."""
        self.present = stretch
        if stretch is not self._first:
            self._all.remove(stretch)
            self._all.append(stretch)

    def forget_others(self) -> None:
        """Drop the stretches other than the present: their notes would be made differently now."""
        self._first.stale_before = sys.maxsize if self.present is not self._first else self._first.stale_before
        self._all = [self._first] if self.present is self._first else [self._first, self.present]
