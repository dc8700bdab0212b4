"""Where in the music we are: positions in ticks against the seconds of a clock."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.notes import tick_seconds


class TransportEventKind(Enum):
    """What can happen to a song besides going on."""

    START = "start"
    """It plays from this position on."""
    STOP = "stop"
    LOCATE = "locate"
    """It goes on, or will, from another position."""
    RETIME = "retime"
    """Its tempo has jumped: what was planned by the old one is at the wrong time."""


@dataclass(frozen=True, slots=True)
class TransportEvent:
    """One thing that has become of the song, and its position then: where it starts, stops, goes to or is."""

    kind: TransportEventKind
    tick: int


class Transport(Protocol):
    """A position that moves. Following another program's clock means another class with these members."""

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes a minute at present."""
        ...

    @property
    def running(self) -> bool:
        """Whether the position moves on at present."""
        ...

    def begin(self, now_seconds: float) -> None:
        """Take note that the music is about to be played; called once, before all else is asked."""
        ...

    def moves(self, now_seconds: float) -> list[TransportEvent]:
        """Return what has become of the song since this was asked last, in order."""
        ...

    def seconds_at(self, tick: int) -> float:
        """Return the time of the clock at which a position is reached."""
        ...

    def tick_at(self, seconds: float) -> int:
        """Return the last position reached at a time; negative before the start."""
        ...


@dataclass(slots=True)
class InternalTransport:
    """A steady tempo of our own.

    Attributes:
        start_seconds: Time of the clock at position 0.
        tempo_bpm: Quarter notes a minute, more than 0.
        count_in_seconds: How long after it begins position 0 comes; None where that is as `start_seconds` says.

    """

    start_seconds: float
    tempo_bpm: float
    count_in_seconds: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.tempo_bpm < float("inf"):
            raise InputError(f"tempo {self.tempo_bpm} bpm is not allowed: give a number above 0, such as 100")

    @property
    def running(self) -> bool:
        """It always runs."""
        return True

    def begin(self, now_seconds: float) -> None:
        """Count in from now."""
        if self.count_in_seconds is not None:
            self.start_seconds = now_seconds + self.count_in_seconds

    def moves(self, now_seconds: float) -> list[TransportEvent]:
        """Nothing becomes of it."""
        return []

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
