"""JACK's server is killed in mid-note and comes back: so does the music, where it would be, and nothing hangs."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks.common.jack_server import JackServer
from lstm_composer.runtime.midi.reader import read_music
from tests.support.waiting import wait_for

TEMPO_BPM = 200
BEAT_SECONDS, BEAT_TICKS = 60 / TEMPO_BPM, 24
AWAY_SECONDS = 3.0
OURS = "LSTM Composer:LSTM Composer"
END = (0xB0, 123, 0)
PATIENCE_SECONDS = 20.0

pytestmark = pytest.mark.timeout(100)

Receiving = Callable[[str], AbstractContextManager[Any]]


def try_to_connect(name: str) -> bool:
    command = ["jack_connect", OURS, name]
    return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0


def is_connected(name: str) -> bool:
    ports = subprocess.run(["jack_lsp", "-c", OURS], capture_output=True, text=True, timeout=10, check=False).stdout
    return f"   {name}\n" in ports


@contextmanager
def playing(tiny_models: Path, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Play quarter notes, one on each beat."""
    command = [
        *(sys.executable, "-m", "lstm_composer", "play", "--style", "scale", "--models-dir", str(tiny_models)),
        *("--seed", "3", "--temperature", "0", "--tempo", str(TEMPO_BPM), "--sync", "internal", "--backend", "jack"),
        *("--take", str(folder / "take.mid"), "--events", str(folder / "events.jsonl"), *arguments),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def starts(received: list[Any]) -> int:
    return sum(one.data[0] == 0x90 for one in received)


def left_on(messages: list[tuple[int, int]]) -> set[int]:
    """Pitches still on after (status, pitch) messages; a note-off without its note-on is an error, too."""
    sounding: set[int] = set()
    for status, pitch in messages:
        if status == 0x90:
            sounding.add(pitch)
        elif status == 0x80:
            sounding.remove(pitch)
    return sounding


def test_the_music_is_back_on_the_beat(
    jack_server: JackServer, receiving: Receiving, tiny_models: Path, tmp_path: Path
) -> None:
    with playing(tiny_models, tmp_path) as process:
        # Ended with its server: of two clients of one name each would take the other's turns.
        with receiving("first") as receiver:
            port = f"{receiver.name}:input"
            wait_for(lambda: try_to_connect(port), "our port")
            wait_for(lambda: starts(receiver.received()) >= 5, "the fifth note")
            jack_server.kill()
            first_beat = starts(receiver.received()) - 1
        time.sleep(AWAY_SECONDS)
        jack_server.start_again()
        with receiving("second") as receiver:
            wait_for(lambda: is_connected(port), "the connection that there was")
            wait_for(lambda: starts(receiver.received()) >= 6, "more music")
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0
            wait_for(lambda: receiver.received()[-1].data == END, "the last message")
            received = receiver.received()
        assert process.stderr is not None
        said = process.stderr.read()
    assert "server has stopped" in said
    assert "is back after" in said
    assert " lost while the port was away" in said

    sent = events(tmp_path)
    struck = [one for one in sent if one["kind"] == "note_on"]
    beats = [one["tick"] // BEAT_TICKS for one in struck]
    assert [one["tick"] % BEAT_TICKS for one in struck] == [0] * len(struck)
    gap = next(index for index, (before, after) in enumerate(pairwise(beats)) if after > before + 1) + 1
    # On the beat that it would have been on. By the times in the log: when a receiver's output is looked at says little
    # on a busy machine.
    last, heard = struck[first_beat], struck[-starts(received)]
    passed_beats = (heard["sent"] - last["sent"]) / BEAT_SECONDS
    assert passed_beats == pytest.approx((heard["tick"] - last["tick"]) / BEAT_TICKS, abs=0.5)
    assert beats[gap:] == list(range(beats[gap], beats[-1] + 1))
    assert beats[:gap] == list(range(gap))

    status = {"note_on": 0x90, "note_off": 0x80, "control_change": 0xB0}
    assert left_on([(status[one["kind"]], one["note"]) for one in sent]) == set()
    assert left_on(_from_first_start([one.data[:2] for one in received])) == set()
    assert [note.onset for note in read_music(tmp_path / "take.mid").notes] == [one["tick"] for one in struck]


def _from_first_start(messages: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the note-offs for what sounded when the server died, if the receiver was there for them."""
    first = next(index for index, (status, _) in enumerate(messages) if status == 0x90)
    return messages[first:]


@pytest.mark.parametrize("arguments", [(), ("--bars", "4")])
def test_a_performance_can_end_while_the_server_is_dead(
    jack_server: JackServer,
    receiving: Receiving,
    tiny_models: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
) -> None:
    with playing(tiny_models, tmp_path, *arguments) as process:
        with receiving("only") as receiver:
            wait_for(lambda: try_to_connect(f"{receiver.name}:input"), "our port")
            wait_for(lambda: starts(receiver.received()) >= 3, "the third note")
            jack_server.kill()
        if not arguments:
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    jack_server.start_again()
    struck = [one["tick"] for one in events(tmp_path) if one["kind"] == "note_on"]
    assert 3 <= len(struck) <= 5
    assert [note.onset for note in read_music(tmp_path / "take.mid").notes] == struck
