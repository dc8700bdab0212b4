"""What a saved epoch plays, for the page to play and draw."""

from pathlib import Path

import msgspec

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.bars import in_order

NoteRow = tuple[int, int, int, int]
"""Onset in ticks, pitch, duration in ticks, velocity."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """Music of an epoch; a quarter note has 24 ticks."""

    epoch: int
    tempo_bpm: float
    meter: str
    ticks_per_bar: int
    end_tick: int
    notes: list[NoteRow]


def read_sample(path: Path, epoch: int) -> Sample:
    """Read the sample of an epoch.

    Raises:
        InputError: If it is not there, or cannot be read.

    """
    from lstm_composer.runtime.midi.reader import read_music  # noqa: PLC0415 - numpy comes with it

    try:
        music = read_music(path)
    except InputError as error:
        raise InputError(f"what epoch {epoch} plays cannot be read: its file {error}") from error
    end_tick, _ = music.next_bar()
    meter = in_order(music.meters)[0].meter
    return Sample(
        epoch=epoch,
        tempo_bpm=music.last_tempo_bpm,
        meter=str(meter),
        ticks_per_bar=meter.ticks_per_bar,
        end_tick=end_tick,
        notes=[(note.onset, note.pitch, note.duration, note.velocity) for note in music.notes],
    )
