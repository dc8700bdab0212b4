"""Reading the JSB chorales benchmark: four voices on a grid of sixteenth notes, with a split of its own.

The file is JSON, {"train": [...], "valid": [...], "test": [...]}; a piece is a list of sixteenths, a sixteenth the
pitches of the four voices, -1 where a voice is silent. Equal neighbours of a voice are merged into one note, so a
repeated note that the grid cannot tell from a held one becomes one note; a pitch that two voices start together is
one note, the longer one. That gives 48,419, 15,583 and 17,211 notes in the usual file.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, read_foreign_json
from lstm_composer.trainer.pieces.piece import SCORE_VELOCITY, Piece, make_piece

MOST_BYTES: Final = 64 * MEBIBYTE
"""The usual file has 5 MiB."""
MOST_VOICES: Final = 128
TICKS_PER_STEP = TICKS_PER_QUARTER // 4
CHORALE_TEMPO_BPM = 80.0
"""A singable tempo; the sources of the chorales name none."""
_PARTS = {"train": "train", "valid": "validation", "test": "test"}

_Chorales = dict[str, list[list[tuple[int, ...]]]]


def read_jsb(path: Path) -> list[Piece]:
    """Read all pieces in 4/4, named "train/0", "train/1" ..., each with its `part`.

    Raises:
        InputError: If the file has another shape; the message is a reason that follows its name.

    """
    try:
        data = read_foreign_json(path, _Chorales, MOST_BYTES)
    except InputError as error:
        raise InputError(f"is not a file of chorales on a grid: it {error}") from error
    if not set(data) & set(_PARTS):
        raise InputError(f'holds none of the parts "train", "valid" and "test", but {str(sorted(data))[:80]}')
    return [
        make_piece(f"{key}/{index}", _notes_of(steps), (), CHORALE_TEMPO_BPM, part)
        for key, part in _PARTS.items()
        for index, steps in enumerate(data.get(key, []))
    ]


def _notes_of(steps: Sequence[Sequence[int]]) -> Iterator[Note]:
    """All voices' notes; voices that a step leaves out are silent in it."""
    voices = max(map(len, steps), default=0)
    if voices > MOST_VOICES:
        raise InputError(f"holds {voices} voices at once; up to {MOST_VOICES} are read")
    for voice in range(voices):
        yield from _notes_of_voice([step[voice] if voice < len(step) else -1 for step in steps])


def _notes_of_voice(pitches: Sequence[int]) -> Iterator[Note]:
    step = 0
    for pitch, run in groupby(pitches):
        length = len(list(run))
        if not -1 <= pitch <= 127:
            raise InputError(f"holds the pitch {pitch}; pitches are 0..127, and -1 is silence")
        if pitch >= 0:
            yield Note(step * TICKS_PER_STEP, pitch, length * TICKS_PER_STEP, SCORE_VELOCITY)
        step += length
