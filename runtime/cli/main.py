"""The command line: `lstm-composer SUBCOMMAND`.

`play`, `write`, `render`, `styles`, `doctor` and `monitor` are here. Every other subcommand (`train`, `export`) is
found by its entry point in the group `lstm_composer.commands`, so that this package never imports the trainer.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar

from runtime.cli.options import OneLineParser, given_path, help_of, number, number_of, range_of, whole
from runtime.errors import InputError
from runtime.music.notes import Meter
from runtime.session.settings import DEVICES, LARGEST_SEED, MusicSettings, PlaySettings, drawn_seed
from runtime.system.process_exit import EXIT_DONE, in_words, loading
from runtime.system.visible_text import json_text, visible

COMMANDS_GROUP = "lstm_composer.commands"
SYNCS = ("auto", "internal", "midi", "link")
LATENESS_SECONDS = 10.0
_MOST_OF_A_LICENCE = 80

Arguments = argparse.Namespace
T = TypeVar("T")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand and return the exit code: 0 done, 2 something the user can cure; a bug raises."""
    given = list(sys.argv[1:] if argv is None else argv)
    return in_words(lambda: _run(given))


def composer_play() -> int:
    """`composer-play`: short for `lstm-composer play`."""
    return main(["play", *sys.argv[1:]])


def composer_train() -> int:
    """`composer-train`: short for `lstm-composer train`."""
    return main(["train", *sys.argv[1:]])


def composer_export() -> int:
    """`composer-export`: short for `lstm-composer export`."""
    return main(["export", *sys.argv[1:]])


def _run(argv: list[str]) -> int:
    external = _external_commands()
    if argv and argv[0] in external:
        with loading():
            run_external = external[argv[0]]()
        return run_external(argv[1:])
    arguments = _parser(sorted(external)).parse_args(argv)
    run: Callable[[Arguments], None] = arguments.run
    run(arguments)
    return EXIT_DONE


def _external_commands() -> dict[str, Callable[[], Callable[[list[str]], int]]]:
    """Subcommands of other packages by name, each to be loaded when it is asked for."""
    return {entry.name: entry.load for entry in entry_points(group=COMMANDS_GROUP)}


def _parser(external: list[str]) -> argparse.ArgumentParser:
    more = f"also: {', '.join(external)} (each with --help of its own)" if external else ""
    parser = OneLineParser(prog="lstm-composer", description="A network improvises in a style you choose.", epilog=more)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_play(commands.add_parser("play", help="improvise live, into a MIDI port or heard here"))
    _add_write(commands.add_parser("write", help="write music to a MIDI or a sound file, faster than real time"))
    _add_render(commands.add_parser("render", help="make a sound file of a MIDI file"))
    styles = commands.add_parser("styles", help="list what can be named after --style")
    doctor = commands.add_parser("doctor", help="say what this machine has for playing, and how late its notes leave")
    _add_lateness(doctor)
    _add_monitor(commands.add_parser("monitor", help="show what a running play is doing"))
    for listing, run in ((styles, _styles), (doctor, _doctor)):
        listing.add_argument("--json", action="store_true", help="for programs to read")
        _add_models_dir(listing)
        listing.set_defaults(run=run)
    return parser


def _add_music(parser: argparse.ArgumentParser) -> None:
    named = "one of those that `lstm-composer styles` lists, or several of one bundle: bach:0.7,joplin:0.3"
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--style", metavar="NAME", help=named)
    several = "several players at once, styles of one bundle and their channels: bach@1,joplin@2"
    who.add_argument("--voices", type=_voices, default=(), metavar="A@1,B@2", help=several)
    parser.add_argument("--tempo", type=number(20, 400), metavar="BPM", help="20..400 (default: the style's)")
    parser.add_argument("--meter", type=_meter, help="such as 4/4, 3/4 or 6/8 (default: the style's)")
    parser.add_argument("--seed", type=whole(0, LARGEST_SEED), help="the same seed gives the same music")
    parser.add_argument("--temperature", type=number_of("temperature"), metavar="T", help=help_of("temperature"))
    parser.add_argument("--min-p", type=number_of("min-p"), metavar="P", help=help_of("min-p"))
    strength = f"{help_of('style-strength')} (default: the style's)"
    parser.add_argument("--style-strength", type=number_of("style-strength"), metavar="S", help=strength)
    parser.add_argument("--channel", type=whole(1, 16), default=1, help="MIDI channel 1..16")
    parser.add_argument("--form", type=_form, metavar="AABA", help="sections: a letter that returns comes back")
    parser.add_argument("--section-bars", type=whole(1, 64), default=8, metavar="N", help="bars in a section")
    parser.add_argument("--ending", choices=("none", "tonic"), default="none", help="how the last of --bars ends")
    parser.add_argument("--primer", type=given_path, metavar="FILE.mid", help="music to continue")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="what the network runs on")
    set_help = 'turn a knob before the music starts, such as "key C minor"; repeat it for more'
    parser.add_argument("--set", action="append", default=[], metavar="COMMAND", help=set_help)
    _add_models_dir(parser)


def _add_models_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models-dir", type=given_path, action="append", default=[], metavar="DIR", help="more bundles"
    )


def _add_play(parser: argparse.ArgumentParser) -> None:
    _add_music(parser)
    parser.add_argument("--bars", type=whole(1, 1_000_000), metavar="N", help="stop after N bars")
    lead_in = "bars of silence first: a recording that starts with the music may miss the very first note"
    parser.add_argument("--lead-in", type=whole(0, 64), default=0, metavar="BARS", help=lead_in)
    parser.add_argument("--sync", choices=SYNCS, default="auto", help="whose tempo to follow")
    parser.add_argument("--port-name", default="LSTM Composer", metavar="NAME", help="what the DAW shall see")
    each = "a port for each of --voices, named after it, instead of channels of one"
    parser.add_argument("--port-per-voice", action="store_true", help=each)
    # Not argparse's choices: open_port knows them, and a few ways into JACK more.
    parser.add_argument("--backend", default="auto", metavar="NAME", help="auto, alsa, jack, coremidi, windows or none")
    sound = "play it here too, on a piano of its own (default: where there is no MIDI system to play into)"
    parser.add_argument("--sound", action=argparse.BooleanOptionalAction, default=None, help=sound)
    device = "what sounds: part of the name of one that `lstm-composer doctor` lists, or null"
    parser.add_argument("--audio-device", metavar="NAME", help=device)
    _add_soundfont(parser)
    parser.add_argument("--clock-out", action="store_true", help="lead: send a MIDI clock, with Start and Stop")
    latency = "send so much earlier, for what comes after the port to take as long; negative: later"
    parser.add_argument("--latency-ms", type=number(-500, 500), default=0.0, metavar="MS", help=latency)
    listen = "play together: continue what is played into our input, or answer it in turns"
    parser.add_argument("--listen", choices=("off", "continue", "answer"), default="off", help=listen)
    parser.add_argument("--answer-bars", type=whole(1, 64), default=2, metavar="N", help="bars of each turn")
    parser.add_argument("--stdin", action="store_true", help="take commands from standard input, one a line")
    parser.add_argument("--osc", metavar="[HOST:]PORT", help="take commands by OSC; HOST is this machine by default")
    parser.add_argument("--map", type=given_path, metavar="FILE.toml", help="which controller turns which knob")
    parser.add_argument("--take", type=given_path, metavar="FILE.mid", help="keep what is played")
    parser.add_argument("--events", type=given_path, metavar="FILE.jsonl", help="log every message with its times")
    parser.set_defaults(run=_play)


def _add_soundfont(parser: argparse.ArgumentParser) -> None:
    font = "sounds instead of the piano, by the program fluidsynth"
    parser.add_argument("--soundfont", type=given_path, metavar="FILE.sf2", help=font)


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("midi_file", type=given_path, metavar="FILE.mid")
    parser.add_argument(
        "-o", "--output", type=given_path, required=True, metavar="FILE.wav", help=".wav, .flac or .ogg"
    )
    parser.add_argument(
        "--volume", type=number_of("volume"), default=1.0, metavar="V", help=f"{range_of('volume')} (1)"
    )
    _add_soundfont(parser)
    parser.set_defaults(run=_render)


def _add_lateness(parser: argparse.ArgumentParser) -> None:
    how_late = parser.add_mutually_exclusive_group()
    how_late.add_argument(
        "--lateness",
        type=number(1, 600),
        nargs="?",
        const=LATENESS_SECONDS,
        metavar="SECONDS",
        help=f"measure how late notes leave for 1..600 s ({LATENESS_SECONDS:g}); on a terminal that is done anyway",
    )
    how_late.add_argument("--quick", action="store_true", help="measure nothing, on a terminal too")


def _add_monitor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pid", type=whole(1, LARGEST_SEED), metavar="N", help="which play (default: the newest)")
    parser.add_argument("--json", action="store_true", help="print what is seen, a line of JSON ten times a second")
    parser.set_defaults(run=_monitor)


def _add_write(parser: argparse.ArgumentParser) -> None:
    _add_music(parser)
    by_suffix = "a MIDI file; its sound if the name ends in .wav, .flac or .ogg"
    parser.add_argument("-o", "--output", type=given_path, required=True, metavar="FILE", help=by_suffix)
    _add_soundfont(parser)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--bars", type=whole(1, 1_000_000), metavar="N")
    length.add_argument("--notes", type=whole(1, 10_000_000), metavar="N")
    parser.set_defaults(run=_write)


def _music(arguments: Arguments) -> MusicSettings:
    return MusicSettings(
        style=arguments.style or "",
        seed=drawn_seed() if arguments.seed is None else arguments.seed,
        tempo_bpm=arguments.tempo,
        meter=arguments.meter,
        bars=arguments.bars,
        temperature=arguments.temperature,
        min_p=arguments.min_p,
        style_strength=arguments.style_strength,
        channel=arguments.channel,
        device=arguments.device,
        models_dirs=tuple(arguments.models_dir),
        voices=arguments.voices,
        form=arguments.form,
        section_bars=arguments.section_bars,
        ending=arguments.ending == "tonic",
        primer=arguments.primer,
        lead_in=getattr(arguments, "lead_in", 0),
        initial_commands=tuple(arguments.set),
    )


def _play(arguments: Arguments) -> None:
    with loading():
        from runtime.session.play import play  # noqa: PLC0415 - the engine is loaded by the commands that need it

    play(
        PlaySettings(
            music=_music(arguments),
            sync=_sync(arguments),
            clock_out=arguments.clock_out,
            port_name=arguments.port_name,
            port_per_voice=_port_per_voice(arguments),
            backend=arguments.backend,
            latency_ms=arguments.latency_ms,
            listen=arguments.listen,
            answer_bars=arguments.answer_bars,
            stdin=arguments.stdin,
            osc=arguments.osc,
            map=arguments.map,
            take=arguments.take,
            events=arguments.events,
            sound=_sound(arguments),
            audio_device=arguments.audio_device,
            soundfont=arguments.soundfont,
        )
    )


def _port_per_voice(arguments: Arguments) -> bool:
    if arguments.port_per_voice and not arguments.voices:
        raise InputError("--port-per-voice needs --voices: name them, such as --voices bach@1,joplin@2")
    return bool(arguments.port_per_voice)


def _sound(arguments: Arguments) -> bool | None:
    """Whether it sounds here; who says by what wants it to."""
    by = {"--soundfont": arguments.soundfont, "--audio-device": arguments.audio_device}
    given = [flag for flag, value in by.items() if value is not None]
    if len(given) > 1:
        raise InputError("--soundfont sounds by fluidsynth, which has a device of its own: leave --audio-device out")
    if given and arguments.sound is False:
        raise InputError(f"{given[0]} says by what it sounds, and --no-sound that it does not: leave one of them out")
    return True if given else arguments.sound


def _sync(arguments: Arguments) -> str:
    """Whose time; who gives the time to others follows nobody."""
    if not arguments.clock_out:
        return str(arguments.sync)
    if arguments.sync not in ("auto", "internal"):
        raise InputError(f"--clock-out leads and --sync {arguments.sync} follows: leave one of them out")
    return "internal"


def _write(arguments: Arguments) -> None:
    with loading():
        from runtime.session.write import write  # noqa: PLC0415 - the engine is loaded by the commands that need it

    settings = _music(arguments)
    notes = write(settings, arguments.output, arguments.notes, arguments.soundfont)
    _say_of(arguments.output, f"{len(notes)} notes in {arguments.output}, seed {settings.seed}")


def _render(arguments: Arguments) -> None:
    with loading():
        from runtime.playback.take import check_writable  # noqa: PLC0415
        from runtime.sound.render import render  # noqa: PLC0415 - the sound is loaded by the commands that need it

    check_writable(arguments.output)
    seconds = render(arguments.midi_file, arguments.output, volume=arguments.volume, soundfont=arguments.soundfont)
    _say_of(arguments.output, f"{seconds:.1f} s of music in {arguments.output}")


def _styles(arguments: Arguments) -> None:
    with loading():
        from runtime.bundle.library import list_bundles, listed, styles  # noqa: PLC0415

    shelved = list_bundles(arguments.models_dir)
    found = styles(shelved)
    if arguments.json:
        rows = [
            {"style": name, "bundle": str(style.path), "tempo_bpm": style.card.tempo_bpm, "meter": style.card.meter,
             "pieces": style.card.pieces, "notes": style.card.notes, "register": style.card.register,
             "data": [{"source": data.source, "licence": data.licence, "attribution": data.attribution}
                      for data in style.data]}
            for name, style in sorted(found.items())
        ]  # fmt: skip
        broken = [{"bundle": str(bundle.path), "problem": bundle.problem} for bundle in shelved if bundle.problem]
        _say(json_text({"styles": rows, "broken": broken}, indent=2))
        return
    for name, style in sorted(found.items()):
        card = style.card
        habits = f"{name:<16} {card.tempo_bpm:5g} bpm  {card.meter:<5} from {card.notes:,} notes"
        licences = listed([licence[:_MOST_OF_A_LICENCE] for licence in style.licences])
        _say(visible(f"{habits}  {style.path.name}  ({licences})"))
    for bundle in shelved:
        if bundle.problem:
            _say(visible(f"{bundle.name:<16} broken: {bundle.problem}"))


def _doctor(arguments: Arguments) -> None:
    with loading():
        from runtime.cli.doctor import examine, report  # noqa: PLC0415
        from runtime.playback.wakeup_latency import measured_with_progress  # noqa: PLC0415

    seconds = arguments.lateness
    if seconds is None and sys.stdout.isatty() and not (arguments.quick or arguments.json):
        seconds = LATENESS_SECONDS
    found = examine(arguments.models_dir)
    if seconds is not None:
        found["lateness"] = measured_with_progress(seconds).as_finding()
    _say(json_text(found, indent=2) if arguments.json else report(found))


def _monitor(arguments: Arguments) -> None:
    with loading():
        from runtime.cli.monitor import monitor  # noqa: PLC0415

    monitor(pid=arguments.pid, as_json=arguments.json)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _say_of(output: Path, text: str) -> None:
    """Say something of a file that was written: not among its bytes, where these go to standard output."""
    from runtime.system.pipes import is_standard_output  # noqa: PLC0415

    line = f"{visible(text)}\n"
    (sys.stderr if is_standard_output(output) else sys.stdout).write(line)


def _voices(text: str) -> tuple[tuple[str, int], ...]:
    from runtime.session.loading import voices_of  # noqa: PLC0415 - the engine is loaded by the commands that need it

    return _allowed(voices_of, text)


def _form(text: str) -> str:
    from runtime.generation.form import read_form  # noqa: PLC0415

    return _allowed(read_form, text)


def _allowed(read: Callable[[str], T], text: str) -> T:
    """Have argparse say what is wrong with a value, after the name of its flag."""
    try:
        return read(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _meter(text: str) -> Meter:
    return _allowed(Meter.parse, text)
