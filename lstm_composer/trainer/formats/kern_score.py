"""The music of **kern spines as a music21 score, so that both presets read it like any other score."""

from bisect import bisect_right
from fractions import Fraction
from types import ModuleType
from typing import TYPE_CHECKING

from lstm_composer.trainer.formats.kern import Chord, KernPiece, Pitch

if TYPE_CHECKING:
    from music21.note import Note
    from music21.stream import Measure, Part, Score


def kern_score(piece: KernPiece, music21: ModuleType) -> "Score":
    """Lay a piece out in parts, one for each spine, and measures.

    Args:
        piece: What the file holds.
        music21: The module, which is slow to import.

    """
    score: Score = music21.stream.Score()
    for number in sorted({chord.part for chord in piece.chords}):
        score.insert(0, _part(piece, [chord for chord in piece.chords if chord.part == number], music21))
    for offset, tempo_bpm in piece.tempos:
        score.insert(offset, music21.tempo.MetronomeMark(number=tempo_bpm))
    return score


def _part(piece: KernPiece, chords: list[Chord], music21: ModuleType) -> "Part":
    measures: list[Measure] = [music21.stream.Measure(number=number) for number in range(1, len(piece.bars) + 1)]
    for offset, numerator, denominator in piece.meters:
        # music21 knows no such meter: the bar lines are there all the same.
        if numerator and denominator in {1, 2, 4, 8, 16, 32, 64, 128}:
            signature = music21.meter.TimeSignature(f"{numerator}/{denominator}")
            measures[_bar_at(piece, offset)].timeSignature = signature
    for chord in chords:
        bar = _bar_at(piece, chord.onset)
        measures[bar].insert(chord.onset - piece.bars[bar], _notes(chord, music21))
    part: Part = music21.stream.Part()
    for offset, measure in zip(piece.bars, measures, strict=True):
        part.insert(offset, measure)
    rest = piece.end - piece.bars[-1]
    if measures[-1].highestTime < rest:  # the last bar lasts as long as its longest voice
        measures[-1].insert(rest, music21.base.Music21Object())
    return part


def _bar_at(piece: KernPiece, offset: Fraction) -> int:
    return bisect_right(piece.bars, offset) - 1


def _notes(chord: Chord, music21: ModuleType) -> "Note":
    notes = [_note(pitch, chord.duration, music21) for pitch in chord.pitches]
    return notes[0] if len(notes) == 1 else music21.chord.Chord(notes, quarterLength=chord.duration)


def _note(pitch: Pitch, duration: Fraction, music21: ModuleType) -> "Note":
    note: Note = music21.note.Note(pitch.name, quarterLength=duration)
    if pitch.is_tied:
        note.tie = music21.tie.Tie("stop")
    return note
