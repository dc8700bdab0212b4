"""The voices of a staff in one bar: as few as will do, from the uppermost to the lowest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from lstm_composer.runtime.score.bars import notes_by_bar
from lstm_composer.runtime.score.rhythm import Stretch
from lstm_composer.runtime.score.written import Bar, WrittenNote

MOST_VOICES: Final = 4
"""On a staff."""
_CROSSES, _GAP, _LONGEST_GAP = 12.0, 0.75, 24
"""What it costs to join a line that goes on across another one, and a tick of rest in it up to a quarter, in
semitones of a leap."""


@dataclass(frozen=True, slots=True)
class _Chord:
    """Notes that begin and end together, within the bar, and the middle of their pitches."""

    start: int
    end: int
    notes: tuple[WrittenNote, ...]
    pitch: float


@dataclass(frozen=True, slots=True)
class _Line:
    """Chords that follow one another."""

    chords: list[_Chord] = field(default_factory=list)

    @property
    def last(self) -> _Chord:
        return self.chords[-1]

    @property
    def pitch(self) -> float:
        """The mean pitch, each chord counting by its length."""
        ticks = sum(chord.end - chord.start for chord in self.chords)
        return sum(chord.pitch * (chord.end - chord.start) for chord in self.chords) / ticks


def shared_out(notes: Sequence[WrittenNote], bars: Sequence[Bar]) -> list[list[WrittenNote]]:
    """Share the notes of a hand out among as few staves as hold them, each with MOST_VOICES voices at the most.

    One staff is enough, but for lengths exactly as they were played: every little overlap takes a voice, and programs
    such as MuseScore pass over the fifth of a staff.
    """
    staves: list[list[WrittenNote]] = []
    rest = list(notes)
    while rest or not staves:
        moved: set[WrittenNote] = set()
        for bar, inside in zip(bars, notes_by_bar(rest, bars), strict=True):
            lines = lines_of((note for note in inside if note not in moved), bar)
            shortest = sorted(lines, key=lambda line: sum(end - start for start, end, struck in line if struck))
            for line in shortest[: max(0, len(lines) - MOST_VOICES)]:
                moved.update(note for _, _, struck in line for note in struck)
        staves.append([note for note in rest if note not in moved])
        rest = [note for note in rest if note in moved]
    return staves


def lines_of(notes: Iterable[WrittenNote], bar: Bar) -> list[list[Stretch]]:
    """Return the voices of a bar, each with its rests, in ticks from the beginning of the bar.

    A note belongs to a chord with those that begin and end when it does; chords that overlap are in different voices.

    Args:
        notes: Those of one staff that sound in the bar.
        bar: The bar.

    """
    chords: dict[tuple[int, int], list[WrittenNote]] = {}
    for note in notes:
        chords.setdefault((max(note.onset, bar.start), min(note.end, bar.end)), []).append(note)
    lines: list[_Line] = []
    for start, end in sorted(chords, key=lambda one: (one[0], -max(note.pitch for note in chords[one]))):
        members = sorted(chords[start, end], key=lambda note: note.pitch)
        chord = _Chord(start, end, tuple(members), (members[0].pitch + members[-1].pitch) / 2)
        free = [line for line in lines if line.last.end <= start]
        if free:
            busy = [line.last for line in lines if line.last.end > start]
            min(free, key=lambda line: _joining(line.last, chord, busy)).chords.append(chord)
        else:
            lines.append(_Line([chord]))
    lines.sort(key=lambda line: -line.pitch)
    return [_with_rests(line.chords, bar) for line in lines]


def _joining(last: _Chord, chord: _Chord, busy: Sequence[_Chord]) -> float:
    """What it costs a line to go on with a chord."""
    crossings = sum((last.pitch > other.pitch) != (chord.pitch > other.pitch) for other in busy)
    return _CROSSES * crossings + abs(last.pitch - chord.pitch) + _GAP * min(chord.start - last.end, _LONGEST_GAP)


def _with_rests(chords: Sequence[_Chord], bar: Bar) -> list[Stretch]:
    stretches: list[Stretch] = []
    at = bar.start
    for chord in chords:
        if at < chord.start:
            stretches.append((at - bar.start, chord.start - bar.start, ()))
        stretches.append((chord.start - bar.start, chord.end - bar.start, chord.notes))
        at = chord.end
    if at < bar.end:
        stretches.append((at - bar.start, bar.end - bar.start, ()))
    return stretches
