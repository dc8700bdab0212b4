"""Windows of four bars that stand out: simple features, and the range that human windows of a style have.

One window in a piece that has ten times the notes of any other, lies two octaves lower or falls silent is heard at
once, however usual the piece is on average.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lstm_composer.trainer.measures.passage import Flags, Floats, Passage
from lstm_composer.trainer.measures.sounding import chroma

WINDOW_BARS = 4
INSIDE = 0.995
"""Share of human windows in the range of each feature."""
FEATURES = (
    "notes",
    "onsets",
    "chord_size",
    "polyphony",
    "lowest",
    "highest",
    "mean_pitch",
    "pitch_spread",
    "chroma_entropy",
    "length",
    "largest_leap",
    "longest_gap",
)


@dataclass(frozen=True, slots=True)
class WindowRange:
    """What human windows of a style do.

    Attributes:
        low: Of each of FEATURES [F] the smallest value that is inside.
        high: The greatest.

    """

    low: Floats
    high: Floats

    def outside(self, passage: Passage) -> Flags:
        """Whether each window [W] of WINDOW_BARS bars of a passage, side by side, is outside the range."""
        found = window_features(passage)
        return np.asarray(np.any((found < self.low) | (found > self.high), axis=1))


def window_range(passages: Iterable[Passage]) -> WindowRange:
    """Find the range of each feature in which INSIDE of all windows of some passages are.

    Raises:
        ValueError: If no passage is as long as a window.

    """
    found = np.concatenate([np.empty((0, len(FEATURES))), *(window_features(passage) for passage in passages)])
    if not len(found):
        raise ValueError(f"no passage has {WINDOW_BARS} bars: there are no windows to see what is usual")
    tail = (1 - INSIDE) / 2
    return WindowRange(
        np.quantile(found, tail, axis=0, method="lower"), np.quantile(found, 1 - tail, axis=0, method="higher")
    )


def window_features(passage: Passage) -> Floats:
    """FEATURES [W, F] of the windows of WINDOW_BARS bars that lie side by side; a rest that is shorter is left out.

    Notes and onsets a quarter note; notes that begin together, mean; notes that sound, mean over time; lowest, highest
    and mean pitch and its standard deviation; entropy of how long each pitch class sounds, in nats; mean length of a
    note, in octaves of a tick; largest leap of the top line, in half tones; longest time without an onset, in quarter
    notes. All are 0 in a window without notes.
    """
    sounding = np.add.reduceat(chroma(passage), np.arange(0, passage.bars, WINDOW_BARS), axis=0)
    parts = passage.parts(WINDOW_BARS)
    return np.array([_features(part, ticks) for part, ticks in zip(parts, sounding, strict=False)]).reshape(
        -1, len(FEATURES)
    )


def _features(window: Passage, sounding: Floats) -> list[float]:
    if not window.notes:
        return [0.0] * len(FEATURES)
    span = float(window.lines[-1] - window.lines[0])
    onsets, first = np.unique(window.onset, return_index=True)
    top = np.maximum.reduceat(window.pitch, first)
    shares = sounding[sounding > 0] / max(1.0, sounding.sum())
    gaps = np.diff([window.lines[0], *onsets, window.lines[-1]])
    return [
        24 * window.notes / span,
        24 * len(onsets) / span,
        window.notes / len(onsets),
        sounding.sum() / span,
        window.pitch.min(),
        window.pitch.max(),
        window.pitch.mean(),
        window.pitch.std(),
        -float((shares * np.log(shares)).sum()),
        float(np.log2(window.duration).mean()),
        float(np.abs(np.diff(top)).max(initial=0)),
        gaps.max() / 24,
    ]
