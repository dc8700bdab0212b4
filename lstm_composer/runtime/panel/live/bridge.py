"""Between a running `play` and the pages: what it says goes to all of them, and what they turn goes to it.

A thread finds the play and reads its connection; everything else happens on the server's event loop. No page holds the
music up, nor another page: who does not keep up is told everything anew.
"""

import asyncio
import threading
import time
from collections import deque
from contextlib import suppress
from itertools import count
from typing import Annotated, Any, Final, cast

import msgspec

from lstm_composer.runtime.errors import ComposerError
from lstm_composer.runtime.monitor.client import Following, follow
from lstm_composer.runtime.monitor.discovery import running_endpoints
from lstm_composer.runtime.monitor.following import ClockOffset
from lstm_composer.runtime.monitor.protocol import (
    PROTOCOL,
    Answer,
    Command,
    Delta,
    FromPlay,
    Hello,
    Ping,
    Pong,
    Said,
    Welcome,
    Whole,
    encode_message,
)
from lstm_composer.runtime.system.foreign_files import decode_json

LOOK_SECONDS: Final = 0.3
"""How often a play is looked for while there is none."""
PLAYS_SECONDS: Final = 1.0
"""How often it is seen whether another play has begun, and asked what time it is there."""
MOST_WAITING: Final = 256
"""Messages that wait for a page; of more it is told everything anew."""
MOST_SAID: Final = 20
_LARGEST_PID: Final = 2**31 - 1


class NoPlay(msgspec.Struct, frozen=True, tag_field="kind", tag="none"):
    """Nothing plays."""


class Plays(msgspec.Struct, frozen=True, tag_field="kind", tag="plays"):
    """The processes that play, the newest first, and the one that is shown."""

    pids: tuple[int, ...]
    shown: int | None


class Choose(msgspec.Struct, frozen=True, tag_field="kind", tag="choose"):
    """A page asks that another play is shown."""

    pid: Annotated[int, msgspec.Meta(ge=1, le=_LARGEST_PID)]


FromPage = Ping | Command | Choose


def decode_from_page(text: str) -> FromPage:
    """Read what a page has sent; raises InputError if it is nothing of these."""
    message: FromPage = decode_json(text.encode("utf-8", "replace"), cast("Any", FromPage))
    return message


class Page:
    """A page that is told what is played; for the event loop.

    Attributes:
        queue: What it is to be sent, in order.

    """

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self._has_whole = False

    def put(self, message: FromPlay | NoPlay | Plays) -> bool:
        """Have a message sent; False if it needs everything anew: it does not keep up, or has just come."""
        if isinstance(message, Whole):
            self._has_whole = True
        elif isinstance(message, Welcome | NoPlay):
            self._has_whole = False
        elif isinstance(message, Delta) and not self._has_whole:
            return False
        if self.queue.qsize() >= MOST_WAITING:
            self._has_whole = False
            while not self.queue.empty():
                self.queue.get_nowait()
            return False
        self.queue.put_nowait(_text(message))
        return True


class Bridge:
    """Brings what a play says to the pages; its methods are for the event loop that it was made on."""

    def __init__(self) -> None:
        """Look for a play, on a thread of its own."""
        self._loop = asyncio.get_running_loop()
        self._pages: set[Page] = set()
        self._asked: dict[int, tuple[Page, int]] = {}
        self._numbers = count(1)
        self._said: deque[str] = deque(maxlen=MOST_SAID)
        self._plays = Plays((), None)
        self._welcome: Welcome | None = None
        # Of the thread, and of both:
        self._offset = ClockOffset()
        self._following: Following | None = None
        self._wanted: int | None = None
        self._news, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="bridge", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Let go of the play, which plays on."""
        self._stop.set()
        self._let_go()
        await asyncio.to_thread(self._thread.join)

    def join(self, page: Page) -> None:
        """Have a page told of what is played."""
        self._pages.add(page)
        page.put(self._plays)
        if self._welcome is None:
            page.put(NoPlay())
            return
        page.put(msgspec.structs.replace(self._welcome, said=tuple(self._said)))
        self._ask_for_all()

    def leave(self, page: Page) -> None:
        """A page has gone."""
        self._pages.discard(page)
        self._asked = {number: asked for number, asked in self._asked.items() if asked[0] is not page}

    def choose(self, pid: int | None) -> None:
        """Show the play of a process, or the newest."""
        self._wanted = pid
        self._let_go()

    def take(self, page: Page, message: FromPage) -> None:
        """Do what a page has said."""
        match message:
            case Ping(sent):
                self._answer_time(page, sent)
            case Choose(pid):
                self.choose(pid)
            case Command(number, line):
                self._command(page, number, line)

    def _answer_time(self, page: Page, sent: float) -> None:
        """By the play's clock, which is that far from ours."""
        offset = self._offset.seconds
        if offset is not None:
            now = time.monotonic() + offset
            page.put(Pong(sent, now, now))

    def _command(self, page: Page, number: int, line: str) -> None:
        following = self._following
        if following is None:
            page.put(Answer(taken=False, id=number, said="nothing plays: press Play first"))
            return
        own = next(self._numbers)
        self._asked[own] = (page, number)
        following.say(Command(own, line))

    def _ask_for_all(self) -> None:
        following = self._following
        if following is not None:
            following.say(Hello(PROTOCOL))

    def _let_go(self) -> None:
        following = self._following
        if following is not None:
            following.close()
        self._news.set()

    def _on_message(self, message: FromPlay | NoPlay | Plays) -> None:
        """Bring a message to whom it concerns."""
        match message:
            case Answer(_, number, _):
                page, theirs = self._asked.pop(number or 0, (None, 0))
                if page is not None:
                    page.put(msgspec.structs.replace(message, id=theirs))
                return
            case Welcome(_, _, said):
                if self._welcome is not None and self._welcome.pid == message.pid:
                    return  # the answer to having asked for all
                self._welcome, self._said = message, deque(said, MOST_SAID)
            case NoPlay():
                self._welcome = None
                self._asked.clear()
            case Said(line):
                self._said.append(line)
            case Plays():
                self._plays = message
        behind = [page for page in self._pages if not page.put(message)]
        if behind and not isinstance(message, Delta):
            self._ask_for_all()

    def _run(self) -> None:
        """Find a play and read what it says, until the bridge is closed."""
        while not self._stop.is_set():
            self._news.clear()
            wanted, self._wanted = self._wanted, None
            try:
                with follow(wanted) as following:
                    self._read(following)
            except ComposerError:  # nothing plays, or what answers is no play
                self._tell(Plays(_playing(), None))
            if not self._stop.is_set() and self._wanted is None:
                self._tell(NoPlay())
                self._news.wait(LOOK_SECONDS)

    def _read(self, following: Following) -> None:
        self._offset, self._following = ClockOffset(), following
        if self._wanted is not None:  # asked for while this one was being found
            return
        self._tell(following.welcome)
        pids: tuple[int, ...] | None = None
        look_at = 0.0
        try:
            for message in following.messages():
                now = time.monotonic()
                if isinstance(message, Pong):
                    self._offset.add(message.sent, message.received, message.answered, now)
                else:
                    self._tell(message)
                if now >= look_at:
                    look_at = now + PLAYS_SECONDS
                    following.say(Ping(now))
                    pids, before = _playing(), pids
                    if pids != before:
                        self._tell(Plays(pids, following.pid))
        finally:
            self._following = None

    def _tell(self, message: FromPlay | NoPlay | Plays) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._on_message, message)


def _playing() -> tuple[int, ...]:
    try:
        return tuple(endpoint.pid for endpoint in running_endpoints())
    except ComposerError:
        return ()


def _text(message: FromPlay | NoPlay | Plays) -> str:
    return encode_message(cast("FromPlay", message)).decode("ascii").rstrip("\n")
