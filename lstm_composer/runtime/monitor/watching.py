"""Watching a running `play` until one of the two ends: on the terminal, or as lines for programs; or turning it."""

import sys
import threading
import time
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.live import Live

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.monitor.client import Following, follow, snapshots
from lstm_composer.runtime.monitor.following import ClockOffset, Picture
from lstm_composer.runtime.monitor.protocol import Ping, Pong
from lstm_composer.runtime.monitor.screen import view
from lstm_composer.runtime.monitor.snapshot import Snapshot, encode
from lstm_composer.runtime.system.threads import background_thread

ENDED = "the play has ended"
DRAWING_SECONDS: Final = 1 / 15
PING_SECONDS: Final = 0.2
"""Between two questions for the time at first; later they are as many times rarer as have been answered, up to ten."""


def watch(*, pid: int | None = None, as_json: bool = False) -> None:
    """Show a play, the newest by default, on the terminal or as lines of JSON on standard output.

    Raises:
        InputError: If that process does not play, or there is no terminal to draw on.
        MissingError: If nothing plays, or what answers is no play.

    """
    console = Console(highlight=False)
    if not as_json and not console.is_terminal:
        raise InputError("monitor draws on a terminal, and its output is none: --json prints lines for programs")
    if as_json:
        with snapshots(pid) as seen:
            _print(seen)
    else:
        with follow(pid) as play:
            _draw(play, console)
    sys.stderr.write(f"{ENDED}\n")


def _print(seen: Iterator[Snapshot]) -> None:
    """Print lines of our own making: what came in could hold anything between its values."""
    for snapshot in seen:
        sys.stdout.write(encode(snapshot).decode("ascii"))
        sys.stdout.flush()


def _draw(play: Following, console: Console) -> None:
    """Draw what is said and when: its notes move on by our clock and the offset that was measured."""
    screen, over = _Screen(play), threading.Event()
    with background_thread("listening", screen.listen, over):
        try:
            if not screen.wait():  # or the reason why there is nothing, before the screen is cleared
                return
            with Live(console=console, screen=True, auto_refresh=False) as live:
                while not over.wait(DRAWING_SECONDS):
                    snapshot = screen.present()
                    if snapshot is not None:
                        live.update(view(snapshot, console.width, console.height), refresh=True)
        finally:
            play.close()  # the thread waits for what is said


class _Screen:
    """What there is to draw: listened to on one thread, and drawn on another."""

    def __init__(self, play: Following) -> None:
        self._play = play
        self._picture, self._offset = Picture(), ClockOffset()
        self._lock = threading.Lock()
        self._is_complete = threading.Event()
        self._next_ping = 0.0
        self._answered = 0

    def listen(self, over: threading.Event) -> None:
        """Take what is said until the play ends, and set `over` then."""
        try:
            self._play.say(Ping(time.monotonic()))
            for message in self._play.messages():
                with self._lock:
                    self._picture.take(message)
                    if isinstance(message, Pong):
                        self._offset.add(message.sent, message.received, message.answered, time.monotonic())
                        self._answered = min(10, self._answered + 1)
                if self._picture.is_complete and self._offset.seconds is not None:
                    self._is_complete.set()
                self._ask()
        finally:
            over.set()
            self._is_complete.set()

    def wait(self) -> bool:
        """Wait until there is something to draw; False if there never will be."""
        self._is_complete.wait()
        return self.present() is not None

    def present(self) -> Snapshot | None:
        """Return what goes on now."""
        with self._lock:
            offset = self._offset.seconds
            return None if offset is None else self._picture.at(time.monotonic() + offset)

    def _ask(self) -> None:
        now = time.monotonic()
        if now >= self._next_ping:
            self._next_ping = now + PING_SECONDS * max(1, self._answered)
            self._play.say(Ping(now))
