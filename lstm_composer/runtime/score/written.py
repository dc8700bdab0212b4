"""What stands in a score: notes with the length that is written, symbols, staves."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Literal

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Meter
from lstm_composer.runtime.score import Notation

VALUES: Final = {
    "breve": 8 * TICKS_PER_QUARTER,
    "whole": 4 * TICKS_PER_QUARTER,
    "half": 2 * TICKS_PER_QUARTER,
    "quarter": TICKS_PER_QUARTER,
    "eighth": TICKS_PER_QUARTER // 2,
    "16th": TICKS_PER_QUARTER // 4,
    "32nd": TICKS_PER_QUARTER // 8,
}
"""Ticks of the written values, by their names in MusicXML; a 64th has one and a half, and stands in triplets only."""

BEAMED: Final = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}
"""How many beams a value has."""

_STACCATO: Final = 0.6

ClefSign = Literal["G", "F"]
"""The treble and the bass clef."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSettings:
    """What a score has to know besides the notes.

    Attributes:
        title: What stands above it.
        meters: The first at tick 0, rising; each begins a new bar.
        tempos: (tick, quarter notes a minute), the first at tick 0, rising.
        notation: Whether lengths are written as they were played, or as a musician would write them.
        end_tick: A position that the last bar is to reach; the last note is reached anyway.
        has_dynamics: Whether the loudness of the notes means something: then marks are set, and each note has its own.
        names: Of the parts, where there are several.

    """

    title: str
    meters: Sequence[MeterChange] = (MeterChange(0, Meter()),)
    tempos: Sequence[tuple[int, float]] = ()
    notation: Notation = "played"
    end_tick: int = 0
    has_dynamics: bool = False
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the score.

    Attributes:
        start: Its first tick.
        end: The tick of the next bar line; earlier than the meter says where another meter begins in the bar.
        meter: The meter in force.

    """

    start: int
    end: int
    meter: Meter


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """A note with the length that is written.

    Attributes:
        number: From 1, in the order of onsets: what its id is made of.
        onset: Its first tick.
        end: The tick at which it ends as it is written.
        pitch: MIDI note number, 0..127.
        velocity: MIDI velocity, 1..127.
        sounding_end: The tick at which it ended when it was played.

    """

    number: int
    onset: int
    end: int
    pitch: int
    velocity: int
    sounding_end: int

    @property
    def is_staccato(self) -> bool:
        """Whether it is no longer than a quarter, and was played for little more than half of that at the most."""
        written = self.end - self.onset
        return written <= TICKS_PER_QUARTER and self.sounding_end - self.onset <= _STACCATO * written


@dataclass(frozen=True, slots=True)
class Tuplet:
    """So many values of a kind in the time of so many: 3 eighths in the time of 2.

    Attributes:
        actual: How many are written.
        normal: In the time of how many.
        value: Of which value.

    """

    actual: int
    normal: int
    value: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """A note, a chord or a rest of one voice, within one bar.

    Attributes:
        start: Its first tick.
        ticks: How long it lasts.
        value: A name of VALUES, or 64th; empty for a rest of a whole bar.
        dots: 0 or 1.
        notes: From low to high; none for a rest.
        tuplet: What it is part of.
        edge: Whether it is the first or the last symbol of its tuplet.
        has_bracket: Whether its tuplet needs a bracket, since no beam shows what belongs together.
        beams: What each beam does here, from the outermost: begin, continue, end, forward hook, backward hook.
        is_visible: Whether it is shown; a rest is not where another voice goes on.

    """

    start: int
    ticks: int
    value: str
    dots: int = 0
    notes: tuple[WrittenNote, ...] = ()
    tuplet: Tuplet | None = None
    edge: Literal["", "start", "stop"] = ""
    has_bracket: bool = True
    beams: tuple[str, ...] = ()
    is_visible: bool = True

    @property
    def end(self) -> int:
        """The tick at which it ends."""
        return self.start + self.ticks


Voice = tuple[Symbol, ...]
"""The symbols of one voice in one bar, one after another, without a gap."""


@dataclass(frozen=True, slots=True)
class StaffBar:
    """One bar of one staff.

    Attributes:
        clef: The clef in force.
        voices: From the uppermost to the lowest; one that rests where there are no notes.

    """

    clef: ClefSign
    voices: tuple[Voice, ...]


@dataclass(frozen=True, slots=True)
class Spelling:
    """The name of a pitch.

    Attributes:
        letter: A to G.
        alter: Sharps, or flats if it is negative: -2..2.
        octave: Of the letter; C4 is middle C.

    """

    letter: str
    alter: int
    octave: int


@dataclass(frozen=True, slots=True)
class Key:
    """A key signature.

    Attributes:
        fifths: Sharps, or flats if it is negative: -6..6.
        mode: "major" or "minor".

    """

    fifths: int
    mode: Literal["major", "minor"]


@dataclass(frozen=True, slots=True)
class Part:
    """What one player plays.

    Attributes:
        name: Of the player.
        staves: The bars of each staff, the right hand's first.
        dynamics: Marks, such as mf, by the tick of the bar at which they stand.

    """

    name: str
    staves: tuple[tuple[StaffBar, ...], ...]
    dynamics: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Score:
    """A score, ready to be written.

    Attributes:
        title: Of the music.
        key: The key signature.
        bars: The bars that all parts have.
        tempos: (tick, quarter notes a minute), rising.
        parts: One for each player.
        has_dynamics: Whether the loudness of each note is written.
        spellings: By the number of a note.
        accidentals: What stands before a note head, by the head's id: "sharp", "flat-flat", "natural" ...
        sounding: (first tick, tick at which it ends) of the note as it was played, by the id of each of its heads.

    """

    title: str
    key: Key
    bars: tuple[Bar, ...]
    tempos: tuple[tuple[int, float], ...]
    parts: tuple[Part, ...]
    has_dynamics: bool
    spellings: Mapping[int, Spelling]
    accidentals: Mapping[str, str]
    sounding: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Head:
    """A note head.

    Attributes:
        id: "n" and the number of its note; where that is tied on, the heads that follow have "n5-2", "n5-3" and so on.
        staff: The number of its staff, from 0.
        bar: The number of its bar, from 0.
        symbol: What it is part of.
        note: The note.

    """

    id: str
    staff: int
    bar: int
    symbol: Symbol
    note: WrittenNote


def heads(part: Part) -> Iterator[Head]:
    """Yield the note heads of a part, bar by bar and staff by staff, each bar of a staff in the order of time."""
    counts: Counter[int] = Counter()
    for bar in range(len(part.staves[0])):
        for staff, bars in enumerate(part.staves):
            symbols = [symbol for voice in bars[bar].voices for symbol in voice]
            for symbol in sorted(symbols, key=attrgetter("start")):
                for note in symbol.notes:
                    counts[note.number] += 1
                    ordinal = counts[note.number]
                    yield Head(f"n{note.number}" + (f"-{ordinal}" if ordinal > 1 else ""), staff, bar, symbol, note)
