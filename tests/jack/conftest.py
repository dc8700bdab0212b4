"""A JACK server with the dummy driver and a receiver that is not ours."""

import os
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

TOOLS = ("jackd", "jack_wait", "jack_lsp", "jack_connect", "jack_midi_dump", "stdbuf")
PATIENCE_SECONDS = 10.0
RATE = 48_000


@dataclass
class Received:
    """A message as a receiver got it: the sample frame (from an origin of its own) and the bytes."""

    frame: int
    data: tuple[int, ...]


@dataclass
class Receiver:
    """A running `jack_midi_dump`."""

    name: str
    process: subprocess.Popen[str]
    received: list[Received] = field(default_factory=list)

    def read_until(self, data: tuple[int, ...]) -> list[Received]:
        """Read messages up to and including the first one with these bytes."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if match := re.match(r"\s*(\d+):((?: [0-9a-f]{2})+)", line):
                self.received.append(Received(int(match[1]), tuple(int(byte, 16) for byte in match[2].split())))
                if self.received[-1].data == data:
                    return self.received
        raise AssertionError(f"the receiver ended after {len(self.received)} messages")


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS).stdout


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what} did not come in {PATIENCE_SECONDS} s"
        time.sleep(0.02)


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program in the background; it is ended by its own handle."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.communicate(timeout=PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def dummy_server() -> Iterator[subprocess.Popen[str]]:
    """Run a server under a name of its own, which JACK programs started meanwhile connect to."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    driver = ("-d", "dummy", "-r", str(RATE), "-p", "64")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACK_DEFAULT_SERVER", name)
        patch.setenv("JACK_NO_START_SERVER", "1")
        # -S: without it the server goes on when a client is late, and notes get lost under load.
        with running("jackd", "-n", name, "-R", "-S", *driver) as server:
            run("jack_wait", "-s", name, "-w", "-t", "10")
            yield server


@pytest.fixture(scope="session")
def jack_tools() -> None:
    """Skip where JACK is not installed, fail where a CI should have it."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        reason = f"JACK is not installed ({', '.join(missing)}): apt-get install jackd2 jack-tools"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def jack_server(jack_tools: None) -> Iterator[subprocess.Popen[str]]:
    """A server of the test's own, so that no xrun or client of another test is in it."""
    with dummy_server() as server:
        yield server


@pytest.fixture
def receiver(jack_server: subprocess.Popen[str]) -> Iterator[Receiver]:
    """A receiver that is registered with the server; connect `name:input`."""
    name = "receiver"
    with running("stdbuf", "-oL", "jack_midi_dump", "-a", name) as process:
        wait_for(lambda: f"{name}:input" in run("jack_lsp").splitlines(), "the receiver's port")
        yield Receiver(name, process)
