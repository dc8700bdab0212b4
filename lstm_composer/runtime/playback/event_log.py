"""The event log: one JSON line per message sent, written off the dispatcher's thread."""

import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.midi.messages import Kind, Sent
from lstm_composer.runtime.system.pipes import LAST_LOOKS, LOOK_SECONDS, open_now, write_now

MOST_WAITING: Final = 100_000
"""Messages that are kept for a reader who has not come yet, some twenty minutes of two busy hands."""
_BLOCK_BYTES: Final = 1 << 13

_KINDS = {
    Kind.NOTE_ON: "note_on",
    Kind.NOTE_OFF: "note_off",
    Kind.CONTROL: "control_change",
    Kind.CLOCK: "clock",
    Kind.START: "start",
    Kind.STOP: "stop",
}


def as_record(sent: Sent) -> dict[str, Any]:
    """Return what the log says of a message; times in seconds of one monotonic clock, a controller's number as note."""
    message = sent.message
    return {
        "kind": _KINDS[message.kind],
        "note": message.number,
        "velocity": message.value,
        "channel": message.channel,
        "tick": message.tick,
        "due": sent.due_seconds,
        "sent": sent.sent_seconds,
    }


class EventLog:
    """A log at a path, or one that keeps nothing (None). A context manager; what is queued is written at its end.

    A named pipe is written to as soon and as fast as somebody reads it; the music never waits for that. What nobody has
    read is lost from MOST_WAITING messages on, the oldest first.
    """

    def __init__(self, path: Path | None, say: Callable[[str], None] = lambda _: None) -> None:
        """Begin a log.

        Args:
            path: The file.
            say: Told in a line that a reader has gone.

        """
        self._path = path
        self._say = say
        self._queue: deque[Sent] = deque()
        self._handle: int | None = None
        self._unwritten = b""
        self._is_over = path is None
        self._has_told = False

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._handle = open_now(self._path, os.O_CREAT | os.O_TRUNC)
            except OSError as error:
                raise InputError(
                    f"--events {self._path} cannot be written ({error.strerror}): name another file"
                ) from error
        return self

    def __exit__(self, *_: object) -> None:
        try:
            looks = LAST_LOOKS
            while self._handle is not None and looks and (self._queue or self._unwritten):
                before = len(self._queue), len(self._unwritten)
                self.drain()
                if before == (len(self._queue), len(self._unwritten)):
                    looks -= 1
                    time.sleep(LOOK_SECONDS)
        finally:
            self._close()

    def append(self, sent: Sent) -> None:
        """Queue a message; cheap enough for the dispatcher's thread."""
        if not self._is_over:
            self._queue.append(sent)

    def drain(self) -> None:
        """Write what is queued, or as much of it as is read.

        Raises:
            MissingError: If the disk is full.

        """
        if self._is_over or self._path is None or not (self._queue or self._unwritten):
            return
        try:
            if self._handle is None:
                self._handle = open_now(self._path)
            if self._handle is not None:
                self._write(self._handle)
        except BrokenPipeError:
            self._close()
            self._unwritten = b""
            if not self._has_told:
                self._has_told = True
                self._say(f"--events {self._path}: its reader has gone; the music goes on, and the log with the next")
        except OSError as error:
            self._close()
            self._is_over = True
            raise MissingError(f"--events {self._path} cannot be written on ({error.strerror}): make room") from error
        while len(self._queue) > MOST_WAITING:
            self._queue.popleft()

    def _write(self, handle: int) -> None:
        while self._queue or self._unwritten:
            if not self._unwritten:
                self._unwritten = msgspec.json.encode(as_record(self._queue.popleft())) + b"\n"
                while self._queue and len(self._unwritten) < _BLOCK_BYTES:
                    self._unwritten += msgspec.json.encode(as_record(self._queue.popleft())) + b"\n"
            count = write_now(handle, self._unwritten)
            self._unwritten = self._unwritten[count:]
            if not count:
                return

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            with suppress(OSError):  # what a network's file system could not keep is told when it is closed
                os.close(handle)
