"""Features of a stretch in pitch and loudness: lines, what sounds together, key and chroma, velocities."""

import numpy as np

from lstm_composer.runtime.music.event_encoding import VELOCITY_BINS, VELOCITY_STEP
from lstm_composer.runtime.music.key_estimation import key_numbers
from lstm_composer.trainer.judging.outline import Outline, distinct, entropy, joined, mean, mean_and_spread, shares
from lstm_composer.trainer.measures.passage import Floats, Numbers
from lstm_composer.trainer.measures.sounding import chroma, window_sums
from lstm_composer.trainer.measures.tonality import SCALES, main_key

_WIDEST = 9
"""Half tones; wider steps of a line count as this wide."""
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8), (0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11), (0, 3, 6, 9))
"""Major, minor, diminished and augmented triads; dominant, minor, major and diminished sevenths."""
_VELOCITY_BANDS = 8


def lines(outline: Outline) -> Floats:
    """Steps of the highest and the lowest line, their turns and reach, and how the two move against each other."""
    top, bottom = np.diff(outline.top), np.diff(outline.bottom)
    both = (top != 0) & (bottom != 0)
    apart = (outline.top - outline.bottom) % 12
    kept = (apart[1:] == apart[:-1]) & both & (outline.struck[1:] > 1) & (outline.struck[:-1] > 1)
    return joined(
        shares(top + _WIDEST, 2 * _WIDEST + 1),
        shares(bottom + _WIDEST, 2 * _WIDEST + 1),
        _turns(top),
        _turns(bottom),
        [mean(top * bottom > 0), mean(top * bottom < 0), mean((top == bottom) & both)],
        [mean(kept & (apart[1:] == perfect)) for perfect in (0, 7)],
        mean_and_spread(outline.top - outline.bottom),
        mean_and_spread(outline.top),
        mean_and_spread(outline.bottom),
        [float(np.ptp(outline.top)), float(np.ptp(outline.bottom))],
    )


def _turns(steps: Numbers) -> list[float]:
    """How far a line moves, how often it goes on by step, turns after a leap and moves as far as it has just moved."""
    now, then = steps[1:], steps[:-1]
    leaps = np.abs(then) > 4
    return [
        mean(np.abs(steps)),
        mean((np.abs(steps) <= 2) & (steps != 0)),
        mean(np.sign(now) == np.sign(then)),
        mean((now * then < 0)[leaps]),
        mean(now == then),
    ]


def verticals(outline: Outline) -> Floats:
    """Intervals between what sounds, above the bass too, how much sounds and is struck, and which chords it makes."""
    sounding = outline.sounding
    voices = sounding.sum(axis=1)
    pairs = [np.logical_and(sounding[:, width:], sounding[:, :-width]).sum() for width in range(1, 25)]
    by_class = np.array(pairs, np.float64).reshape(2, 12).sum(axis=0)
    classes = np.stack([sounding[:, tone::12].any(axis=1) for tone in range(12)], axis=1)
    bass = np.argmax(sounding, axis=1)
    above = classes[np.arange(len(bass))[:, np.newaxis], (bass[:, np.newaxis] + np.arange(1, 12)) % 12]
    return joined(
        by_class / max(1.0, by_class.sum()),
        above.mean(axis=0),
        shares(voices - 1, 8),
        shares(outline.struck - 1, 6),
        _chord_shares(classes),
        mean_and_spread(voices),
        mean_and_spread(classes.sum(axis=1)),
    )


def _chord_shares(classes: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]") -> list[float]:
    """Share of the onsets [K, 12] at which each of _CHORDS sounds, and nothing else."""
    numbers = classes @ (1 << np.arange(12))
    return [
        mean(np.isin(numbers, [sum(1 << (tone + root) % 12 for tone in chord) for root in range(12)]))
        for chord in _CHORDS
    ]


def tonality(outline: Outline) -> Floats:
    """Pitch classes from the tonic, how the key and the chroma move, and what begins and ends the stretch."""
    passage = outline.passage
    by_bar = chroma(passage)
    total = by_bar.sum(axis=0)
    pairs = window_sums(by_bar, 2)
    keys = key_numbers(pairs[pairs.any(axis=1)])
    main = main_key(keys, int(key_numbers(total)))
    tonic, mode = main % 12, main // 12
    struck = np.bincount(passage.pitch % 12, minlength=12).astype(np.float64)
    unit = by_bar / np.maximum(1e-9, np.linalg.norm(by_bar, axis=1, keepdims=True))
    near = (unit[1:] * unit[:-1]).sum(axis=1)
    return joined(
        np.roll(struck, -tonic) / passage.notes,
        [float(mode), mean(keys == main), len(np.unique(keys)), mean(keys[1:] != keys[:-1])],
        mean(~np.roll(SCALES[mode], tonic)[passage.pitch % 12]),
        [entropy(total), entropy(struck), mean(np.array([entropy(bar) for bar in by_bar]))],
        mean_and_spread(near),
        mean((unit[4:] * unit[:-4]).sum(axis=1)),
        mean((by_bar > 0).sum(axis=1)),
        [float((line[end] - tonic) % 12 == 0) for line in (outline.bottom, outline.top) for end in (0, -1)],
    )


def velocity(outline: Outline) -> Floats:
    """How loud, how varied, by the place in the beat and from note to note."""
    passage = outline.passage
    bins = passage.velocity // VELOCITY_STEP
    steps = np.diff(bins)
    together = np.diff(passage.onset) == 0
    on_beat = passage.place % 24 == 0
    loud, whole = mean(bins), mean(bins.astype(np.float64))
    return joined(
        shares(bins * _VELOCITY_BANDS // VELOCITY_BINS, _VELOCITY_BANDS),
        mean_and_spread(bins),
        [len(np.unique(bins)), entropy(np.bincount(bins).astype(np.float64)), mean(steps == 0)],
        mean_and_spread(np.abs(steps)),
        [mean(np.abs(steps)[together]), mean(np.abs(steps)[~together])],
        [mean(bins[on_beat]) - loud, mean(bins[passage.place == 0]) - whole],
        distinct(bins, 4),
        float(np.corrcoef(bins, passage.pitch)[0, 1]) if bins.std() > 0 < passage.pitch.std() else 0.0,
    )
