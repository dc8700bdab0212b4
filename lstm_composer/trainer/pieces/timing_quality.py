"""Which files do not keep the time that they write down: played without a click, or in another meter than they say.

A network learns where in the bar notes fall. A recording made without a click, in one tempo from beginning to end,
has its onsets anywhere in the beat; a waltz whose file says 4/4 has its strong beats anywhere in the bar. Both teach
that nothing is anywhere. They are named with figures, and can be left out.

Measured on 3,200 files (scores, and performances with a tempo map that puts their onsets on the beat): `pulse` is
0.37 and more. Of 313 of these performances flattened into one tempo, 312 are below PULSE_NEEDED; piano competition
recordings have 0.06 and less. Of 1,033 files in one meter, 4 are taken for wrong, at least three of them rightly. Given
a wrong meter, 63% of the pieces in three that say 4/4 are found, and 29% of those in two or four that say 3/4.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, TICKS_PER_WHOLE, Meter
from lstm_composer.trainer.pieces.piece import Piece

PULSE_NEEDED = 0.3
METER_DOUBT_ALLOWED = 0.15
FEWEST_ONSETS = 100
"""With fewer, a few chance coincidences make a pulse or lack one."""
FEWEST_BARS = 16
"""A meter that holds for fewer is not judged."""
LONGEST_JUDGED_TICKS = 100_000 * TICKS_PER_QUARTER
"""Half a day of music: a longer stretch is one damaged time, and would not fit into memory as sixteenths."""
_DIVISIONS = np.array([1, 2, 3, 4, 6, 8, 12])
_GRID = np.array([0, 6, 8, 12, 16, 18, 24])
_CELL = 6
_DUPLE_BAR, _TRIPLE_BAR = 96, 72
_REPETITIONS = (1, 2, 4)

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TimingQuality:
    """How well a piece keeps the time that its file writes down.

    Attributes:
        off_tick: Mean distance of the file's own onsets from the nearest tick, in ticks; 0.25 is chance.
        off_grid: Mean distance of onsets from the nearest sixteenth or triplet eighth, in ticks; 1.17 is chance.
        pulse: How much onsets gather at places of the beat, 0 (spread evenly) to 1 (always the same places of its
            halves, thirds, quarters, sixths, eighths or twelfths).
        meter_doubt: By how much the music repeats itself better after bars of the other kind (three quarters instead
            of four, or the reverse), as a difference of autocorrelations, -2..2; 0 if it cannot be said.
        faults: What is wrong, in words that follow the piece's name; empty for a tidy piece.

    """

    off_tick: float
    off_grid: float
    pulse: float
    meter_doubt: float
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Music in one meter, from `tick` on for so many `ticks`, as far as notes begin there."""

    meter: Meter
    tick: int
    ticks: int


def timing_quality(piece: Piece) -> TimingQuality:
    """Measure a piece."""
    onsets = np.unique([note.onset for note in piece.notes]).astype(float)
    pulse = pulse_of(onsets)
    stretch = longest_stretch(piece)
    doubt = _meter_doubt(piece, stretch)
    faults: list[str] = []
    if len(onsets) >= FEWEST_ONSETS and pulse < PULSE_NEEDED:
        tempos = "one tempo" if piece.timing.tempos == 1 else f"{piece.timing.tempos} tempos"
        faults.append(f"has its onsets anywhere in the beat (pulse {pulse:.2f}, in {tempos}): played without a click?")
    elif doubt > METER_DOUBT_ALLOWED:
        quarters = "three" if _kind(stretch.meter) == "duple" else "four"
        faults.append(f"says {stretch.meter} but repeats in {quarters} quarters (by {doubt:.2f}): wrong meter?")
    return TimingQuality(piece.timing.off_tick, _off_grid(onsets), pulse, doubt, tuple(faults))


def pulse_of(onsets: _Floats) -> float:
    """Vector strength (Goldberg and Brown 1969) of onsets in ticks within the beat, the largest over its divisions."""
    turns = np.exp(2j * np.pi / TICKS_PER_QUARTER * np.outer(_DIVISIONS, onsets))
    return float(np.abs(turns.mean(axis=1)).max())


def _off_grid(onsets: _Floats) -> float:
    return float(np.abs(onsets[:, None] % TICKS_PER_QUARTER - _GRID).min(axis=1).mean())


def longest_stretch(piece: Piece) -> Stretch:
    """The stretch in one meter that is the longest of a piece."""
    end = piece.notes[-1].onset + 1
    starts = [*(change.tick for change in piece.meters if change.tick < end), end]
    stretches = [
        Stretch(change.meter, start, following - start)
        for change, (start, following) in zip(piece.meters, pairwise(starts), strict=False)
    ]
    return max(stretches, key=lambda stretch: stretch.ticks)


def _meter_doubt(piece: Piece, stretch: Stretch) -> float:
    """How much better a stretch repeats in three quarters than in four, or the reverse, whichever it does not say.

    Autocorrelation of accents, as in J. C. Brown, "Determination of the meter of musical scores by autocorrelation"
    (1993): notes count by their length, since longer ones are heard as stronger.
    """
    kind = _kind(stretch.meter)
    fewest = FEWEST_BARS * max(stretch.meter.ticks_per_bar, _DUPLE_BAR)
    if kind is None or not fewest <= stretch.ticks <= LONGEST_JUDGED_TICKS:
        return 0.0
    likeness = _autocorrelation(_accents(piece, stretch))
    better = _repeats(likeness, _TRIPLE_BAR) - _repeats(likeness, _DUPLE_BAR)
    return better if kind == "duple" else -better


def _kind(meter: Meter) -> Literal["duple", "triple"] | None:
    """Whether bars fit into four quarters or into three, or are made of such; None for all others (5/4, 3/2, 1/8)."""
    bar, beat = meter.ticks_per_bar, meter.ticks_per_beat
    duple, triple = (
        (whole % bar == 0 or bar % whole == 0) and whole % beat == 0 for whole in (_DUPLE_BAR, _TRIPLE_BAR)
    )
    if duple == triple:
        return None
    return "duple" if duple else "triple"


def _accents(piece: Piece, stretch: Stretch) -> _Floats:
    """Summed lengths of the notes that begin in each sixteenth of a stretch, a whole note at most."""
    accents = np.zeros(stretch.ticks // _CELL + 2)
    for note in piece.notes:
        since = note.onset - stretch.tick
        if 0 <= since < stretch.ticks:
            accents[(since + _CELL // 2) // _CELL] += min(note.duration, TICKS_PER_WHOLE)
    return accents


def _autocorrelation(accents: _Floats) -> _Floats:
    """Likeness of accents to themselves by lag, 1 at lag 0; all 0 where nothing varies."""
    centred = accents - accents.mean()
    size = len(centred)
    spectrum = np.fft.rfft(centred, 2 * size)
    sums: _Floats = np.fft.irfft(np.abs(spectrum) ** 2)[:size]
    return sums / np.arange(size, 0, -1) / (centred.var() or np.inf)


def _repeats(likeness: _Floats, bar: int) -> float:
    return float(np.mean([likeness[times * bar // _CELL] for times in _REPETITIONS]))
