"""Where in the music we are: positions in ticks against the seconds of a clock."""

from dataclasses import dataclass
from typing import Protocol

from runtime.errors import InputError
from runtime.notes import tick_seconds


class Transport(Protocol):
    """A running position. Following another program's clock means another class with these members."""

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes a minute at present."""
        ...

    def seconds_at(self, tick: int) -> float:
        """Return the time of the clock at which a position is reached."""
        ...

    def tick_at(self, seconds: float) -> int:
        """Return the last position reached at a time; negative before the start."""
        ...


@dataclass(frozen=True, slots=True)
class InternalTransport:
    """A steady tempo of our own.

    Attributes:
        start_seconds: Time of the clock at position 0.
        tempo_bpm: Quarter notes a minute, more than 0.

    """

    start_seconds: float
    tempo_bpm: float

    def __post_init__(self) -> None:
        if not 0.0 < self.tempo_bpm < float("inf"):
            raise InputError(f"tempo {self.tempo_bpm} bpm is not allowed: give a number above 0, such as 100")

    def seconds_at(self, tick: int) -> float:
        """Return the time of the clock at which a position is reached."""
        return self.start_seconds + tick * tick_seconds(self.tempo_bpm)

    def tick_at(self, seconds: float) -> int:
        """Return the last position reached at a time; negative before the start.

        Rounding first and stepping back if that is too far makes it the exact inverse of `seconds_at`, where a
        plain floor would lose ticks to the last bit of a float.
        """
        nearest = round((seconds - self.start_seconds) / tick_seconds(self.tempo_bpm))
        return nearest if self.seconds_at(nearest) <= seconds else nearest - 1
