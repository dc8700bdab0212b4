"""What a piece's own past says of its next note, computed for a whole piece at once.

The events before a note suggest how it may go on: as the music did after the longest passage that the last notes
repeat, in the same pitches or some steps away, and as it did one, two, four, eight and sixteen bars ago. Each of these
is a `lag`: the next event would be the one so many events back. For training all of them are computed here; when the
network plays, `trainer.network.recollection_step` computes the same from its state, one note at a time.

A copy model of this kind, the longest match of the context (the idea of prediction by partial matching, Cleary and
Witten 1984), is worth a nat a note beside a recurrent network that has no such view (docs/training.md).
"""

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.event_encoding import (
    DELTA_CLASSES,
    DURATION_CLASSES,
    LADDER,
    PITCHES,
    VELOCITY_BINS,
    ladder_class,
)
from lstm_composer.trainer.runs.network_config import PAST

IntArray = NDArray[np.int32]

BARS: Final = (1, 2, 4, 8, 16)
"""How many bars ago the music is looked at, besides the two longest matches."""
MATCHES: Final = 2
"""The longest match by pitches, and that by intervals."""
CANDIDATES: Final = MATCHES + len(BARS)
LONGEST: Final = PAST - 1
"""Events of a match, or bars, beyond which more make no difference."""
NO_DELTA, NO_PITCH, NO_DURATION, NO_VELOCITY = DELTA_CLASSES, PITCHES, DURATION_CLASSES, VELOCITY_BINS
"""Classes of a candidate that suggests nothing."""
CLASSES: Final = 4
"""Fields of a candidate that are classes of an event."""
FIELDS: Final = CLASSES + 2
"""Of a candidate: delta, pitch, duration and velocity of the event that it suggests, and for how many events the music
has agreed with that lag so far, by pitches and by intervals."""

NOTHING: Final = (NO_DELTA, NO_PITCH, NO_DURATION, NO_VELOCITY, 0, 0)
"""The fields of a candidate that suggests nothing."""

PITCH_CODES: Final = 256
"""A code of time and pitch, or time and interval, is so many times the class of the delta, and what says how high."""
LOUDNESS_CODES: Final = 128
"""A code of duration and velocity is so many times the class of the velocity, and the class of the duration."""
INTERVAL_ZERO: Final = 128
"""Added to an interval in a code."""
SAME_PASSAGE: Final = 6
"""Events that must agree for a passage to count as the same."""
STEPS: Final = (0, 1, 2, 3, 4, 5, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362)
"""Where classes of counts begin, finer for small ones."""


def count_classes() -> IntArray:
    """Class 0..len(STEPS) - 1 of each count from 0 to LONGEST: events of a match, or bars since the beginning."""
    return (np.searchsorted(STEPS, np.arange(LONGEST + 1), "right") - 1).astype(np.int32)


class Recollection(NamedTuple):
    """What the past of a piece of n events says at each of its n + 1 steps; step i tells of event i.

    Attributes:
        candidates: int16 [n + 1, CANDIDATES, FIELDS].
        times: int16 [n + 1], how often the passage of the last SAME_PASSAGE events has been there before.

    """

    candidates: NDArray[np.int16]
    times: NDArray[np.int16]


def recollect(events: IntArray, onsets: Sequence[int], bar_ticks: Sequence[int]) -> Recollection:
    """Find what the past suggests at each step of a piece of n events.

    Args:
        events: [n, 4] classes.
        onsets: n + 1 positions in ticks: of the start of the piece, then of each event.
        bar_ticks: n + 1 lengths of the bar, in ticks, at these positions.

    Where nothing matches, the match is of length 0 and suggests the event before once more: one case less for the
    exported graph. Bars ago before the piece began, or at its start, nothing is suggested.

    """
    count = len(events)
    delta, pitch, duration, velocity = events.astype(np.int32).T
    interval = np.diff(pitch, prepend=PITCHES)
    time = PITCH_CODES * delta
    agree = np.stack([run_lengths(time + pitch), run_lengths(time + interval + INTERVAL_ZERO)])
    found = np.full((count + 1, CANDIDATES, FIELDS), NOTHING, np.int16)
    steps = np.arange(1, count + 1, dtype=np.int32)
    for which in range(MATCHES):
        at = steps - 1 - np.argmax(agree[which], axis=1)
        reached = pitch[at] if which == 0 else pitch + interval[at]
        found[1:, which, 0] = delta[at]
        found[1:, which, 1] = np.where((reached >= 0) & (reached < PITCHES), reached, NO_PITCH)
        found[1:, which, 2], found[1:, which, 3] = duration[at], velocity[at]
        found[1:, which, CLASSES:] = agree[:, steps - 1, steps - at - 1].T
    struck, bar = np.array(onsets[1:], np.int64), np.array(bar_ticks[1:], np.int64)
    for which, bars in enumerate(BARS, start=MATCHES):
        then = struck - bar * bars
        at = _counterparts(struck, then)
        ticks = np.clip(struck[at] - then, 0, LADDER[-1])
        found[1:, which, 0] = np.where(then >= 0, ladder_table()[ticks], NO_DELTA)
        found[1:, which, 1:CLASSES] = np.stack([pitch, duration, velocity], 1)[at]
        found[1:, which, CLASSES:] = agree[:, steps - 1, steps - at - 1].T
        found[1:, which][(then < 0) & (steps < PAST)] = NOTHING
    times = np.append(0, (agree[0] >= SAME_PASSAGE).sum(axis=1)).astype(np.int16)
    return Recollection(found, times)


@cache
def ladder_table() -> NDArray[np.float32]:
    """Class of the ladder value nearest to each number of ticks from 0 to its last."""
    return np.array([ladder_class(ticks) for ticks in range(LADDER[-1] + 1)], np.float32)


def run_lengths(codes: IntArray) -> NDArray[np.int16]:
    """For how many events in a row, up to each, the music has been what it was `lag` events before.

    Args:
        codes: [n], equal where events agree.

    Returns:
        int16 [n, PAST]: by event and lag - 1.

    """
    count = len(codes)
    lengths = np.zeros((PAST, count), np.int32)
    steps = np.arange(count, dtype=np.int32)
    for lag in range(1, min(PAST, count - 1) + 1):
        same = codes[lag:] == codes[:-lag]
        last_other = np.maximum.accumulate(np.where(same, 0, steps[1 : count - lag + 1]))
        lengths[lag - 1, lag:] = steps[1 : count - lag + 1] - last_other
    return np.minimum(lengths, np.iinfo(np.int16).max).T.astype(np.int16)


def _counterparts(onsets: NDArray[np.int64], then: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the counterpart, among the events that are remembered, of the event that follows each of n events.

    Where as many notes have been struck now as were struck then, it is the first one after them.

    Args:
        onsets: [n] ticks of the events.
        then: [n] ticks at which their counterparts began.

    """
    steps = np.arange(1, len(onsets) + 1)
    oldest = np.maximum(steps - PAST, 0)
    first = np.maximum(np.searchsorted(onsets, then, "left"), oldest)
    behind = np.maximum(np.searchsorted(onsets, then, "right"), oldest)
    so_far = steps - np.maximum(np.searchsorted(onsets, onsets, "left"), oldest)
    found: NDArray[np.int64] = first + np.minimum(so_far, behind - first)
    return found
