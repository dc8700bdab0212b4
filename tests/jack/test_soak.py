"""Hundreds of notes as fast as it goes: memory stays where it was, and every note-on has its note-off.

`benchmarks/playing/soak.py` is the same for an hour, at 200 bpm.
"""

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from benchmarks.playing.soak import MEBIBYTE, resident, unpaired
from tests.support.waiting import wait_for

PORT = "LSTM Composer:LSTM Composer"
WARM_UP_NOTES = 100
NOTES = 240
"""Twenty seconds on an idle machine; on a busy one the server itself is slow."""
SOME_NOTES = 20
MOST_GROWTH = 5 * MEBIBYTE
"""What an hour may bring."""

pytestmark = pytest.mark.timeout(300)


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
        hear(receiver, WARM_UP_NOTES)
        before = resident(player.pid)
        hear(receiver, NOTES)
        grown = resident(player.pid) - before
        player.send_signal(signal.SIGTERM)
        assert player.wait(20) == 0
        wait_for(lambda: "b0 7b 00" in receiver.output.read_text(), "the last message")
        starts, odd = unpaired(receiver.output.read_text())
    assert grown <= MOST_GROWTH
    assert starts >= NOTES
    assert odd == 0


def hear(receiver: Receiver, notes: int) -> None:
    """Wait until so many notes were heard, some at a time: nobody knows how long all of them take."""
    for count in range(SOME_NOTES, notes + 1, SOME_NOTES):
        wait_for(partial(has_heard, receiver, count), f"note {count}")


def has_heard(receiver: Receiver, notes: int) -> bool:
    return unpaired(receiver.output.read_text())[0] >= notes


def connected(receiver: Receiver) -> bool:
    command = ["jack_connect", PORT, f"{receiver.name}:input"]
    return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0
