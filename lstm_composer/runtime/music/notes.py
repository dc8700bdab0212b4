"""Notes and musical time.

A tick is one MIDI clock pulse, 24 to the quarter note; a position is the number of ticks since the start of
bar 1. Seconds appear only where a message is sent or a file is written (`tick_seconds`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import attrgetter

from lstm_composer.runtime.errors import InputError

TICKS_PER_QUARTER = 24
TICKS_PER_WHOLE = 4 * TICKS_PER_QUARTER
MICROSECONDS_PER_MINUTE = 60_000_000
_MOST_DIGITS, _MOST_SHOWN = 4, 40


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note; the field order is the sorting order of a score: by onset, then from low to high.

    Attributes:
        onset: Position in ticks, 0 or more.
        pitch: MIDI note number, 0..127 (60 is middle C).
        duration: Length in ticks, 1 or more.
        velocity: MIDI velocity, 1..127.
        voice: Which of several players plays it, from 0.

    """

    onset: int
    pitch: int
    duration: int
    velocity: int
    voice: int = 0

    @property
    def end(self) -> int:
        """Position in ticks at which the note stops sounding."""
        return self.onset + self.duration


_SCORE_ORDER = attrgetter("onset", "pitch", "duration", "velocity", "voice")
"""What `sorted` does with notes anyway, at a third of the time."""


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter such as 4/4 or 6/8.

    Attributes:
        numerator: Units in a bar, 1..64.
        denominator: The unit as a fraction of a whole note: 1, 2, 4, 8, 16 or 32.

    """

    numerator: int = 4
    denominator: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= 64 or self.denominator not in (1, 2, 4, 8, 16, 32):
            raise InputError(
                f"meter {self.numerator}/{self.denominator} is not allowed: "
                "write 1..64 over 1, 2, 4, 8, 16 or 32, such as 4/4 or 6/8"
            )

    @property
    def ticks_per_bar(self) -> int:
        """Ticks in one bar, rounded down to a whole tick and at least 1 (1/32 is 3 ticks)."""
        return max(1, self.numerator * TICKS_PER_WHOLE // self.denominator)

    @property
    def ticks_per_beat(self) -> int:
        """Ticks in the beat that a musician counts: a dotted one where three units make a beat (6/8, 9/8, 12/8)."""
        unit = TICKS_PER_WHOLE // self.denominator
        return 3 * unit if self.is_compound else unit

    @property
    def is_compound(self) -> bool:
        """Whether the beat is a dotted one: three of the meter's units."""
        return self.denominator >= 8 and self.numerator > 3 and self.numerator % 3 == 0

    @classmethod
    def parse(cls, text: str) -> "Meter":
        """Read a meter from text such as "6/8".

        Raises:
            InputError: If the text is not two allowed whole numbers around a slash.

        """
        numerator, slash, denominator = text.partition("/")
        if not (slash and _is_small_number(numerator.strip()) and _is_small_number(denominator.strip())):
            shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
            raise InputError(f"meter {shown!r} is not allowed: write two numbers, such as 4/4, 3/4 or 6/8")
        return cls(int(numerator), int(denominator))

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


def _is_small_number(text: str) -> bool:
    """Tell whether a text is a whole number of a few of the digits that everybody can read."""
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


def tick_seconds(tempo_bpm: float) -> float:
    """Length in seconds of one tick at a tempo in quarter notes a minute."""
    return 60.0 / (tempo_bpm * TICKS_PER_QUARTER)


def tempo_microseconds(tempo_bpm: float) -> int:
    """Microseconds per quarter note, the form in which a MIDI file holds a tempo."""
    return round(MICROSECONDS_PER_MINUTE / tempo_bpm)


def rescale_tick(tick: int, resolution: int) -> int:
    """Move a position from a file's grid of `resolution` ticks a quarter to ours, halves upward."""
    return int(Fraction(2 * tick * TICKS_PER_QUARTER + resolution, 2 * resolution).__floor__())


def without_overlaps(notes: Iterable[Note]) -> list[Note]:
    """Sort notes so that no pitch overlaps itself.

    A note that starts while its pitch sounds ends the earlier one there; of two that start together the longer
    one stays. (Two voices in unison are one sound on a keyboard.)
    """
    kept: list[Note] = []
    last_of_pitch: dict[int, int] = {}
    for note in sorted(notes, key=_SCORE_ORDER):
        index = last_of_pitch.get(note.pitch)
        if index is not None:
            earlier = kept[index]
            if earlier.onset == note.onset:
                kept[index] = max(earlier, note)
                continue
            if earlier.end > note.onset:
                kept[index] = replace(earlier, duration=note.onset - earlier.onset)
        last_of_pitch[note.pitch] = len(kept)
        kept.append(note)
    return kept


def cut_at(notes: Iterable[Note], end_tick: int) -> list[Note]:
    """Leave out notes that start at or after `end_tick` and shorten those that sound across it."""
    return [
        replace(note, duration=min(note.duration, end_tick - note.onset)) for note in notes if note.onset < end_tick
    ]


def shifted(notes: Iterable[Note], ticks: int) -> list[Note]:
    """Move notes so many ticks later, or earlier if it is negative."""
    return [replace(note, onset=note.onset + ticks) for note in notes]


def end_of(notes: Sequence[Note]) -> int:
    """Position in ticks at which the last note stops, 0 if there is none."""
    return max((note.end for note in notes), default=0)
