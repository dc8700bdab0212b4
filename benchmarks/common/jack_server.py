"""A JACK server without sound hardware, of one's own: shared by the benchmarks, `tests/jack` and `tests/daw`."""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, TextIO

RATE: Final = 48_000
PERIOD_FRAMES: Final = 64
PATIENCE_SECONDS: Final = 10
BETWEEN_LOOKS_SECONDS: Final = 0.02
"""Looking whether a server has come: `jack_wait --wait` looks once a second, which is most of a short test."""
STARTS: Final = 3
"""Tries."""
MOST_SERVERS: Final = 6
"""That run beside each other. JACK itself has eight places for servers, and one that is killed keeps its place until
another of its name starts: with a few names that are used again and again, the places never run out."""
ENVIRONMENT: Final = ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER")


class JackError(RuntimeError):
    """A server did not start, or all names are in use."""


class JackServer:
    """A server with the dummy driver. It can be killed and started again under its name.

    Attributes:
        name: What clients find it by, in the environment variable JACK_DEFAULT_SERVER.
        process: The server that was started last.

    """

    def __init__(self, name: str, log: Path) -> None:
        """Start it.

        Raises:
            JackError: If it is not there in time.

        """
        self.name = name
        self._log = log
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        """Several that start at once get in each other's way now and then."""
        for _ in range(STARTS - 1):
            with suppress(JackError):
                return self._start_once()
        return self._start_once()

    def _start_once(self) -> subprocess.Popen[bytes]:
        driver = ("-d", "dummy", "-r", str(RATE), "-p", str(PERIOD_FRAMES))
        with self._log.open("ab") as file:
            # -S: without it the server goes on when a client is late, and notes get lost under load.
            command = ("jackd", "-n", self.name, "-R", "-S", *driver)
            process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        end = time.monotonic() + PATIENCE_SECONDS
        while not _is_running(self.name):
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                process.wait()
                raise JackError(f"jackd did not start: {self._log.read_text(errors='replace')}")
            time.sleep(BETWEEN_LOOKS_SECONDS)
        return process

    def kill(self) -> None:
        """Let it die without a word to its clients."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """Start a server of the same name after this one has ended.

        Raises:
            JackError: If it is not there in time.

        """
        self.process = self._start()

    def end(self) -> None:
        """End it as its user would."""
        # Once: a second signal would keep it from giving up its place.
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def dummy_server(log: Path | None = None) -> Iterator[JackServer]:
    """Run a server under a name that nobody else uses, which JACK programs started meanwhile connect to.

    Args:
        log: Where to write what it says; a file of its own that is thrown away if None.

    Raises:
        JackError: If it does not start.

    """
    with ExitStack() as stack:
        stack.enter_context(_ended_in_order())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        name = stack.enter_context(_reserved_name())
        before = {key: os.environ.get(key) for key in ENVIRONMENT}
        stack.callback(_restore, before)
        os.environ.update(zip(ENVIRONMENT, (name, "1"), strict=True))
        server = JackServer(name, log or folder / "jackd.log")
        stack.callback(server.end)
        yield server


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Have SIGTERM end this program like Ctrl-C, for servers and players would outlive it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _reserved_name() -> Iterator[str]:
    """Hold one of the names for as long as the block runs; the system lets go of it even if this program is killed."""
    for number in range(1, MOST_SERVERS + 1):
        name = f"lstm-composer-{number}"
        with (Path(tempfile.gettempdir()) / f"{name}.lock").open("w") as file:
            # One whose program was killed may still run, and would be taken for ours.
            if _lock(file) and not _is_running(name):
                yield name
                return
    raise JackError(f"{MOST_SERVERS} servers run already: wait until one of these tests or benchmarks has ended")


def _is_running(name: str) -> bool:
    # Its exit status is 0 either way.
    answer = subprocess.run(("jack_wait", "-s", name, "-c"), check=False, capture_output=True, text=True).stdout
    return "not running" not in answer


def _lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _restore(before: dict[str, str | None]) -> None:
    for key, value in before.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value
