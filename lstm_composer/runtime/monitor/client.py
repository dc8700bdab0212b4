"""Connecting to a running `play`: the newest, or that of a process.

What answers may be something else that was given the port of a play that was killed: nothing of it is trusted.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.monitor.access import reach
from lstm_composer.runtime.monitor.discovery import (
    Endpoint,
    is_of_another_user,
    remove_dead,
    running_endpoints,
    unregister,
)
from lstm_composer.runtime.monitor.protocol import (
    PROTOCOL,
    Answer,
    Command,
    FromPlay,
    Hello,
    Said,
    ToPlay,
    Welcome,
    decode_from_play,
    encode_message,
)
from lstm_composer.runtime.monitor.server import MOST_CLIENTS
from lstm_composer.runtime.monitor.snapshot import Snapshot, decode
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, shown_bytes
from lstm_composer.runtime.system.visible_text import visible

ANSWER_SECONDS: Final = 5.0
"""A `play` that says nothing for so long has been stopped, or is none."""
MOST_LINE_BYTES: Final = 16 * MEBIBYTE
"""Of one snapshot; a thousand notes take a tenth of a mebibyte."""
MOST_BEFORE_WELCOME: Final = 20
"""Snapshots that a play may have sent before it has heard that protocol 2 is spoken."""
_NONE_RUNNING: Final = (
    "no play is running here: start one with lstm-composer play, and look again (those of other users are not shown)"
)
_NOBODY_LET_IN: Final = (
    f"the play lets nobody look in: it has just ended, or {MOST_CLIENTS} monitors look already; close one"
)


@contextmanager
def snapshots(pid: int | None = None) -> Iterator[Iterator[Snapshot]]:
    """Connect, and give the snapshots; they end when the play does.

    Args:
        pid: Process of the play, the newest by default.

    Raises:
        InputError: If that process does not play.
        MissingError: If nothing plays, or what answers is no play, says nothing or lets nobody look; also while they
            are read.

    """
    with connect(pid) as connection, connection.makefile("rb") as file:
        yield _snapshots(file)


class Following:
    """A connection that speaks protocol 2: what is said is read on one thread, and something may be said on any.

    Attributes:
        pid: Process of the play.
        welcome: What it said first.

    """

    def __init__(self, connection: socket.socket, file: BinaryIO) -> None:
        """Say hello, and wait for the welcome; raises MissingError if none comes."""
        self._connection, self._file = connection, file
        self._saying = threading.Lock()
        self.say(Hello(PROTOCOL))
        self.welcome = self._welcomed()
        self.pid = self.welcome.pid

    def say(self, message: ToPlay) -> None:
        """Say something; who has gone does not hear it."""
        with self._saying, suppress(OSError):
            self._connection.sendall(encode_message(message))

    def messages(self) -> Iterator[FromPlay]:
        """Yield what is said, until the play ends; raises MissingError as `snapshots` does."""
        while line := _line(self._file):
            yield decode_from_play(line)

    def close(self) -> None:
        """End the connection: who reads it is told that the play has ended."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _welcomed(self) -> Welcome:
        for _ in range(MOST_BEFORE_WELCOME):
            line = _line(self._file)
            if not line:
                raise MissingError(_NOBODY_LET_IN)
            if b'"kind"' in line:
                message = decode_from_play(line)
                if isinstance(message, Welcome) and message.protocol == PROTOCOL:
                    return message
                break
        raise MissingError("what plays is of another version: use one version for both")


@contextmanager
def follow(pid: int | None = None) -> Iterator[Following]:
    """Connect by protocol 2; see `snapshots`."""
    with connect(pid) as connection, connection.makefile("rb") as file:
        yield Following(connection, file)


def send_commands(lines: Sequence[str], tell: Callable[[str], None], pid: int | None = None) -> None:
    """Have command lines take effect, one after the other.

    Args:
        lines: The lines, as on standard input.
        tell: Told what the play says meanwhile, such as which controller is waited for.
        pid: Process of the play, the newest by default.

    Raises:
        InputError: If a line is refused; those after it are not sent. Also if that process does not play.
        MissingError: As `snapshots`.

    """
    with follow(pid) as play:
        messages = play.messages()
        for number, line in enumerate(lines):
            play.say(Command(number, line))
            answer = _answer(messages, number, tell)
            if answer is None:
                raise MissingError(f"the play has ended before it heard {line}")
            if not answer.taken:
                raise InputError(answer.said)


def _answer(messages: Iterator[FromPlay], number: int, tell: Callable[[str], None]) -> Answer | None:
    for message in messages:
        if isinstance(message, Said):
            tell(visible(message.line))
        elif isinstance(message, Answer) and message.id in (None, number):
            return message
    return None


def connect(pid: int | None) -> socket.socket:
    """Connect to the newest play that answers; files of those that were killed are removed.

    Raises:
        InputError: If `pid` is given and does not play, or is another user's.
        MissingError: If nothing plays.

    """
    remove_dead()
    running = running_endpoints()
    for endpoint in running:
        if pid in (None, endpoint.pid):
            with suppress(OSError):
                return _reach(endpoint)
    if pid is not None and is_of_another_user(pid):
        raise InputError(f"--pid {pid} belongs to another user: monitor shows your own plays only")
    if pid is None or not (there := [str(endpoint.pid) for endpoint in running if endpoint.path.exists()]):
        raise MissingError(_NONE_RUNNING)
    raise InputError(f"--pid {pid} does not play: {', '.join(there)} may")


def _reach(endpoint: Endpoint) -> socket.socket:
    """Connect; another program may have been given the port or the number of a play that was killed."""
    try:
        return reach(endpoint, ANSWER_SECONDS)
    except (ConnectionRefusedError, FileNotFoundError):
        unregister(endpoint)
        raise


def _snapshots(file: BinaryIO) -> Iterator[Snapshot]:
    line = _line(file)
    if not line:
        raise MissingError(_NOBODY_LET_IN)
    while line:
        yield decode(line)
        line = _line(file)


def _line(file: BinaryIO) -> bytes:
    """Read a whole line, b"" at the end; a connection that breaks off, as when a play is killed, is an end too."""
    try:
        line = file.readline(MOST_LINE_BYTES)
    except TimeoutError as error:
        why = f"the play has said nothing for {ANSWER_SECONDS:g} s: it was stopped (SIGSTOP, Ctrl-Z)"
        raise MissingError(f"{why}, or is no play; look again when it goes on") from error
    except OSError:
        return b""
    if line.endswith(b"\n"):
        return line
    if len(line) == MOST_LINE_BYTES:
        raise MissingError(f"what answers is no play: a line of more than {shown_bytes(MOST_LINE_BYTES)}")
    return b""
