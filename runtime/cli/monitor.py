"""`lstm-composer monitor`: what a running `play` is doing."""

import argparse
from typing import Final

from runtime.cli.options import whole
from runtime.session.settings import LARGEST_SEED
from runtime.system.process_exit import loading

HELP: Final = "show what a running play is doing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    parser.add_argument("--pid", type=whole(1, LARGEST_SEED), metavar="N", help="which play (default: the newest)")
    parser.add_argument("--json", action="store_true", help="print what is seen, a line of JSON ten times a second")


def run(arguments: argparse.Namespace) -> None:
    """Show it until one of the two ends."""
    with loading():
        from runtime.monitor.watching import watch  # noqa: PLC0415 - what draws is loaded by this command alone

    watch(pid=arguments.pid, as_json=arguments.json)
