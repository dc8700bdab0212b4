"""The music of **kern spines: notes, bars, meters and tempos, in quarter notes from the start of each piece.

Spines of other kinds are passed over, and so are grace notes, cues and percussion. **kern writes what sounds: pitches
need no transposition, accidentals hold for their own note. What cannot be understood is refused, never guessed.
Source: the Humdrum Toolkit's reference manual, "**kern".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.pitches import SEMITONES
from lstm_composer.trainer.formats.humdrum import Column, Line, sections_of

MOST_QUARTERS: Final = 100_000
"""A day and more of music in one piece is a slip of the pen."""
_WHOLE: Final = 4
_DURATION: Final = re.compile(r"(\d+)(?:%(\d+))?")
_PITCH: Final = re.compile(r"([a-gA-G])\1*(#+|-+|n)?")
_METER: Final = re.compile(r"\*M(\d{1,2})/(\d{1,3})")
_TEMPO: Final = re.compile(r"\*MM(\d{1,4}(?:\.\d{1,6})?)")
_MOST_DIGITS, _MOST_DOTS, _MOST_ACCIDENTALS = 4, 6, 3
_HIGHEST_PITCH: Final = 127
_NOTHING_NEW: Final = ("", ".")


@dataclass(frozen=True, slots=True)
class Pitch:
    """A note head: its name as music21 writes it ("C#4"), and whether a tie leads to it."""

    name: str
    is_tied: bool


@dataclass(frozen=True, slots=True)
class Chord:
    """Note heads that one token holds, of a part, in quarter notes."""

    part: int
    onset: Fraction
    duration: Fraction
    pitches: tuple[Pitch, ...]


@dataclass(slots=True)
class KernPiece:
    """What one section holds; offsets in quarter notes, each list in the order of the file.

    Attributes:
        chords: All notes.
        bars: Where bars begin, the first at 0.
        meters: (offset, numerator, denominator) of the changes.
        tempos: (offset, quarter notes a minute) of the changes.
        end: Where the last note or rest ends.

    """

    chords: list[Chord] = field(default_factory=list)
    bars: list[Fraction] = field(default_factory=lambda: [Fraction(0)])
    meters: list[tuple[Fraction, int, int]] = field(default_factory=list)
    tempos: list[tuple[Fraction, float]] = field(default_factory=list)
    end: Fraction = Fraction(0)

    def last_until(self, end: Fraction) -> None:
        """Last at least up to a position."""
        self.end = max(self.end, end)


def kern_pieces(text: str) -> list[KernPiece]:
    """Read the sections of a file that hold **kern spines.

    Raises:
        InputError: If there is none, or something in one cannot be understood; the message is a reason that follows
            the file's name.

    """
    kinds: set[str] = set()
    pieces = []
    for section in sections_of(text):
        reader = _Reader(KernPiece())
        for line in section:
            kinds |= {column.kind for column in line.columns}
            reader.take(line)
        if reader.has_kern:
            pieces.append(reader.piece)
    if not pieces:
        held = ", ".join(f"**{kind[:20]}" for kind in sorted(kinds)[:4]) or "nothing"
        raise InputError(f"holds no **kern spine, but {held}")
    return pieces


@dataclass(slots=True)
class _Reader:
    """Reads a section; what stands between two notes waits until the second tells where that is."""

    piece: KernPiece
    now: Fraction = Fraction(0)
    has_kern: bool = False
    bar_waits: bool = False
    meter_waits: tuple[int, int] | None = None
    tempo_waits: float | None = None

    def take(self, line: Line) -> None:
        kern = [pair for pair in zip(line.columns, line.tokens, strict=True) if pair[0].kind == "kern"]
        if not kern:
            return
        self.has_kern = True
        tokens = [token for _, token in kern]
        if tokens[0].startswith("*"):
            self._interpret(kern)
        elif not any(token.startswith("=") for token in tokens):
            self._sound([(column, token) for column, token in kern if not _is_grace(token)], line.number)
        elif all(token.startswith("=") or token in _NOTHING_NEW for token in tokens):
            self.bar_waits = True
        else:
            raise InputError(f"has notes beside a bar line in line {line.number}")

    def _interpret(self, kern: Iterable[tuple[Column, str]]) -> None:
        meter = None
        for column, token in kern:
            if found := _METER.fullmatch(token):
                meter = meter or _meter_of(*found.groups())
            elif found := _TEMPO.fullmatch(token):
                self.tempo_waits = float(found[1])
            elif token.startswith("*clef"):
                column.change_clef(is_unpitched=token.startswith("*clefX"))
            elif token in ("*cue", "*Xcue"):
                column.change_cue(is_cue=token == "*cue")  # noqa: S105 - an interpretation
        self.meter_waits = meter or self.meter_waits

    def _sound(self, kern: Iterable[tuple[Column, str]], number: int) -> None:
        kern = list(kern)
        beginning = [(column, token) for column, token in kern if token not in _NOTHING_NEW]
        if not beginning:
            return
        self._arrive_at(max([self.now, *(column.free_at for column, _ in beginning)]))
        for column, token in kern:
            if token in _NOTHING_NEW:
                column.pause(self.now)
                continue
            if column.free_at < self.now and not (column.has_paused or column.is_branch):
                raise InputError(f"has durations that do not add up: line {number}, at {token[:20]!r}")
            self._begin(column, token, number)

    def _arrive_at(self, offset: Fraction) -> None:
        if self.bar_waits or (self.meter_waits and offset > self.piece.bars[-1]):
            if offset > self.piece.bars[-1]:
                self.piece.bars.append(offset)
            self.bar_waits = False
        if self.meter_waits:
            self.piece.meters.append((offset, *self.meter_waits))
            self.meter_waits = None
        if self.tempo_waits:
            self.piece.tempos.append((offset, self.tempo_waits))
            self.tempo_waits = None
        self.now = offset

    def _begin(self, column: Column, token: str, number: int) -> None:
        try:
            duration, pitches = _chord_of(token, has_pitches=not column.is_unpitched)
        except InputError as error:
            raise InputError(f"holds {token[:20]!r} in line {number}, {error}") from error
        if pitches and not column.is_cue:
            self.piece.chords.append(Chord(column.part, self.now, duration, pitches))
        column.sound_until(self.now + duration)
        self.piece.last_until(column.free_at)
        if self.piece.end > MOST_QUARTERS:
            raise InputError(f"is longer than {MOST_QUARTERS:,} quarter notes (line {number})")


def _meter_of(numerator: str, denominator: str) -> tuple[int, int]:
    """Beats and their value; a value of 0 is a breve, one of 00 a long."""
    if int(denominator):
        return int(numerator), int(denominator)
    return int(numerator) << len(denominator), 1


def _is_grace(token: str) -> bool:
    return "q" in token or "Q" in token


def _chord_of(token: str, *, has_pitches: bool) -> tuple[Fraction, tuple[Pitch, ...]]:
    """Duration and note heads of a token, none of a rest; notes without a duration of their own have the first's.

    Raises:
        InputError: If it cannot be understood; the message is a reason that follows the token.

    """
    subtokens = token.split()
    durations = {duration for subtoken in subtokens if (duration := _duration_of(subtoken)) is not None}
    if not durations:
        raise InputError("which has no duration")
    if len(durations) > 1:
        raise InputError("whose notes have different durations: they need spines of their own")
    pitches = [_pitch_of(subtoken) for subtoken in subtokens if has_pitches and "r" not in subtoken]
    return durations.pop(), tuple(pitches)


def _duration_of(subtoken: str) -> Fraction | None:
    """Quarter notes; None where nothing is said. 4 is a quarter note, 0 two whole ones, 3%2 two thirds of one."""
    found = list(_DURATION.finditer(subtoken))
    if not found:
        return None
    number, divisor = found[0].groups(default="1")
    dots = subtoken.count(".")
    if len(found) > 1 or max(len(number), len(divisor)) > _MOST_DIGITS or dots > _MOST_DOTS or not int(divisor):
        raise InputError("whose duration cannot be understood")
    whole_notes = Fraction(int(divisor), int(number)) if int(number) else Fraction(2 ** len(number) * int(divisor))
    return _WHOLE * whole_notes * (2 - Fraction(1, 2**dots))


def _pitch_of(subtoken: str) -> Pitch:
    found = list(_PITCH.finditer(subtoken))
    if len(found) != 1:
        raise InputError("which is neither a note nor a rest")
    letters, accidental = found[0][0].rstrip("#-n"), (found[0][2] or "").replace("n", "")
    octave = 3 + len(letters) if letters.islower() else 4 - len(letters)
    shift = accidental.count("#") - accidental.count("-")
    if (
        abs(shift) > _MOST_ACCIDENTALS
        or not 0 <= 12 * (octave + 1) + SEMITONES[letters[0].upper()] + shift <= _HIGHEST_PITCH
    ):
        raise InputError("whose pitch is outside 0..127")
    return Pitch(f"{letters[0].upper()}{accidental}{octave}", is_tied="]" in subtoken or "_" in subtoken)
