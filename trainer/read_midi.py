"""Reading a standard MIDI file of any type and resolution into a piece, by the rules of `runtime.midi_music`.

Bar lines are where the file's meter events put them: a pickup that the file does not show as a short first bar
is taken as the beginning of bar 1.
"""

from pathlib import Path

from runtime.errors import InputError
from runtime.midi_music import read_music
from runtime.notes import end_of
from trainer.piece import Piece, longest_tempo, make_piece, timing_of


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
    end = end_of(music.notes)
    timing = timing_of(music.tempos, end, music.off_ticks / max(1, music.read_notes))
    return make_piece(name, music.notes, music.meters, longest_tempo(music.tempos, end), timing=timing)
