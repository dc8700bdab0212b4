"""A piece of the corpus: its notes in musical time and the bars that they stand in."""

from collections.abc import Iterable
from dataclasses import dataclass

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.reader import DEFAULT_TEMPO_BPM, FASTEST_BPM, SLOWEST_BPM
from lstm_composer.runtime.music.bars import MeterChange, in_order
from lstm_composer.runtime.music.notes import Note, end_of, tick_seconds, without_overlaps

SCORE_VELOCITY = 78
"""The velocity of notes whose source says nothing about loudness: between mezzo-piano and mezzo-forte."""
PERFORMED_VELOCITIES = 8
"""How many different velocities a piece needs to count as played rather than computed from a score."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What a file says of time that its notes in whole ticks, and one tempo, no longer tell.

    Attributes:
        off_tick: Mean distance of its onsets from the nearest tick, in ticks, 0..0.5: 0 for a score, 0.25 for a
            recording that knows nothing of ticks.
        tempos: How many different tempos it has.
        seconds: How long it lasts at these tempos.

    """

    off_tick: float = 0.0
    tempos: int = 1
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece as the trainer sees it.

    Attributes:
        name: Path relative to the corpus folder, with forward slashes; of a file with many pieces also which one.
        notes: At least one note, 24 ticks a quarter, sorted, no pitch overlapping itself.
        meters: The first at tick 0, rising ticks.
        tempo_bpm: Quarter notes a minute; of several tempos the one that holds for most of the piece.
        performed: Whether the velocities were played (at least PERFORMED_VELOCITIES different ones).
        part: "train", "validation" or "test" where the source has a split of its own, else None.
        timing: What its file says of time beyond that.

    """

    name: str
    notes: tuple[Note, ...]
    meters: tuple[MeterChange, ...]
    tempo_bpm: float
    performed: bool
    part: str | None = None
    timing: Timing = Timing()


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file, or one piece of it, that is left out, and why, in words that follow its name."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What one file gave."""

    pieces: tuple[Piece, ...] = ()
    refused: tuple[SkippedFile, ...] = ()


def make_piece(
    name: str,
    notes: Iterable[Note],
    meters: Iterable[MeterChange] = (),
    tempo_bpm: float = DEFAULT_TEMPO_BPM,
    part: str | None = None,
    timing: Timing | None = None,
) -> Piece:
    """Put a piece in order: notes sorted without overlaps, meters rising from tick 0, `performed` found out.

    Without `timing` it is in one tempo, and its onsets were whole ticks from the start.

    Raises:
        InputError: If there is no note; the message is a reason that follows a file's name.

    """
    kept = tuple(without_overlaps(notes))
    if not kept:
        raise InputError("holds no notes")
    performed = len({note.velocity for note in kept}) >= PERFORMED_VELOCITIES
    timing = timing or Timing(seconds=end_of(kept) * tick_seconds(tempo_bpm))
    return Piece(name, kept, in_order(meters), tempo_bpm, performed, part, timing)


def longest_tempo(tempos: Iterable[tuple[int, float]], end_tick: int) -> float:
    """Quarter notes a minute that hold for most ticks up to `end_tick`, given (tick, tempo_bpm) of each change."""
    held = tempo_ticks(tempos, end_tick)
    return max(held, key=lambda tempo_bpm: held[tempo_bpm])


def timing_of(tempos: Iterable[tuple[int, float]], end_tick: int, off_tick: float = 0.0) -> Timing:
    """Timing of music up to `end_tick`, given (tick, tempo_bpm) of each change."""
    held = {tempo_bpm: ticks for tempo_bpm, ticks in tempo_ticks(tempos, end_tick).items() if ticks}
    seconds = sum(ticks * tick_seconds(tempo_bpm) for tempo_bpm, ticks in held.items())
    return Timing(off_tick, max(1, len(held)), seconds)


def tempo_ticks(tempos: Iterable[tuple[int, float]], end_tick: int) -> dict[float, int]:
    """For how many ticks up to `end_tick` each tempo holds, given (tick, tempo_bpm) of each change.

    Tempos outside SLOWEST_BPM..FASTEST_BPM are passed over: they are slips, or pauses written as a tempo.
    """
    known = [mark for mark in tempos if SLOWEST_BPM <= mark[1] <= FASTEST_BPM]
    marks = [(0, DEFAULT_TEMPO_BPM), *sorted(known, key=lambda mark: mark[0])]
    held: dict[float, int] = {}
    for (tick, tempo_bpm), (next_tick, _) in zip(marks, [*marks[1:], (end_tick, 0.0)], strict=True):
        held[round(tempo_bpm, 2)] = held.get(round(tempo_bpm, 2), 0) + max(0, min(next_tick, end_tick) - tick)
    return held
