"""A tune as a score of music21, for those who ask that library about it."""

from fractions import Fraction
from itertools import groupby
from types import ModuleType
from typing import TYPE_CHECKING

from lstm_composer.runtime.music.pitches import SEMITONES
from lstm_composer.trainer.formats.abc.fields import WHOLE
from lstm_composer.trainer.formats.abc.sounds import Sound
from lstm_composer.trainer.formats.abc.tune import read_tune
from lstm_composer.trainer.formats.abc.tunebook import TuneText
from lstm_composer.trainer.formats.abc.voice import Voice

if TYPE_CHECKING:
    from music21.stream import Part, Score


def abc_score(text: TuneText, music21: ModuleType) -> "Score":
    """Read a tune into a score: a part for each voice, notes that begin together a chord, ties joined.

    Raises:
        InputError: At what is not understood; the message is a reason that follows the tune's name.

    """
    score: Score = music21.stream.Score()
    for voice in read_tune(text).voices:
        if voice.sounds:
            score.insert(0, _part_of(voice, music21))
    return score


def _part_of(voice: Voice, music21: ModuleType) -> "Part":
    part: Part = music21.stream.Part()
    sounds = sorted(voice.sounds, key=lambda sound: (sound.start, sound.pitch))
    for start, group in groupby(sounds, key=lambda sound: sound.start):
        together = list(group)
        heads = [music21.note.Note(_name_of(sound)) for sound in together]
        head = heads[0] if len(heads) == 1 else music21.chord.Chord(heads)
        head.duration.quarterLength = Fraction(4 * (max(sound.end for sound in together) - start), WHOLE)
        part.insert(Fraction(4 * start, WHOLE), head)
    return part


def _name_of(sound: Sound) -> str | int:
    """The pitch in music21's spelling, "E-4"; of a note that is moved by semitones its number."""
    octave, left = divmod(sound.pitch - sound.alteration - SEMITONES[sound.letter], 12)
    if left:
        return sound.pitch
    return f"{sound.letter}{('#' if sound.alteration > 0 else '-') * abs(sound.alteration)}{octave - 1}"
