"""How long each pitch, and each pitch class, sounds in each bar."""

import numpy as np

from lstm_composer.runtime.music.event_encoding import PITCHES
from lstm_composer.trainer.measures.passage import Floats, Passage


def sounding_ticks(passage: Passage) -> Floats:
    """For how many ticks each pitch sounds in each bar [B, 128]; what sounds beyond the last bar is left out."""
    sounding = np.zeros((passage.bars, PITCHES))
    bar, pitch = passage.bar, passage.pitch
    begin, end = passage.onset, np.minimum(passage.onset + passage.duration, passage.lines[-1])
    while len(bar):
        line = passage.lines[bar + 1]
        np.add.at(sounding, (bar, pitch), np.minimum(end, line) - begin)
        across = end > line
        bar, begin, end, pitch = bar[across] + 1, line[across], end[across], pitch[across]
    return sounding


def chroma(passage: Passage) -> Floats:
    """For how many ticks each pitch class sounds in each bar [B, 12], all octaves and voices added up."""
    ticks = sounding_ticks(passage)
    return np.stack([ticks[:, tone::12].sum(axis=1) for tone in range(12)], axis=1)


def window_sums(values: Floats, bars: int) -> Floats:
    """Sums over every run of so many rows: [B, K] gives [B - bars + 1, K], of fewer rows one sum of all."""
    totals = np.concatenate([np.zeros((1, values.shape[1])), values.cumsum(axis=0)])
    bars = min(bars, len(values))
    sums: Floats = totals[bars:] - totals[:-bars]
    return sums
