"""What human music does: the bounds of the two gates in gates.py, made from excerpts of one number of notes.

- Loop bounds: every measure of repetition.py between the 1st and the 99th percentile of all human excerpts. Of
  cycles and of standing still less than human music has is no fault; their upper end is at 99.5.
- Copy bounds: every measure of copy_detection.py at most the 95th percentile of the excerpts that were compared with
  the training pieces.

Bounds that each turn away one excerpt in 100 or in 20 would together turn away more human music than 5 in 100. So all
of them are moved outward together, by the smallest of _WIDENINGS that lets HUMAN_SHARE of human music through both
gates, counted on music that the bounds were not made from: in turn, each fifth of the works is judged by bounds that
the other four fifths give. (On the very music that sets the bounds the share is higher, and means little.) For most
corpora percentiles nearer to 0 and 100 do; the bounds of a few pieces must lie beyond everything in them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.measures.copy_detection import NGRAM, CopyIndex, CopyMeasures, compare
from lstm_composer.trainer.measures.repetition import RepetitionMeasures, measure

LOOP_TAIL = 0.01
"""Share of human excerpts beyond each end of a loop measure."""
CYCLE_TAIL = 0.005
"""The same above the measures of cycles and of standing still: they are for what hardly anybody does."""
COPY_TAIL = 0.05
"""Share of human excerpts above a copy measure."""
HUMAN_SHARE = 0.95
"""Of human excerpts that pass both gates."""
FEWEST_EXCERPTS = 5
"""Fewer human excerpts say nothing of what is common."""
NO_LOOP: Mapping[str, float] = {"repeats": 0.01, "longest_run": 2, "cycle": 0.5, "still": 12}
"""Never bounded more tightly: in a corpus without any repeats, one note played twice would be a loop, and
a phrase played twice a cycle. Three bars of one chord are no standstill."""
NO_COPY: Mapping[str, float] = {"longest_match": NGRAM - 1}
"""The same: where works share no more than five notes, six in a row are still no copy. From NGRAM notes on, they are
one n-gram, and the other bound sees them."""
COMMON_BOUNDS: Mapping[str, float] = {"longest_match": 16, "copied_ngram_share": 0.05}
"""Copy bounds where there is no human music to compare: most corpora have theirs near these."""

_LOOP_MEASURES = tuple(field.name for field in fields(RepetitionMeasures))
_UPPER_ONLY = frozenset({"cycle", "still"})
_COPY_MEASURES = ("longest_match", "copied_ngram_share")
_WIDENINGS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.25, 1.5)
"""0: the percentiles as named; from there to 1 they move to 0 and 100, and beyond 1 the bounds leave the extremes
behind: at 1.5 by half of their distance from the median. Farther out, loops of four notes would pass."""
_SMALLEST_SPREAD: Mapping[str, float] = {
    "repeats": 0.01,
    "longest_run": 1,
    "cycle": 0.02,
    "still": 1,
    "longest_match": 1,
    "copied_ngram_share": 0.01,
}
"""Taken for that distance where all human excerpts are the same."""
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Measures:
    """All measures of one excerpt."""

    looping: RepetitionMeasures
    copying: CopyMeasures

    def value(self, name: str) -> float:
        """A measure by its name."""
        return float(getattr(self.looping if name in _LOOP_MEASURES else self.copying, name))


@dataclass(frozen=True, slots=True)
class HumanExcerpt:
    """Measures of an excerpt that a human wrote, and the number of its work; it was compared with other works only."""

    work: int
    measures: Measures


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of what human music does.

    Attributes:
        measure: A field of RepetitionMeasures or CopyMeasures.
        is_upper: Whether a value above it is outside, else one below it.
        value: The last value that is inside.
        tail: The share of human excerpts that was meant to be outside; 0 where none was.

    """

    measure: str
    is_upper: bool
    value: float
    tail: float

    def excludes(self, measures: Measures) -> bool:
        """Whether an excerpt lies outside."""
        value = measures.value(self.measure)
        return value > self.value if self.is_upper else value < self.value


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of both gates."""

    loop: tuple[Bound, ...]
    copy: tuple[Bound, ...]

    def include(self, measures: Measures) -> bool:
        """Whether an excerpt is inside all of them."""
        return not any(bound.excludes(measures) for bound in (*self.loop, *self.copy))


@dataclass(frozen=True, slots=True)
class HumanMusic:
    """What bounds are made from.

    Attributes:
        excerpts: For the loop bounds; at least one.
        compared: Those of them that are for the copy bounds; at least one.

    """

    excerpts: list[HumanExcerpt]
    compared: list[HumanExcerpt]

    @property
    def is_comparable(self) -> bool:
        """Whether there is enough music, and of more than one work, to know what works share."""
        return len(self.compared) >= FEWEST_EXCERPTS and len({excerpt.work for excerpt in self.excerpts}) > 1

    def bounds(self, widening: float) -> Bounds:
        """Make the bounds, moved outward by one of the widenings."""
        lower = [
            _bound(self.excerpts, name, LOOP_TAIL, widening, is_upper=False)
            for name in _LOOP_MEASURES
            if name not in _UPPER_ONLY
        ]
        upper = [
            _bound(self.excerpts, name, CYCLE_TAIL if name in _UPPER_ONLY else LOOP_TAIL, widening, is_upper=True)
            for name in _LOOP_MEASURES
        ]
        copy = [_bound(self.compared, name, COPY_TAIL, widening, is_upper=True) for name in _COPY_MEASURES]
        least = NO_COPY if self.is_comparable else COMMON_BOUNDS
        return Bounds((*lower, *_at_least(upper, NO_LOOP)), _at_least(copy, least))

    def smallest_widening(self) -> tuple[float, float]:
        """Find the widening that lets enough human music through, or the last; and the share that it lets through."""
        for widening in _WIDENINGS:
            share = self._share_through(widening)
            if share >= HUMAN_SHARE:
                break
        return widening, share

    def _share_through(self, widening: float) -> float:
        """Share of the compared excerpts that pass bounds made from the other folds; 1 if all are in one fold."""
        passed: list[bool] = []
        for fold in range(_FOLDS):
            others = HumanMusic(_outside(fold, self.excerpts), _outside(fold, self.compared))
            if others.compared:
                bounds = others.bounds(widening)
                passed += [bounds.include(one.measures) for one in self.compared if one.work % _FOLDS == fold]
        return float(np.mean(passed)) if passed else 1.0


def measures_of(index: CopyIndex, notes: Sequence[Note], *, without_work: int | None = None) -> Measures:
    """Measure an excerpt: notes on the grid, sorted; see `compare` for `without_work`."""
    return Measures(measure(notes), compare(index, notes, without_work=without_work))


def _outside(fold: int, excerpts: Iterable[HumanExcerpt]) -> list[HumanExcerpt]:
    return [excerpt for excerpt in excerpts if excerpt.work % _FOLDS != fold]


def _bound(human: Iterable[HumanExcerpt], name: str, tail: float, widening: float, *, is_upper: bool) -> Bound:
    """A value that human music has (of two that the percentile lies between the outer one), or one beyond them."""
    values = [excerpt.measures.value(name) for excerpt in human]
    tail = tail * max(0.0, 1 - widening)
    if is_upper:
        value = float(np.quantile(values, 1 - tail, method="higher"))
    else:
        value = float(np.quantile(values, tail, method="lower"))
    spread = max(abs(value - float(np.median(values))), _SMALLEST_SPREAD.get(name, 0.0)) * max(0.0, widening - 1)
    return Bound(name, is_upper, value + spread if is_upper else value - spread, tail)


def _at_least(bounds: Iterable[Bound], least: Mapping[str, float]) -> tuple[Bound, ...]:
    return tuple(replace(bound, value=max(bound.value, least.get(bound.measure, bound.value))) for bound in bounds)
