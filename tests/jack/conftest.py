"""A JACK server with the dummy driver and a receiver that is not ours."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.common.jack_server import JackServer, dummy_server
from tests.support.waiting import wait_for

TOOLS = ("jackd", "jack_wait", "jack_lsp", "jack_connect", "jack_midi_dump", "stdbuf")
PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Received:
    """A message as a receiver got it: the sample frame (from an origin of its own) and the bytes."""

    frame: int
    data: tuple[int, ...]


@dataclass(frozen=True)
class Receiver:
    """A running `jack_midi_dump`, which writes to a file: it drops messages when nobody empties a pipe."""

    name: str
    output: Path

    def received(self) -> list[Received]:
        """Read what has come so far, one message a line such as "  30464: 90 3c 40 note on"."""
        lines = re.findall(r"^ *(\d+):((?: [0-9a-f]{2})+)(?: .*)?\n", self.output.read_text(), re.MULTILINE)
        return [Received(int(frame), tuple(int(byte, 16) for byte in data.split())) for frame, data in lines]

    def read_until(self, data: tuple[int, ...]) -> list[Received]:
        """Wait for a message with these bytes, and return all up to the first such."""
        wait_for(lambda: any(one.data == data for one in self.received()), "the last message")
        received = self.received()
        return received[: [one.data for one in received].index(data) + 1]


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS).stdout


@contextmanager
def running(*command: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the background; it is ended by its own handle."""
    with output.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(name="running")
def running_programs() -> Callable[..., AbstractContextManager[subprocess.Popen[bytes]]]:
    """Run a program in the background: `with running("name", "argument", output=path)`."""
    return running


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
def jack_server(jack_tools: None, tmp_path: Path) -> Iterator[JackServer]:
    """A server of the test's own, so that no xrun or client of another test is in it."""
    with dummy_server(tmp_path / "jackd.log") as server:
        yield server


@contextmanager
def running_receiver(output: Path, client: str = "receiver") -> Iterator[Receiver]:
    receiver = Receiver(client, output)
    with running("stdbuf", "-oL", "jack_midi_dump", "-a", receiver.name, output=receiver.output):
        wait_for(lambda: f"{receiver.name}:input" in run("jack_lsp").splitlines(), "the receiver's port")
        yield receiver


@pytest.fixture
def receiver(jack_server: JackServer, tmp_path: Path) -> Iterator[Receiver]:
    """A receiver that is registered with the server; connect `name:input`."""
    with running_receiver(tmp_path / "received.txt") as receiver:
        yield receiver


@pytest.fixture
def receiving(jack_server: JackServer, tmp_path: Path) -> Callable[..., AbstractContextManager[Receiver]]:
    """Receivers, each with a file named as it is asked for: one after another, or each a client of its own name."""
    return lambda name, *client: running_receiver(tmp_path / f"received-{name}.txt", *client)
