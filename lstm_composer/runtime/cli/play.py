"""`lstm-composer play`: improvise live."""

import argparse
from typing import Final, get_args

from lstm_composer.runtime.cli.music_options import add_music, add_soundfont, music_settings, settings_of
from lstm_composer.runtime.cli.options import given_path, given_text, number, whole
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.systems import BACKENDS
from lstm_composer.runtime.session.settings import Listen, PlaySettings, Sync
from lstm_composer.runtime.system.process_exit import loading

HELP: Final = "improvise live, into a MIDI port or heard here"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    add_music(parser)
    parser.add_argument("--bars", type=whole(1, 1_000_000), metavar="N", help="stop after N bars")
    lead_in = "bars of silence first: a recording that starts with the music may miss the very first note"
    parser.add_argument("--lead-in", type=whole(0, 64), default=0, metavar="BARS", help=lead_in)
    parser.add_argument("--sync", choices=get_args(Sync), default="auto", help="whose tempo to follow")
    parser.add_argument("--port-name", default="LSTM Composer", metavar="NAME", help="what the DAW shall see")
    into = "play into another program's port, one that has NAME in its name"
    parser.add_argument("--connect", type=given_text, metavar="NAME", help=into)
    each = "a port for each of --voices, named after it, instead of channels of one"
    parser.add_argument("--port-per-voice", action="store_true", help=each)
    # Not argparse's choices: `open_port` says what there is, and takes an older name too.
    backends = f"{', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}"
    parser.add_argument("--backend", default="auto", metavar="NAME", help=backends)
    sound = "play it here too, on a piano of its own (default: where there is no MIDI system to play into)"
    parser.add_argument("--sound", action=argparse.BooleanOptionalAction, default=None, help=sound)
    device = "what sounds: part of the name of one that `lstm-composer doctor` lists, or null"
    parser.add_argument("--audio-device", metavar="NAME", help=device)
    add_soundfont(parser)
    parser.add_argument("--clock-out", action="store_true", help="lead: send a MIDI clock, with Start and Stop")
    latency = "send so much earlier, for what comes after the port to take as long; negative: later"
    parser.add_argument("--latency-ms", type=number(-500, 500), default=0.0, metavar="MS", help=latency)
    listen = "play together: continue what is played into our input, or answer it in turns"
    parser.add_argument("--listen", choices=get_args(Listen), default="off", help=listen)
    parser.add_argument("--answer-bars", type=whole(1, 64), default=2, metavar="N", help="bars of each turn")
    parser.add_argument("--stdin", action="store_true", help="take commands from standard input, one a line")
    parser.add_argument("--osc", metavar="[HOST:]PORT", help="take commands by OSC; HOST is this machine by default")
    parser.add_argument("--map", type=given_path, metavar="FILE.toml", help="which controller turns which knob")
    parser.add_argument("--take", type=given_path, metavar="FILE.mid", help="keep what is played")
    parser.add_argument("--events", type=given_path, metavar="FILE.jsonl", help="log every message with its times")


def run(arguments: argparse.Namespace) -> None:
    """Play until the music or the user ends it."""
    with loading():
        from lstm_composer.runtime.session.play import play  # noqa: PLC0415 - the engine is loaded by the commands that need it

    play(play_settings(arguments))


def play_settings(arguments: argparse.Namespace) -> PlaySettings:
    """Return how and where to play.

    Raises:
        InputError: If flags contradict each other.

    """
    return settings_of(
        PlaySettings,
        arguments,
        music=music_settings(arguments),
        sync=_sync(arguments),
        port_per_voice=_port_per_voice(arguments),
        sound=_sound(arguments),
    )


def _sync(arguments: argparse.Namespace) -> str:
    """Whose time; who gives the time to others follows nobody."""
    if not arguments.clock_out:
        return str(arguments.sync)
    if arguments.sync not in ("auto", "internal"):
        raise InputError(f"--clock-out leads and --sync {arguments.sync} follows: leave one of them out")
    return "internal"


def _port_per_voice(arguments: argparse.Namespace) -> bool:
    if arguments.port_per_voice and not arguments.voices:
        raise InputError("--port-per-voice needs --voices: name them, such as --voices bach@1,ragtime@2")
    return bool(arguments.port_per_voice)


def _sound(arguments: argparse.Namespace) -> bool | None:
    """Whether it sounds here; who says by what wants it to."""
    by = {"--soundfont": arguments.soundfont, "--audio-device": arguments.audio_device}
    given = [flag for flag, value in by.items() if value is not None]
    if len(given) > 1:
        raise InputError("--soundfont sounds by fluidsynth, which has a device of its own: leave --audio-device out")
    if given and arguments.sound is False:
        raise InputError(f"{given[0]} says by what it sounds, and --no-sound that it does not: leave one of them out")
    return True if given else arguments.sound
