"""`lstm-composer monitor`: show what a running `play` is doing, until one of the two ends."""

import sys
from collections.abc import Iterator
from itertools import chain

from rich.console import Console
from rich.live import Live

from runtime.errors import InputError
from runtime.monitor.client import lines
from runtime.monitor.snapshot import decode
from runtime.monitor.view import view

ENDED = "the play has ended"


def monitor(*, pid: int | None = None, as_json: bool = False) -> None:
    """Show a play, the newest by default, on the terminal or as lines of JSON on standard output.

    Raises:
        InputError: If that process does not play, or there is no terminal to draw on.
        MissingError: If nothing plays.

    """
    console = Console(highlight=False)
    if not as_json and not console.is_terminal:
        raise InputError("monitor draws on a terminal, and its output is none: --json prints lines for programs")
    with lines(pid) as snapshots:
        if as_json:
            _print(snapshots)
        else:
            _draw(snapshots, console)
    sys.stderr.write(f"{ENDED}\n")


def _print(snapshots: Iterator[bytes]) -> None:
    for line in snapshots:
        sys.stdout.write(line.decode())
        sys.stdout.flush()


def _draw(snapshots: Iterator[bytes], console: Console) -> None:
    first = next(snapshots, None)
    if first is None:
        return
    with Live(console=console, screen=True, auto_refresh=False) as live:
        for line in chain([first], snapshots):
            live.update(view(decode(line), console.width, console.height), refresh=True)
