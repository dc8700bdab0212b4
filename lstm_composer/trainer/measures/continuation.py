"""How long music goes on copying itself: how often the longest match of what was just played is continued.

An event is (delta to the onset before, pitch) of one note. Before each note the events just played are looked for
earlier in the same piece; the longest match (of several the latest) says what came next there. Whether it comes again
is counted by the length of the match.
"""

from collections.abc import Iterable

import numpy as np

from lstm_composer.trainer.measures.passage import Floats, Numbers, Passage

LENGTHS = (1, 2, 4, 8, 16)
"""A match counts with the last of these that it reaches."""


def matches(passage: Passage) -> tuple[Numbers, Numbers]:
    """Before each note but the first the length of the longest match, and whether the note continues it; both [N - 1].

    Where nothing matches both are 0. The time grows with the square of the notes: 20 ms for a thousand.
    """
    events = _events(passage)
    length = np.zeros(max(0, len(events) - 1), np.int64)
    continued = length.copy()
    reach = np.zeros(len(events), np.int64)
    for now in range(1, len(events)):
        # reach[j]: how many events up to and with j are the same as those up to and with the one before `now`.
        reach[1:now] = np.where(events[1:now] == events[now - 1], reach[: now - 1] + 1, 0)
        reach[0] = int(events[0] == events[now - 1])
        earlier = reach[: now - 1]
        if len(earlier):
            best = len(earlier) - 1 - int(np.argmax(earlier[::-1]))
            length[now - 1] = earlier[best]
            continued[now - 1] = int(earlier[best] > 0 and events[best + 1] == events[now])
    return length, continued


def continuation_table(passages: Iterable[Passage]) -> dict[int, float]:
    """The share 0..1 of the matches in some passages that are continued, by the last of LENGTHS that they reach."""
    counts: Floats = np.zeros((2, len(LENGTHS)))
    for passage in passages:
        length, continued = matches(passage)
        column = np.searchsorted(LENGTHS, length, "right") - 1
        for row, kept in enumerate((column >= 0, (column >= 0) & (continued > 0))):
            counts[row] += np.bincount(column[kept], minlength=len(LENGTHS))
    return {at_least: float(hits / tries) for at_least, tries, hits in zip(LENGTHS, *counts, strict=True) if tries}


def _events(passage: Passage) -> Numbers:
    """One number for each note, the same for the same delta and pitch; the first has delta 0."""
    deltas = np.diff(passage.onset, prepend=passage.onset[:1])
    events: Numbers = deltas * 128 + passage.pitch
    return events
