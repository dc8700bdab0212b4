"""`lstm-composer doctor`: what this machine has for playing, and how late its notes leave."""

import argparse
import sys
from dataclasses import replace
from typing import Final

from lstm_composer.runtime.cli.music_options import add_models_dir
from lstm_composer.runtime.cli.options import number
from lstm_composer.runtime.cli.printing import say
from lstm_composer.runtime.system.process_exit import loading
from lstm_composer.runtime.system.visible_text import json_text

HELP: Final = "say what this machine has for playing, and how late its notes leave"
LATENESS_SECONDS: Final = 10.0
"""How long is measured where nobody says it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
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
    parser.add_argument("--json", action="store_true", help="for programs to read")
    add_models_dir(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print what is found, in words or as JSON."""
    with loading():
        from lstm_composer.runtime.doctor.examination import examine  # noqa: PLC0415 - as in all subcommands
        from lstm_composer.runtime.doctor.wording import report  # noqa: PLC0415
        from lstm_composer.runtime.playback.wakeup_latency import measured_with_progress  # noqa: PLC0415

    seconds = arguments.lateness
    if seconds is None and sys.stdout.isatty() and not (arguments.quick or arguments.json):
        seconds = LATENESS_SECONDS
    found = examine(arguments.models_dirs)
    if seconds is not None:
        found = replace(found, lateness=measured_with_progress(seconds).as_finding())
    say(json_text(found.as_data(), indent=2) if arguments.json else report(found))
