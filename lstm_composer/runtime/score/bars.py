"""Bars, and how the time of a bar divides: what decides where values are split, tied and beamed."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Final

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Meter
from lstm_composer.runtime.score.written import Bar, WrittenNote

SHORTEST: Final = 1.5
"""Ticks of a 64th, the shortest value that is written."""


@dataclass(frozen=True)
class Division:
    """A stretch of time and the parts that it divides into.

    Attributes:
        start: In ticks from the beginning of the bar, or of the tuplet.
        end: The same.
        given: Its parts; none for a stretch that divides into halves.
        is_beat: Whether it is a beat or a part of one: within it, a rest may last two of three parts.

    """

    start: float
    end: float
    given: tuple["Division", ...] = ()
    is_beat: bool = False

    @property
    def length(self) -> float:
        """Ticks."""
        return self.end - self.start

    @cached_property
    def parts(self) -> tuple["Division", ...]:
        """Its parts, from the first on; none where it does not divide any further."""
        if self.given or self.length < 2 * SHORTEST:
            return self.given
        middle = self.start + self.length / 2
        return (Division(self.start, middle, is_beat=True), Division(middle, self.end, is_beat=True))

    @cached_property
    def is_even(self) -> bool:
        """Whether all parts are equally long."""
        return len({part.length for part in self.parts}) <= 1


def bars_of(meters: Sequence[MeterChange], end_tick: int) -> tuple[Bar, ...]:
    """Return the bars from tick 0 to the bar line at or after a position, at least one.

    Args:
        meters: The first at tick 0, rising; each begins a new bar.
        end_tick: 0 or more.

    """
    bars: list[Bar] = []
    for index, change in enumerate(meters):
        is_last = index + 1 == len(meters)
        stop = max(end_tick, change.tick + 1) if is_last else meters[index + 1].tick
        for start in range(change.tick, stop, change.meter.ticks_per_bar):
            end = start + change.meter.ticks_per_bar
            bars.append(Bar(start, end if is_last else min(end, stop), change.meter))
    return tuple(bars)


def notes_by_bar(notes: Iterable[WrittenNote], bars: Sequence[Bar]) -> list[list[WrittenNote]]:
    """Return for each bar the notes that sound in it, as they are written."""
    found: list[list[WrittenNote]] = [[] for _ in bars]
    starts = [bar.start for bar in bars]
    for note in notes:
        for index in range(bisect_right(starts, note.onset) - 1, bisect_left(starts, note.end)):
            found[index].append(note)
    return found


@cache
def division_of(meter: Meter) -> Division:
    """Return how a bar divides: into halves or thirds of it, these into beats, and beats into halves or thirds."""
    unit = meter.ticks_per_bar // meter.numerator
    if meter.is_compound:
        beats = [_beat(3 * unit * index, unit, 3) for index in range(meter.numerator // 3)]
    elif meter.denominator >= 8:
        starts, beats = 0, []
        for size in _sizes(meter.numerator):
            beats.append(_beat(starts, unit, size))
            starts += size * unit
    else:
        beats = [_beat(unit * index, unit, 1) for index in range(meter.numerator)]
    return _grouped(beats)


def _beat(start: int, unit: int, units: int) -> Division:
    parts = tuple(Division(start + unit * one, start + unit * (one + 1), is_beat=True) for one in range(units))
    return Division(start, start + unit * units, parts if units > 1 else (), is_beat=True)


def _sizes(units: int) -> list[int]:
    """How many short units fall together: 3 and 2, 2 and 2 and 3, and so on."""
    if units in (1, 3):
        return [units]
    if units == 5:
        return [3, 2]
    return [2] * (units // 2) if units % 2 == 0 else [*[2] * ((units - 3) // 2), 3]


def _grouped(beats: list[Division]) -> Division:
    """Put beats together by halves where that can be done, else by threes and twos."""
    count = len(beats)
    if count == 1:
        return beats[0]
    if count in (2, 3):
        parts = beats
    elif count % 2 == 0:
        parts = [_grouped(beats[: count // 2]), _grouped(beats[count // 2 :])]
    elif count == 9:
        parts = [_grouped(beats[first : first + 3]) for first in (0, 3, 6)]
    else:
        starts = [0]
        for size in _sizes(count):
            starts.append(starts[-1] + size)
        parts = [_grouped(beats[a:b]) for a, b in pairwise(starts)]
    return Division(parts[0].start, parts[-1].end, tuple(parts))


@cache
def beam_groups(meter: Meter) -> tuple[tuple[int, int], ...]:
    """Return the stretches of a bar that are beamed by themselves, in ticks from its beginning: beats, most often."""
    return tuple(_short(division_of(meter)))


def _short(division: Division) -> list[tuple[int, int]]:
    is_whole = division.is_beat and (division.length <= TICKS_PER_QUARTER or len(division.parts) == 3)
    if is_whole or not division.parts:
        return [(round(division.start), round(division.end))]
    return [group for part in division.parts for group in _short(part)]


@cache
def beam_unions(meter: Meter) -> tuple[tuple[int, int], ...]:
    """Return the stretches that are beamed as one if nothing but plain eighths is there: half of 4/4, all of 3/4."""
    if meter.is_compound or meter.denominator >= 8:
        return ()
    two, bar = 2 * TICKS_PER_QUARTER, meter.ticks_per_bar
    if bar == 3 * TICKS_PER_QUARTER:
        return ((0, bar),)
    if bar % (2 * two) == 0 or bar == two:
        return tuple((start, start + two) for start in range(0, bar, two))
    return ()
