"""The line through the pulses of a MIDI clock: when each came, and when the next ones will.

A pulse by itself is late or early by as much as a period of the sender's or our sound system (with periods of 64
frames 1.3 ms, which is 7 bpm at 120), so the tempo is the slope of a least-squares line through many of them. The line
is as long as the tempo is steady, four beats at most, and is cut when the last pulses lie off it.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_PULSES = 96
"""Pulses that the line goes through at most: four beats."""
RECENT_PULSES = 6
"""Pulses that are asked whether the line still fits."""
OFF_SECONDS, OFF_DEVIATIONS = 0.0005, 3.0
"""How far the recent pulses may lie off the line on average: the larger of this, which nobody hears, and so many
standard deviations of such an average."""
FASTEST_PULSE, SLOWEST_PULSE = 60 / 1200 / 24, 60 / 20 / 24
"""Seconds between pulses at 1200 and 20 bpm, the limits of what is taken for a tempo."""


@dataclass(frozen=True, slots=True)
class TempoLine:
    """A steady tempo: the position at one moment, and the speed.

    Attributes:
        tick: A position.
        seconds: When it is reached.
        tick_seconds: Seconds a tick, more than 0.

    """

    tick: float
    seconds: float
    tick_seconds: float

    def seconds_at(self, tick: float) -> float:
        """Return when a position is reached."""
        return self.seconds + (tick - self.tick) * self.tick_seconds

    def tick_at(self, seconds: float) -> float:
        """Return the position reached at a time, as a fraction."""
        return self.tick + (seconds - self.seconds) / self.tick_seconds


class TempoEstimator:
    """Fits a line to pulses as they come."""

    def __init__(self, tick_seconds: float) -> None:
        """Start without pulses; `tick_seconds` is the tempo to believe in until there are two."""
        self._pulses: deque[tuple[int, float]] = deque(maxlen=LONGEST_PULSES)
        self._line = TempoLine(0, 0.0, tick_seconds)

    @property
    def line(self) -> TempoLine:
        """The line at present."""
        return self._line

    @property
    def count(self) -> int:
        """Pulses that it goes through."""
        return len(self._pulses)

    def add(self, tick: int, seconds: float) -> None:
        """Take a pulse, later than those before."""
        self._pulses.append((tick, seconds))
        self._line = self._fitted()
        if len(self._pulses) > 2 * RECENT_PULSES and self._fit_is_stale():
            self.restart(list(self._pulses)[-RECENT_PULSES:])

    def restart(self, pulses: Iterable[tuple[int, float]]) -> None:
        """Go on from these pulses (position, time) alone: the tempo has changed since those before."""
        self._pulses = deque(pulses, maxlen=LONGEST_PULSES)
        self._line = self._fitted()

    def move(self, ticks: int) -> None:
        """Count the pulses so far `ticks` further: the song position has jumped, the tempo has not."""
        self._pulses = deque(((tick + ticks, seconds) for tick, seconds in self._pulses), maxlen=LONGEST_PULSES)
        self._line = TempoLine(self._line.tick + ticks, self._line.seconds, self._line.tick_seconds)

    def _fit_is_stale(self) -> bool:
        off = [seconds - self._line.seconds_at(tick) for tick, seconds in self._pulses]
        deviation = math.sqrt(math.fsum(one * one for one in off) / len(off) / RECENT_PULSES)
        recent = math.fsum(off[-RECENT_PULSES:]) / RECENT_PULSES
        return abs(recent) > max(OFF_SECONDS, OFF_DEVIATIONS * deviation)

    def _fitted(self) -> TempoLine:
        count = len(self._pulses)
        last_tick, last_seconds = self._pulses[-1]
        if count == 1:
            return TempoLine(last_tick, last_seconds, self._line.tick_seconds)
        # Sums of differences from the last pulse: small numbers, whatever the time of day of the clock.
        ticks = [tick - last_tick for tick, _ in self._pulses]
        times = [seconds - last_seconds for _, seconds in self._pulses]
        mean_tick, mean_time = math.fsum(ticks) / count, math.fsum(times) / count
        spread = math.fsum((tick - mean_tick) ** 2 for tick in ticks)
        shared = math.fsum((tick - mean_tick) * (time - mean_time) for tick, time in zip(ticks, times, strict=True))
        slope = min(max(shared / spread, FASTEST_PULSE), SLOWEST_PULSE)
        return TempoLine(last_tick, last_seconds + mean_time - mean_tick * slope, slope)
