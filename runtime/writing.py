"""`lstm-composer write`: the music of a seed into a file, faster than real time."""

from itertools import islice, takewhile
from pathlib import Path

from runtime.improviser import improvise
from runtime.midifile import midi_bytes
from runtime.notes import Note, cut_at, end_of
from runtime.preparation import Prepared, prepare
from runtime.settings import MusicSettings
from runtime.shaping import shaped
from runtime.take import check_writable, save_take


def write(settings: MusicSettings, output: Path, notes: int | None) -> list[Note]:
    """Write `settings.bars` bars, or else `notes` notes, to a MIDI file and return them.

    Raises:
        ComposerError: If the style, the bundle, a value or the output is not right.

    """
    check_writable(output)
    prepared = prepare(settings)
    music = compose(prepared, notes)
    save_take(output, file_bytes(prepared, music, settings.channel))
    return music


def compose(prepared: Prepared, notes: int | None) -> list[Note]:
    """Make the notes before `prepared.end_tick`, those that cross it cut there, or else the first `notes` notes."""
    stream = (placed.note for placed in improvise(prepared.advance, prepared.cursor))
    end_tick = prepared.end_tick
    if end_tick is None:
        music = list(islice(stream, notes))
    else:
        music = cut_at(takewhile(lambda note: note.onset < end_tick, stream), end_tick)
    return music if prepared.steerable is None else shaped(music, prepared.steerable.knobs)


def file_bytes(prepared: Prepared, music: list[Note], channel: int) -> bytes:
    """Return the MIDI file of some music: it ends on the bar line after the last note, so that a DAW loops it right."""
    bar = prepared.meter.ticks_per_bar
    end_tick = prepared.end_tick or -(-end_of(music) // bar) * bar
    return midi_bytes(
        music,
        tempo_bpm=prepared.tempo_bpm,
        meter=prepared.meter,
        end_tick=end_tick,
        channel=channel,
        name=prepared.style,
    )
