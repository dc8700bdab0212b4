"""The event log: one JSON line per message sent, written off the dispatcher's thread."""

from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TextIO

import msgspec

from runtime.errors import InputError, MissingError
from runtime.messages import Kind, Sent

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
    """A log at a path, or one that keeps nothing (None). A context manager; what is queued is written at its end."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._queue: deque[Sent] = deque()
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = self._path.open("w", encoding="utf-8")
            except OSError as error:
                raise InputError(
                    f"--events {self._path} cannot be written ({error.strerror}): name another file"
                ) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self.drain()
            self._file.close()

    def append(self, sent: Sent) -> None:
        """Queue a message; cheap enough for the dispatcher's thread."""
        if self._path is not None:
            self._queue.append(sent)

    def drain(self) -> None:
        """Write what is queued.

        Raises:
            MissingError: If the disk is full.

        """
        if self._file is None or not self._queue:
            return
        lines = []
        while self._queue:
            lines.append(msgspec.json.encode(as_record(self._queue.popleft())).decode() + "\n")
        try:
            self._file.writelines(lines)
            self._file.flush()
        except OSError as error:
            # Closing tries once more to write what did not fit.
            with suppress(OSError):
                self._file.close()
            self._file = None
            raise MissingError(f"--events {self._path} cannot be written on ({error.strerror}): make room") from error
