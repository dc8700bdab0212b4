"""Two voices, each on a JACK port of its own: a receiver of one hears that one alone, and neither keeps a note."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol

import pytest

PATIENCE_SECONDS = 20.0

pytestmark = pytest.mark.timeout(90)


class Received(Protocol):
    @property
    def data(self) -> tuple[int, ...]: ...


class Receiver(Protocol):
    @property
    def name(self) -> str: ...
    def received(self) -> list[Received]: ...


def test_each_voice_is_heard_on_its_own_port(
    receiving: Callable[[str, str], AbstractContextManager[Receiver]], tiny_models: Path
) -> None:
    command = [
        *(sys.executable, "-m", "lstm_composer", "play", "--voices", "scale@1,scale@3", "--port-per-voice"),
        *("--models-dir", str(tiny_models), "--tempo", "200", "--bars", "2", "--backend", "jack"),
    ]  # fmt: skip
    with ExitStack() as stack:
        receivers = {channel: stack.enter_context(receiving(str(channel), f"hears {channel}")) for channel in (1, 3)}
        process = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        stack.callback(process.kill)
        # Each try of jack_connect is a client too. Fifty that come and go while the ports are opened leave jackd 1.9.21
        # in a state in which a period takes 27 ms ("SuspendRefNum error").
        assert process.stderr is not None
        assert any("Ctrl-C stops" in line for line in process.stderr)
        for channel, receiver in receivers.items():
            name = f"LSTM Composer scale@{channel}"
            connect(f"{name}:{name}", f"{receiver.name}:input")
        assert process.wait(PATIENCE_SECONDS) == 0
        heard = {channel: [one.data for one in receiver.received()] for channel, receiver in receivers.items()}
    for channel, messages in heard.items():
        assert {status & 0x0F for status, *_ in messages} == {channel - 1}
        kinds = [status >> 4 for status, *_ in messages]
        assert kinds.count(0x9) == kinds.count(0x8) >= 4
        assert messages[-1] == (0xB0 | (channel - 1), 123, 0)


def connect(source: str, destination: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while subprocess.run(["jack_connect", source, destination], capture_output=True, check=False).returncode:
        assert time.monotonic() < end, f"{source} did not appear"
        time.sleep(0.02)
