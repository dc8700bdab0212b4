"""Watching a running `play` until one of the two ends: on the terminal, or as lines for programs."""

import sys
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live

from runtime.errors import InputError
from runtime.monitor.client import snapshots
from runtime.monitor.screen import view
from runtime.monitor.snapshot import Snapshot, encode

ENDED = "the play has ended"


def watch(*, pid: int | None = None, as_json: bool = False) -> None:
    """Show a play, the newest by default, on the terminal or as lines of JSON on standard output.

    Raises:
        InputError: If that process does not play, or there is no terminal to draw on.
        MissingError: If nothing plays, or what answers is no play.

    """
    console = Console(highlight=False)
    if not as_json and not console.is_terminal:
        raise InputError("monitor draws on a terminal, and its output is none: --json prints lines for programs")
    with snapshots(pid) as seen:
        if as_json:
            _print(seen)
        else:
            _draw(seen, console)
    sys.stderr.write(f"{ENDED}\n")


def _print(seen: Iterator[Snapshot]) -> None:
    """Print lines of our own making: what came in could hold anything between its values."""
    for snapshot in seen:
        sys.stdout.write(encode(snapshot).decode("ascii"))
        sys.stdout.flush()


def _draw(seen: Iterator[Snapshot], console: Console) -> None:
    first = next(seen)  # or the reason why there is none, before the screen is cleared
    with Live(console=console, screen=True, auto_refresh=False) as live:
        live.update(view(first, console.width, console.height), refresh=True)
        for snapshot in seen:
            live.update(view(snapshot, console.width, console.height), refresh=True)
