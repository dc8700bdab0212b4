"""The options that several subcommands share: what music to make, by what it sounds, and where the bundles are."""

import argparse
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar, get_args

from lstm_composer.runtime.cli.options import given_path, help_of, number, number_of, whole
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.score import NOTATIONS
from lstm_composer.runtime.session.settings import (
    LARGEST_SEED,
    MOST_SECTION_BARS,
    Device,
    MusicSettings,
    PlaySettings,
    drawn_seed,
)

Settings = TypeVar("Settings", MusicSettings, PlaySettings)
T = TypeVar("T")


def add_music(parser: argparse.ArgumentParser) -> None:
    """Add what `music_settings` reads, but for how long the music is."""
    named = "one of those that `lstm-composer styles` lists, or several of one bundle: bach:0.7,ragtime:0.3"
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--style", metavar="NAME", default="", help=named)
    several = "several players at once, styles of one bundle and their channels: bach@1,ragtime@2"
    who.add_argument("--voices", type=_voices, default=(), metavar="A@1,B@2", help=several)
    tempo = "20..400 (default: the style's)"
    parser.add_argument("--tempo", dest="tempo_bpm", type=number(20, 400), metavar="BPM", help=tempo)
    parser.add_argument("--meter", type=_meter, help="such as 4/4, 3/4 or 6/8 (default: the style's)")
    parser.add_argument("--seed", type=whole(0, LARGEST_SEED), help="the same seed gives the same music")
    parser.add_argument("--temperature", type=number_of("temperature"), metavar="T", help=help_of("temperature"))
    parser.add_argument("--min-p", type=number_of("min-p"), metavar="P", help=help_of("min-p"))
    strength = f"{help_of('style-strength')} (default: the style's)"
    parser.add_argument("--style-strength", type=number_of("style-strength"), metavar="S", help=strength)
    parser.add_argument("--channel", type=whole(1, 16), default=1, help="MIDI channel 1..16")
    parser.add_argument("--form", type=_form, metavar="AABA", help="sections: a letter that returns comes back")
    parser.add_argument(
        "--section-bars", type=whole(1, MOST_SECTION_BARS), default=8, metavar="N", help="bars in a section"
    )
    parser.add_argument("--ending", choices=("none", "tonic"), default="none", help="how the last of --bars ends")
    parser.add_argument("--primer", type=given_path, metavar="FILE.mid", help="music to continue")
    parser.add_argument("--device", choices=get_args(Device), default="auto", help="what the network runs on")
    turned = 'turn a knob before the music starts, such as "key C minor"; repeat it for more'
    parser.add_argument("--set", dest="initial_commands", action="append", default=[], metavar="COMMAND", help=turned)
    add_models_dir(parser)


def add_models_dir(parser: argparse.ArgumentParser) -> None:
    """Add where else bundles are."""
    parser.add_argument(
        "--models-dir",
        dest="models_dirs",
        type=given_path,
        action="append",
        default=[],
        metavar="DIR",
        help="more bundles",
    )


def add_soundfont(parser: argparse.ArgumentParser) -> None:
    """Add what sounds instead of the piano."""
    font = "sounds instead of the piano, by the program fluidsynth"
    parser.add_argument("--soundfont", type=given_path, metavar="FILE.sf2", help=font)


def add_notation(parser: argparse.ArgumentParser) -> None:
    """Add the flag that says how a score is written."""
    how = "lengths in a score: exactly as played (.musicxml), or as a musician writes them (.svg, .pdf)"
    parser.add_argument("--notation", choices=NOTATIONS, help=how)


def music_settings(arguments: argparse.Namespace) -> MusicSettings:
    """Return what music is asked for; its seed is drawn where none is."""
    seed = drawn_seed() if arguments.seed is None else arguments.seed
    return settings_of(MusicSettings, arguments, seed=seed, ending=arguments.ending == "tonic")


def settings_of(kind: type[Settings], arguments: argparse.Namespace, **settled: object) -> Settings:
    """Return settings whose fields are the arguments of the same names.

    Args:
        kind: The settings' class. A field that no argument is named after has its default.
        arguments: What was asked for; lists become tuples.
        settled: Fields that are not as they were asked for.

    """
    values: dict[str, Any] = {}
    for name in (field.name for field in fields(kind) if field.name in arguments):
        value = getattr(arguments, name)
        values[name] = tuple(value) if isinstance(value, list) else value
    return kind(**{**values, **settled})


def _voices(text: str) -> tuple[tuple[str, int], ...]:
    from lstm_composer.runtime.session.loading import voices_of  # noqa: PLC0415 - the engine is loaded by the commands that need it

    return _allowed(voices_of, text)


def _form(text: str) -> str:
    from lstm_composer.runtime.generation.form import read_form  # noqa: PLC0415 - the same

    return _allowed(read_form, text)


def _meter(text: str) -> Meter:
    return _allowed(Meter.parse, text)


def _allowed(read: Callable[[str], T], text: str) -> T:
    """Have argparse say what is wrong with a value, after the name of its flag."""
    try:
        return read(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
