"""Half a minute as fast as it goes: memory stays where it was, and every note-on has its note-off.

`benchmarks/playing/soak.py` is the same for an hour, at 200 bpm.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from benchmarks.playing.soak import MEBIBYTE, resident, unpaired
from tests.support.waiting import wait_for

PORT = "LSTM Composer:LSTM Composer"
WARM_UP_SECONDS = 12.0
SECONDS = 30.0
MOST_GROWTH = 5 * MEBIBYTE
"""What an hour may bring."""

pytestmark = pytest.mark.timeout(90)


class Receiver(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def output(self) -> Path: ...


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_stays_and_no_note_does(receiving: Callable[[str], AbstractContextManager[Receiver]]) -> None:
    command = [sys.executable, "-m", "lstm_composer", "play", "--style", "bach", "--seed", "1", "--tempo", "400"]
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving("soak"))
        player = stack.enter_context(
            subprocess.Popen([*command, "--backend", "jack"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        stack.callback(player.kill)
        wait_for(lambda: connected(receiver), "the port")
        time.sleep(WARM_UP_SECONDS)
        before = resident(player.pid)
        time.sleep(SECONDS - WARM_UP_SECONDS)
        grown = resident(player.pid) - before
        player.send_signal(signal.SIGTERM)
        assert player.wait(20) == 0
        wait_for(lambda: "b0 7b 00" in receiver.output.read_text(), "the last message")
        starts, odd = unpaired(receiver.output.read_text())
    assert grown <= MOST_GROWTH
    assert starts > 200
    assert odd == 0


def connected(receiver: Receiver) -> bool:
    command = ["jack_connect", PORT, f"{receiver.name}:input"]
    return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0
