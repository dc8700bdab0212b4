"""`lstm-composer write`: the music of a seed into a file, as MIDI, sound or a score, faster than real time."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.generation.voice import Advance, note_stream
from lstm_composer.runtime.generation.voice_state import EnsembleState
from lstm_composer.runtime.midi.writer import midi_bytes
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Note, cut_at, end_of
from lstm_composer.runtime.playback.expression import apply_expression
from lstm_composer.runtime.playback.take import check_writable, save_take
from lstm_composer.runtime.score import Notation
from lstm_composer.runtime.session.loading import LoadedComposer, load_composer
from lstm_composer.runtime.session.settings import MusicSettings

if TYPE_CHECKING:
    from lstm_composer.runtime.score.written import Score


def write(
    settings: MusicSettings,
    output: Path,
    notes: int | None,
    soundfont: Path | None = None,
    notation: Notation | None = None,
    load: Callable[[MusicSettings], LoadedComposer] = load_composer,
) -> list[Note]:
    """Write `settings.bars` bars, or else `notes` notes, to a file and return them.

    A file whose name ends in .wav, .flac or .ogg holds the sound of the music, one that ends in .musicxml, .svg or .pdf
    its score, every other the music as MIDI.

    Args:
        settings: What music.
        output: The file.
        notes: How many notes, where the settings name no bars.
        soundfont: What sounds, by the program fluidsynth; None for the piano that ships.
        notation: How a score is written; None: as is usual for a file of its kind.
        load: Makes ready what improvises.

    Raises:
        ComposerError: If the style, the bundle, a value or the output is not right.

    """
    check_writable(output)
    kind = _checked_kind(output, soundfont, notation)
    composer = load(settings)
    music = make_notes(composer, notes)
    again = f"--seed {settings.seed} makes the same music again"
    if kind == "MIDI":
        save_take(output, to_midi_bytes(composer, music), remedy=again)
        return music
    try:
        if kind == "sound":
            from lstm_composer.runtime.sound.render import render  # noqa: PLC0415 - loaded where it sounds only

            volume = 1.0 if composer.controllable is None else composer.controllable.parameters.volume
            render(to_midi_bytes(composer, music), output, volume=volume, soundfont=soundfont)
        else:
            from lstm_composer.runtime.score.score_file import usual_notation, write_score  # noqa: PLC0415 - loaded for scores only

            write_score(output, to_score(composer, music, settings, notation or usual_notation(output)))
    except MissingError as error:
        raise MissingError(f"{error}; {again}") from error
    return music


def _checked_kind(output: Path, soundfont: Path | None, notation: Notation | None) -> Literal["MIDI", "sound", "score"]:
    """Tell what a file is to hold, and find out before the music is made whether it can be had."""
    if output.suffix.casefold() in ("", ".mid", ".midi") and soundfont is None and notation is None:
        return "MIDI"
    from lstm_composer.runtime.sound.sound_file import check_sound_file, is_sound_file  # noqa: PLC0415 - loaded where it sounds only

    sounds = is_sound_file(output)
    if soundfont is not None and not sounds:
        raise InputError(f"--soundfont is for sound files: name a .wav file instead of {output}")
    if not sounds:
        return _checked_score(output, notation)
    _refuse_notation(output, notation)
    check_sound_file(output)
    if soundfont is not None:
        from lstm_composer.runtime.sound.fluidsynth import check_soundfont, fluidsynth_program  # noqa: PLC0415 - the same

        fluidsynth_program()
        check_soundfont(soundfont)
    return "sound"


def _checked_score(output: Path, notation: Notation | None) -> Literal["MIDI", "score"]:
    from lstm_composer.runtime.score.score_file import check_score_file, is_score_file  # noqa: PLC0415 - loaded for scores only

    if is_score_file(output):
        check_score_file(output)
        return "score"
    _refuse_notation(output, notation)
    return "MIDI"


def _refuse_notation(output: Path, notation: Notation | None) -> None:
    if notation is not None:
        raise InputError(f"--notation is for scores: name a .musicxml, .svg or .pdf file instead of {output}")


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


def to_score(
    composer: LoadedComposer, music: Sequence[Note], settings: MusicSettings, notation: Notation = "readable"
) -> "Score":
    """Return the score of some music.

    Args:
        composer: What it was made with.
        music: The notes.
        settings: What was asked for.
        notation: Whether lengths are written as they were played, or as a musician would write them.

    """
    from lstm_composer.runtime.score.score import score_of  # noqa: PLC0415 - loaded for scores only
    from lstm_composer.runtime.score.written import ScoreSettings  # noqa: PLC0415 - the same

    return score_of(
        music,
        ScoreSettings(
            title=f"In the style of {composer.style}, seed {settings.seed}",
            meters=(MeterChange(0, composer.meter),),
            tempos=((0, composer.tempo_bpm),),
            notation=notation,
            end_tick=composer.end_tick or 0,
            has_dynamics=composer.has_dynamics,
            names=[style for style, _ in settings.voices],
        ),
    )
