"""`lstm-composer write`: music into a file, faster than real time."""

import argparse
from typing import Final

from lstm_composer.runtime.cli.music_options import add_music, add_notation, add_soundfont, music_settings
from lstm_composer.runtime.cli.options import given_path, whole
from lstm_composer.runtime.cli.printing import say_of
from lstm_composer.runtime.system.process_exit import loading

HELP: Final = "write music to a MIDI file, a sound file or a score, faster than real time"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    add_music(parser)
    by_suffix = "a MIDI file; its sound if the name ends in .wav, .flac or .ogg, its score in .musicxml, .svg or .pdf"
    parser.add_argument("-o", "--output", type=given_path, required=True, metavar="FILE", help=by_suffix)
    add_soundfont(parser)
    add_notation(parser)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--bars", type=whole(1, 1_000_000), metavar="N")
    length.add_argument("--notes", type=whole(1, 10_000_000), metavar="N")


def run(arguments: argparse.Namespace) -> None:
    """Write the file, and say what is in it."""
    with loading():
        from lstm_composer.runtime.session.write import write  # noqa: PLC0415 - the engine is loaded by the commands that need it

    settings = music_settings(arguments)
    notes = write(settings, arguments.output, arguments.notes, arguments.soundfont, arguments.notation)
    say_of(arguments.output, f"{len(notes)} notes in {arguments.output}, seed {settings.seed}")
