"""`lstm-composer render`: the sound, or the score, of a MIDI file."""

import argparse
from typing import Final

from lstm_composer.runtime.cli.music_options import add_notation, add_soundfont
from lstm_composer.runtime.cli.options import given_path, number_of, range_of
from lstm_composer.runtime.cli.printing import say_of
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.process_exit import loading

HELP: Final = "make a sound file or a score of a MIDI file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the files and the flags."""
    parser.add_argument("midi_file", type=given_path, metavar="FILE.mid")
    kinds = ".wav, .flac or .ogg; its score as .musicxml, .svg or .pdf"
    parser.add_argument("-o", "--output", type=given_path, required=True, metavar="FILE.wav", help=kinds)
    parser.add_argument("--volume", type=number_of("volume"), metavar="V", help=f"{range_of('volume')} (1)")
    add_soundfont(parser)
    add_notation(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the sound, and say how long it lasts; or the score, and say of how many notes."""
    with loading():
        from lstm_composer.runtime.playback.take import check_writable  # noqa: PLC0415 - what each command needs is loaded by it
        from lstm_composer.runtime.score.score_file import is_score_file  # noqa: PLC0415

    check_writable(arguments.output)
    if is_score_file(arguments.output):
        _write_score(arguments)
        return
    if arguments.notation is not None:
        raise InputError(f"--notation is for scores: name a .musicxml, .svg or .pdf file instead of {arguments.output}")
    with loading():
        from lstm_composer.runtime.sound.render import render  # noqa: PLC0415 - the sound is loaded by the commands that need it

    volume = 1.0 if arguments.volume is None else arguments.volume
    seconds = render(arguments.midi_file, arguments.output, volume=volume, soundfont=arguments.soundfont)
    say_of(arguments.output, f"{seconds:.1f} s of music in {arguments.output}")


def _write_score(arguments: argparse.Namespace) -> None:
    from lstm_composer.runtime.score.score_file import (  # noqa: PLC0415 - loaded already
        check_score_file,
        score_of_midi,
        usual_notation,
        write_score,
    )

    for flag, value in (("--soundfont", arguments.soundfont), ("--volume", arguments.volume)):
        if value is not None:
            raise InputError(f"{flag} is for sound files: name a .wav file instead of {arguments.output}")
    check_score_file(arguments.output)
    score, notes = score_of_midi(arguments.midi_file, arguments.notation or usual_notation(arguments.output))
    write_score(arguments.output, score)
    say_of(arguments.output, f"{len(notes)} notes in {arguments.output}")
