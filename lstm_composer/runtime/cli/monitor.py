"""`lstm-composer monitor`: what a running `play` is doing, and turning it."""

import argparse
from typing import Final

from lstm_composer.runtime.cli.options import whole
from lstm_composer.runtime.cli.printing import say
from lstm_composer.runtime.session.settings import LARGEST_SEED
from lstm_composer.runtime.system.process_exit import loading

HELP: Final = "show what a running play is doing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    parser.add_argument("--pid", type=whole(1, LARGEST_SEED), metavar="N", help="which play (default: the newest)")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--json", action="store_true", help="print what is seen, a line of JSON ten times a second")
    send_help = 'turn a knob, as --stdin of play does, and look no further: "density 0.5"; repeat it for more'
    instead.add_argument("--send", action="append", default=[], metavar="COMMAND", help=send_help)


def run(arguments: argparse.Namespace) -> None:
    """Show it until one of the two ends, or send it commands."""
    if arguments.send:
        with loading():
            from lstm_composer.runtime.monitor.client import send_commands  # noqa: PLC0415 - loaded by this command alone

        send_commands(arguments.send, say, arguments.pid)
        return
    with loading():
        from lstm_composer.runtime.monitor.watching import watch  # noqa: PLC0415 - what draws is loaded by this command alone

    watch(pid=arguments.pid, as_json=arguments.json)
