"""Telling programs what a running `play` is doing, and taking from them what is to be turned: lines of JSON.

All of it is done on one thread, that of the publisher; the music is neither waited for nor kept waiting.
"""

import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, Protocol

from lstm_composer.runtime.errors import ComposerError, InputError
from lstm_composer.runtime.monitor.access import Entrance
from lstm_composer.runtime.monitor.discovery import Endpoint, register, unregister
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
    Stop,
    Welcome,
    Whole,
    decode_to_play,
    encode_message,
)
from lstm_composer.runtime.monitor.snapshot import Snapshot, encode
from lstm_composer.runtime.monitor.visitor import Visitor
from lstm_composer.runtime.system.realtime import HELPING_PRIORITY, raise_priority

SNAPSHOT_SECONDS: Final = 0.1
"""Between two snapshots of protocol 1, and between two looks at who wants to come in."""
LOOK_SECONDS: Final = 1 / 30
"""Between two looks at what has changed."""
WHOLE_SECONDS: Final = 5.0
"""So often all that there is to know is said again."""
SILENT_SECONDS: Final = 1.0
"""Something is said so often, even if nothing has changed."""
LEAST_WAIT_SECONDS: Final = 0.002
"""Between two times of hearing: who says very much must not take the time that music needs."""
MOST_CLIENTS: Final = 8
STUCK_SECONDS: Final = 5.0
"""One that has taken nothing for so long makes room where there are too many."""
MOST_SAID: Final = 20
"""Lines of what the user was told that are kept for who comes later."""


class Watched(Protocol):
    """What is published: each method is called on the publisher's thread, and returns at once."""

    def now(self) -> float:
        """Return the time by the clock that the music leaves by."""
        ...

    def tidy(self) -> None:
        """Forget what is past; called now and then while nobody looks."""
        ...

    def snapshot(self) -> Snapshot:
        """Return what is going on."""
        ...

    def whole(self) -> Whole:
        """Return all that there is to know; what has changed by then is not said again."""
        ...

    def look(self) -> Delta:
        """Return what has changed since the last look."""
        ...

    def submit(self, line: str, refuse: Callable[[str], None], take: Callable[[], None]) -> None:
        """Have a command line take effect, and one of the two called, on any thread."""
        ...

    def end(self) -> None:
        """End the music."""
        ...


class SaidLines:
    """What the user is told, kept for who looks; told on any thread, read on the publisher's."""

    def __init__(self) -> None:
        self._latest: deque[str] = deque(maxlen=MOST_SAID)
        self._new: deque[str] = deque(maxlen=10 * MOST_SAID)

    def append(self, line: str) -> None:
        """Keep a line."""
        self._new.append(line)

    def take(self) -> list[str]:
        """Return the lines since this was asked last."""
        new = [self._new.popleft() for _ in range(len(self._new))]
        self._latest.extend(new)
        return new

    def latest(self) -> tuple[str, ...]:
        """Return the last lines that were taken, oldest first."""
        return tuple(self._latest)


class Publisher:
    """Lets in programs that want to look, and tells them what is going on while there are any."""

    def __init__(self, watched: Watched, said: SaidLines | None = None) -> None:
        """Listen.

        Args:
            watched: What is going on.
            said: What the user is told.

        Raises:
            OSError: If this machine gives no socket.
            MissingError: If this user has no folder of their own.

        """
        self._watched = watched
        self._said = said or SaidLines()
        self._entrance = Entrance()
        self._visitors: list[Visitor] = []
        self._readable = selectors.DefaultSelector()
        self._answers: deque[tuple[Visitor, Answer]] = deque()  # made on the threads of those who know
        self._snapshot_at = self._look_at = self._whole_at = self._told_at = 0.0

    @property
    def endpoint(self) -> Endpoint:
        """Where clients reach it, to be registered."""
        return self._entrance.endpoint

    def run(self, stop: threading.Event) -> None:
        """Publish until `stop` is set."""
        # Like every thread that runs Python while music plays: see lstm_composer/runtime/system/realtime.py.
        raise_priority(HELPING_PRIORITY)
        try:
            while not stop.is_set():
                self._wait(stop)
                self._come_and_go()
            self._snapshot_at = self._look_at = 0.0
            self._come_and_go()  # what is to be seen last
        finally:
            self.close()

    def close(self) -> None:
        """Listen no more, and let everybody go."""
        for visitor in self._visitors:
            visitor.close()
        self._visitors.clear()
        self._readable.close()
        self._entrance.close()

    def _wait(self, stop: threading.Event) -> None:
        """Wait until there is something to say, or somebody has said something."""
        now = time.monotonic()
        due = min(self._snapshot_at, self._look_at) if self._following() else self._snapshot_at
        if self._readable.get_map():
            stop.wait(min(LEAST_WAIT_SECONDS, max(0.0, due - now)))
            self._hear(max(0.0, due - time.monotonic()))
        else:
            stop.wait(max(0.0, due - now))

    def _come_and_go(self) -> None:
        """Say what there is to say by now."""
        now = time.monotonic()
        if self._answers:
            self._publish_said()  # what was told of a command comes before its answer
        while self._answers:
            self._say(*self._answers.popleft())
        if now >= self._snapshot_at:
            self._snapshot_at = now + SNAPSHOT_SECONDS
            self._let_in(now)
            self._publish_snapshot(now)
        if self._following() and now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._publish_changes(now)

    def _following(self) -> list[Visitor]:
        """Those who speak protocol 2."""
        return [visitor for visitor in self._visitors if visitor.protocol == PROTOCOL]

    def _publish_snapshot(self, now: float) -> None:
        others = [visitor for visitor in self._visitors if visitor.protocol != PROTOCOL]
        if not others:
            if not self._visitors:
                self._said.take()
                self._watched.tidy()
            return
        line = encode(self._watched.snapshot())
        for visitor in others:
            # Who is sent the rest of a line is not sent another one.
            is_there = visitor.flush(now) if visitor.is_behind else visitor.send(line, now)
            if not is_there:
                self._part_with(visitor)

    def _publish_changes(self, now: float) -> None:
        self._publish_said()
        delta = self._watched.look()
        if not delta.is_empty or now >= self._told_at + SILENT_SECONDS:
            self._told_at = now
            self._publish_delta(delta)
        self._publish_whole(now)
        for visitor in self._following():
            if not visitor.flush(now):
                self._part_with(visitor)

    def _publish_said(self) -> None:
        for line in self._said.take():
            for visitor in self._following():
                self._say(visitor, Said(line))

    def _publish_delta(self, delta: Delta) -> None:
        for visitor in self._following():
            if visitor.is_behind:
                visitor.lose_track()
            elif not visitor.wants_whole:
                self._say(visitor, delta)

    def _publish_whole(self, now: float) -> None:
        """Say all to who wants to know it, and now and then to everybody."""
        due = now >= self._whole_at
        late = [one for one in self._following() if (due or one.wants_whole) and not one.is_behind]
        if late:
            self._whole_at = now + WHOLE_SECONDS if due else self._whole_at
            whole = self._watched.whole()
            for visitor in late:
                visitor.is_told_all()
                self._say(visitor, whole)

    def _hear(self, timeout_seconds: float) -> None:
        """Wait for what visitors say, and do it."""
        for key, _ in self._readable.select(timeout_seconds):
            visitor: Visitor = key.data
            received = self._watched.now()
            lines = visitor.listen()
            if not visitor.is_heard:
                self._readable.unregister(visitor.connection)
            if lines is None:
                self._part_with(visitor)
                continue
            for line in lines:
                self._do(visitor, line, received)

    def _do(self, visitor: Visitor, line: bytes, received: float) -> None:
        try:
            message = decode_to_play(line)
        except InputError as error:
            self._say(visitor, Answer(taken=False, said=str(error)))
            return
        match message:
            case Hello():
                visitor.greet()
                self._say(visitor, Welcome(PROTOCOL, os.getpid(), self._said.latest()))
                self._look_at = 0.0
            case Ping(sent):
                self._say(visitor, Pong(sent, received, self._watched.now()))
            case Command(number, text):
                self._watched.submit(
                    text,
                    lambda why: self._answers.append((visitor, Answer(taken=False, id=number, said=why))),
                    lambda: self._answers.append((visitor, Answer(taken=True, id=number))),
                )
            case Stop():
                self._watched.end()

    def _say(self, visitor: Visitor, message: FromPlay) -> None:
        if visitor in self._visitors and not visitor.send(encode_message(message), time.monotonic()):
            self._part_with(visitor)

    def _let_in(self, now: float) -> None:
        for connection in self._entrance.admitted():
            self._take_in(connection, now)

    def _take_in(self, connection: socket.socket, now: float) -> None:
        if len(self._visitors) == MOST_CLIENTS:
            most_stuck = max(self._visitors, key=lambda visitor: visitor.stuck_seconds(now))
            if most_stuck.stuck_seconds(now) < STUCK_SECONDS:
                connection.close()
                return
            self._part_with(most_stuck)
        visitor = Visitor(connection, now)
        self._visitors.append(visitor)
        self._readable.register(connection, selectors.EVENT_READ, visitor)
        self._hear(0.0)  # who says hello with the token is not sent a snapshot before

    def _part_with(self, visitor: Visitor) -> None:
        self._visitors.remove(visitor)
        if visitor.is_heard:
            self._readable.unregister(visitor.connection)
        visitor.close()


@contextmanager
def published(watched: Watched, said: SaidLines, complain: Callable[[str], None]) -> Iterator[None]:
    """Publish beside the block, on a thread of its own; where that is not possible, say so and go on without.

    Args:
        watched: What is going on.
        said: What the user is told.
        complain: Told in a line why it is not possible.

    """
    with ExitStack() as stack:
        try:
            publisher = Publisher(watched, said)
            stack.callback(publisher.close)
            stack.callback(unregister, publisher.endpoint)
            register(publisher.endpoint)
        except (OSError, ComposerError) as error:
            complain(f"lstm-composer monitor cannot look in ({error}); the music plays all the same")
        else:
            stop = threading.Event()
            thread = threading.Thread(target=publisher.run, args=(stop,), name="monitor")
            thread.start()
            stack.callback(thread.join)
            stack.callback(stop.set)
        yield
