"""Where each bar began: so that going back to bar 17 plays bar 17 again, and a loop the same loop.

The music of a bar follows from the place in the stream before it, so that the place is enough to make the bar anew,
note for note, and all that come after it.
"""

from typing import Any

LATEST_BARS = 256
"""Bars back from the latest for which every place is kept."""
FIRST_BARS = 8
"""So are those of the first bars, where a song is started again."""
KEPT_EVERY = 8
"""Of the bars between, every so many: making up to seven others on the way takes some ten milliseconds."""


class BarMemory:
    """Keeps the places before bars, by their number from 0."""

    def __init__(self) -> None:
        self._places: dict[int, Any] = {}

    def __len__(self) -> int:
        """Return how many places are kept."""
        return len(self._places)

    def keep(self, number: int, place: Any) -> None:
        """Keep the place before the first note of a bar, or of a later one if nothing starts in it."""
        self._places[number] = place
        old = number - LATEST_BARS
        if old >= FIRST_BARS and old % KEPT_EVERY:
            self._places.pop(old, None)

    def forget_after(self, number: int) -> None:
        """Forget all bars after this one: from there the music goes another way."""
        for later in [key for key in self._places if key > number]:
            del self._places[later]

    def before(self, number: int) -> Any:
        """Return the place of a bar, or of the latest before it that is kept.

        Raises:
            ValueError: If there is none.

        """
        return self._places[max(key for key in self._places if key <= number)]

    def latest(self) -> int:
        """Return the number of the latest bar kept, -1 if there is none."""
        return max(self._places, default=-1)
