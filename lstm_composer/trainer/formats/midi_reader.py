"""Reading a standard MIDI file of any type and resolution into a piece, by the rules of `runtime.midi.reader`.

Bar lines are where the file's meter events put them, or where its accents do (`trainer.pieces.accented_bars`): a pickup
that the file shows neither by a short first bar nor by accents is taken as the beginning of bar 1.
"""

from dataclasses import replace
from pathlib import Path

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.runtime.music.bars import in_order
from lstm_composer.runtime.music.notes import end_of
from lstm_composer.trainer.pieces.accented_bars import accented_bars
from lstm_composer.trainer.pieces.piece import Piece, longest_tempo, make_piece, timing_of


def read_midi(path: Path, name: str) -> Piece:
    """Read a MIDI file of type 0, 1 or 2.

    Args:
        path: The file.
        name: What the piece is to be called.

    Raises:
        InputError: If the file is no MIDI file, damaged or without notes other than drums; the message is a
            reason that follows the file's name.

    """
    music = read_music(path)
    if not music.notes and music.has_drums:
        raise InputError("holds drums only; notes with a pitch are needed")
    shift, meters = accented_bars(music.notes, in_order(music.meters))
    notes = [replace(note, onset=note.onset + shift) for note in music.notes] if shift else music.notes
    tempos = [(tick + shift if tick else 0, tempo_bpm) for tick, tempo_bpm in music.tempos]
    end = end_of(notes)
    timing = timing_of(tempos, end, music.off_ticks / max(1, music.read_notes))
    return make_piece(name, notes, meters, longest_tempo(tempos, end), timing=timing)
