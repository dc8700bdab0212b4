"""`lstm-composer write`: the music of a seed into a file, as MIDI or as sound, faster than real time."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from runtime.errors import InputError, MissingError
from runtime.generation.voice import Advance, note_stream
from runtime.generation.voice_state import EnsembleState
from runtime.midi.writer import midi_bytes
from runtime.music.notes import Note, cut_at, end_of
from runtime.playback.expression import apply_expression
from runtime.playback.take import check_writable, save_take
from runtime.session.loading import LoadedComposer, load_composer
from runtime.session.settings import MusicSettings


def write(
    settings: MusicSettings,
    output: Path,
    notes: int | None,
    soundfont: Path | None = None,
    load: Callable[[MusicSettings], LoadedComposer] = load_composer,
) -> list[Note]:
    """Write `settings.bars` bars, or else `notes` notes, to a file and return them.

    A file whose name ends in .wav, .flac or .ogg holds the sound of the music, every other the music as MIDI.

    Args:
        settings: What music.
        output: The file.
        notes: How many notes, where the settings name no bars.
        soundfont: What sounds, by the program fluidsynth; None for the piano that ships.
        load: Makes ready what improvises.

    Raises:
        ComposerError: If the style, the bundle, a value or the output is not right.

    """
    check_writable(output)
    sounds = _checked_sound(output, soundfont)
    composer = load(settings)
    music = make_notes(composer, notes)
    midi = to_midi_bytes(composer, music)
    again = f"--seed {settings.seed} makes the same music again"
    if sounds:
        from runtime.sound.render import render  # noqa: PLC0415 - loaded where it sounds only

        volume = 1.0 if composer.controllable is None else composer.controllable.parameters.volume
        try:
            render(midi, output, volume=volume, soundfont=soundfont)
        except MissingError as error:
            raise MissingError(f"{error}; {again}") from error
    else:
        save_take(output, midi, remedy=again)
    return music


def _checked_sound(output: Path, soundfont: Path | None) -> bool:
    """Tell whether sound is asked for, and find out before the music is made whether it can be had."""
    if output.suffix.casefold() in ("", ".mid", ".midi") and soundfont is None:
        return False
    from runtime.sound.sound_file import check_sound_file, is_sound_file  # noqa: PLC0415 - loaded where it sounds only

    if not is_sound_file(output):
        if soundfont is not None:
            raise InputError(f"--soundfont is for sound files: name a .wav file instead of {output}")
        return False
    check_sound_file(output)
    if soundfont is not None:
        from runtime.sound.fluidsynth import check_soundfont, fluidsynth_program  # noqa: PLC0415 - the same

        fluidsynth_program()
        check_soundfont(soundfont)
    return True


def make_notes(composer: LoadedComposer, notes: int | None) -> list[Note]:
    """Make the notes before `prepared.end_tick`, those that cross it cut there, or else the first `notes` notes."""
    if composer.end_tick is None:
        music = [placed.note for placed in islice(note_stream(composer.advance, composer.cursor), notes)]
    else:
        music = cut_at(notes_until(composer.advance, composer.cursor, composer.end_tick), composer.end_tick)
    return (
        music
        if composer.controllable is None
        else apply_expression(music, composer.controllable.parameters, composer.meter)
    )


def notes_until(advance: Advance, state: EnsembleState, end_tick: int) -> Iterator[Note]:
    """Yield the notes of a stream until it has come to a position."""
    while state.onset < end_tick:
        note, state = advance(state)
        if note is not None:
            yield note


def to_midi_bytes(composer: LoadedComposer, music: list[Note], tempos: Sequence[tuple[int, float]] = ()) -> bytes:
    """Return the MIDI file of some music: it ends on the bar line after the last note, so that a DAW loops it right.

    Args:
        composer: What it was made with.
        music: The notes.
        tempos: Positions, rising, and the tempo from each on; where there is none, the music's own tempo.

    """
    bar = composer.meter.ticks_per_bar
    end_tick = max(composer.end_tick or 0, -(-end_of(music) // bar) * bar)
    (_, tempo_bpm), *changes = tempos or ((0, composer.tempo_bpm),)
    return midi_bytes(
        music,
        tempo_bpm=tempo_bpm,
        tempo_changes=changes,
        meter=composer.meter,
        end_tick=end_tick,
        channels=composer.channels,
        name=composer.style,
    )
