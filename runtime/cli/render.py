"""`lstm-composer render`: the sound of a MIDI file."""

import argparse
from typing import Final

from runtime.cli.music_options import add_soundfont
from runtime.cli.options import given_path, number_of, range_of
from runtime.cli.printing import say_of
from runtime.system.process_exit import loading

HELP: Final = "make a sound file of a MIDI file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the files and the flags."""
    parser.add_argument("midi_file", type=given_path, metavar="FILE.mid")
    parser.add_argument(
        "-o", "--output", type=given_path, required=True, metavar="FILE.wav", help=".wav, .flac or .ogg"
    )
    parser.add_argument(
        "--volume", type=number_of("volume"), default=1.0, metavar="V", help=f"{range_of('volume')} (1)"
    )
    add_soundfont(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the sound, and say how long it lasts."""
    with loading():
        from runtime.playback.take import check_writable  # noqa: PLC0415
        from runtime.sound.render import render  # noqa: PLC0415 - the sound is loaded by the commands that need it

    check_writable(arguments.output)
    seconds = render(arguments.midi_file, arguments.output, volume=arguments.volume, soundfont=arguments.soundfont)
    say_of(arguments.output, f"{seconds:.1f} s of music in {arguments.output}")
