"""Features of a stretch in time: what repeats, when notes begin and how long they last."""

import numpy as np

from lstm_composer.trainer.judging.outline import (
    Outline,
    distinct,
    entropy,
    joined,
    length_bins,
    mean,
    mean_and_spread,
    shares,
)
from lstm_composer.trainer.measures.continuation import LENGTHS as MATCHES
from lstm_composer.trainer.measures.continuation import matches
from lstm_composer.trainer.measures.passage import Floats, Numbers
from lstm_composer.trainer.measures.returns import ALIKE, jaccard, returns_of
from lstm_composer.trainer.measures.similarity import LENGTHS

LAGS = (1, 2, 4, 8)
"""Bars."""
_PLACES = 12
"""Bins in a quarter note: two ticks each."""


def repetition(outline: Outline) -> Floats:
    """How bars come back by notes, rhythm and pitches, how long matches are, and how many figures are different."""
    passage = outline.passage
    whole = jaccard(passage, passage.place * 128 + passage.pitch)
    rhythm, pitches = jaccard(passage, passage.place), jaccard(passage, passage.pitch)
    returned = returns_of(passage)
    length, continued = matches(passage)
    tops, bottoms = np.diff(outline.top), np.diff(outline.bottom)
    events = np.diff(passage.onset, prepend=passage.onset[:1]) * 128 + passage.pitch
    return joined(
        *(_at_lags(kind) for kind in (whole, rhythm, pitches)),
        *(_nearest(kind) for kind in (whole, rhythm, pitches)),
        [returned.bars, returned.in_phrases, returned.longest, returned.loop],
        [mean(length >= reach) for reach in MATCHES],
        [mean(continued[length >= reach]) for reach in MATCHES[:4]],
        mean(np.log2(1 + length)),
        [distinct(events, run) for run in (2, 4, 8)],
        [distinct(line, run) for line in (tops, bottoms) for run in (3, 5)],
    )


def _at_lags(alike: Floats) -> list[float]:
    return [mean(np.diagonal(alike, -lag)) for lag in LAGS]


def _nearest(alike: Floats) -> list[float]:
    """Of the bars from the second on: how like the likest before they are, and how many are the same and varied."""
    best = np.tril(alike, -1)[1:].max(axis=1, initial=0)
    return [mean(best), mean(best >= ALIKE), mean(best >= 1)]


def rhythm(outline: Outline) -> Floats:
    """Places in the beat, times between onsets, how full bars are and how they differ."""
    passage = outline.passage
    bar = np.searchsorted(passage.lines, outline.onsets, "right") - 1
    place = outline.onsets - passage.lines[bar]
    steps = np.diff(outline.onsets)
    bins = length_bins(steps)
    in_bars, notes = (np.bincount(bars, minlength=passage.bars) for bars in (bar, passage.bar))
    patterns = {tuple(place[bar == number].tolist()) for number in range(passage.bars)}
    return joined(
        shares(place % 24 * _PLACES // 24, _PLACES),
        shares(bins, len(LENGTHS)),
        entropy(np.bincount(bins, minlength=1).astype(np.float64)),
        mean_and_spread(in_bars),
        mean_and_spread(notes),
        [len(patterns) / passage.bars, mean(place == 0) * len(place) / passage.bars, mean(place % 24 == 0)],
        [mean(steps[1:] == steps[:-1]), mean(in_bars == 0), float(steps.max(initial=0))],
        mean_and_spread(np.abs(np.diff(in_bars))),
    )


def durations(outline: Outline) -> Floats:
    """Note lengths, how they fill the time to the next onset, and whether notes struck together last as long."""
    passage = outline.passage
    upper_ends = np.append(outline.onsets[1:], passage.lines[-1])
    onset_number = np.searchsorted(outline.onsets, passage.onset)
    held = passage.duration / np.maximum(1, upper_ends[onset_number] - passage.onset)
    together = np.flatnonzero(np.diff(onset_number) == 0)
    even = passage.duration[together] == passage.duration[together + 1]
    return joined(
        shares(length_bins(passage.duration), len(LENGTHS)),
        mean_and_spread(np.log2(passage.duration)),
        mean_and_spread(np.minimum(held, 8)),
        [mean(held < 0.9), mean(held == 1), mean(held > 1)],
        mean(even),
        mean(passage.duration[1:] == passage.duration[:-1]),
        distinct(_lengths_in_order(passage.duration), 4),
        mean(outline.sounding.max(axis=1)),
    )


def _lengths_in_order(duration: Numbers) -> Numbers:
    return length_bins(duration).astype(np.int64)
