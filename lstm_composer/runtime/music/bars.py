"""Where bars begin: meters that change, and places in the bar."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lstm_composer.runtime.music.notes import Meter


@dataclass(frozen=True, slots=True)
class MeterChange:
    """From `tick` on (a position; a new bar starts there) the music is in `meter`."""

    tick: int
    meter: Meter


def bar_numbers(meters: Sequence[MeterChange], ticks: Sequence[int]) -> list[int]:
    """Count, for each of `ticks`, the bar lines since the one at which the music begins; see `bar_positions`."""
    starts = [change.tick for change in meters]
    before = [0]
    for change, following in pairwise(meters):
        before.append(before[-1] + -(-(following.tick - change.tick) // change.meter.ticks_per_bar))
    numbers = []
    for tick in ticks:
        index = bisect_right(starts, tick) - 1
        numbers.append(before[index] + (tick - starts[index]) // meters[index].meter.ticks_per_bar)
    return numbers


def in_order(changes: Iterable[MeterChange]) -> tuple[MeterChange, ...]:
    """Sort meter changes; of several at one tick the last one holds, and 4/4 holds where nothing is said.

    A change to the meter that holds already stays only where it moves the bar lines.
    """
    meters = {0: Meter()}
    for change in sorted(changes, key=lambda change: change.tick):
        meters[max(0, change.tick)] = change.meter
    kept: list[MeterChange] = []
    for tick, meter in meters.items():
        if not kept or kept[-1].meter != meter or (tick - kept[-1].tick) % meter.ticks_per_bar:
            kept.append(MeterChange(tick, meter))
    return tuple(kept)


def bar_positions(meters: Sequence[MeterChange], ticks: Sequence[int]) -> list[tuple[int, Meter]]:
    """Position in the bar, in ticks from 0, and the meter in force at each of `ticks`.

    A meter change starts a new bar at its tick, also in the middle of the bar before it.

    Raises:
        ValueError: If a tick lies before the first meter.

    """
    starts = [change.tick for change in meters]
    positions: list[tuple[int, Meter]] = []
    for tick in ticks:
        index = bisect_right(starts, tick) - 1
        if index < 0:
            raise ValueError(f"tick {tick} lies before the first meter")
        meter = meters[index].meter
        positions.append(((tick - starts[index]) % meter.ticks_per_bar, meter))
    return positions
