"""`lstm-composer monitor` beside a real `play`."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lstm_composer.runtime.monitor.client import follow
from lstm_composer.runtime.monitor.protocol import Delta, Stop
from lstm_composer.runtime.monitor.snapshot import Snapshot, encode

PATIENCE_SECONDS = 60.0
PLAY = ("play", "--style", "scale", "--seed", "7", "--temperature", "0", "--tempo", "240", "--backend", "none")

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(surrounding: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start `lstm-composer ARGUMENTS`; what still runs at the end is ended."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "lstm_composer", *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, cwd=tmp_path, env=surrounding, text=True, **pipes))  # type: ignore[call-overload]
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@contextmanager
def playing(start: Start, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Play until the block ends, and wait until it can be looked at."""
    play = start(*PLAY, *arguments)
    assert play.stderr is not None
    assert "seed 7" in play.stderr.readline()
    yield play
    play.terminate()
    assert play.wait(PATIENCE_SECONDS) == 0


def look(start: Start, *arguments: str) -> "subprocess.Popen[str]":
    """Monitor as JSON; the endpoint is there a moment after the first line of `play`."""
    while True:
        monitor = start("monitor", "--json", *arguments)
        assert monitor.stdout is not None
        if monitor.stdout.readline():
            return monitor
        assert monitor.wait(PATIENCE_SECONDS) == 2


def snapshots(monitor: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    assert monitor.stdout is not None
    return (json.loads(line) for line in monitor.stdout)


def test_a_play_is_seen_from_its_notes_to_its_end(start: Start) -> None:
    with playing(start, "--stdin") as play:
        monitor = look(start)
        seen = snapshots(monitor)
        one = next(one for one in seen if one["past"] and one["coming"])
        assert (one["pid"], one["style"], one["seed"], one["meter"]) == (play.pid, "scale", 7, "4/4")
        assert one["time"]["source"] == "internal"
        assert (one["time"]["tempo_bpm"], one["time"]["running"]) == (240.0, True)
        position = one["time"]["tick"]
        assert all(note["onset"] <= position for note in (*one["past"], *one["sounding"]))
        assert all(note["onset"] > position for note in one["coming"])
        assert one["notes"] == sum(one["lateness"]["counts"]) >= len(one["past"])
        assert play.stdin is not None
        play.stdin.write("temperature 0.25\n")
        play.stdin.flush()
        turned = {"name": "temperature", "value": "0.25", "controllers": [1]}
        later = next(one for one in seen if turned in one["controls"])
        assert later["time"]["tick"] > position
    rest, errors = monitor.communicate(timeout=PATIENCE_SECONDS)
    assert (monitor.returncode, errors) == (0, "the play has ended\n")
    assert all(json.loads(line)["pid"] == play.pid for line in rest.splitlines())


def test_a_command_is_sent_and_seen(start: Start) -> None:
    with playing(start):
        monitor = look(start)
        sender = start("monitor", "--send", "temperature 0.25", "--send", "learn density")
        assert sender.communicate(timeout=PATIENCE_SECONDS) == (
            "move a controller: the next one that moves turns density (learn off: none)\n",
            "",
        )
        assert sender.returncode == 0
        turned = {"name": "temperature", "value": "0.25", "controllers": [1]}
        assert next(one for one in snapshots(monitor) if turned in one["controls"])
        refused = start("monitor", "--send", "swing 7", "--send", "mute on")
        _, errors = refused.communicate(timeout=PATIENCE_SECONDS)
        assert (refused.returncode, errors) == (2, "lstm-composer: swing 7: give a number from 0 to 1\n")
        still = {"name": "mute", "value": "off", "controllers": [80]}
        assert all(still in one["controls"] for one, _ in zip(snapshots(monitor), range(3), strict=False))


def test_who_is_let_in_can_end_the_music(
    start: Start, surrounding: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(surrounding["XDG_RUNTIME_DIR"]).chmod(0o700)  # or it is not used
    monkeypatch.setenv("XDG_RUNTIME_DIR", surrounding["XDG_RUNTIME_DIR"])
    play = start(*PLAY, "--take", "take.mid")
    assert play.stderr is not None
    assert "seed 7" in play.stderr.readline()
    look(start).kill()
    with follow(play.pid) as following:
        messages = following.messages()
        assert any(isinstance(message, Delta) and message.events for message in messages)
        following.say(Stop())
        assert list(messages)
    assert play.wait(PATIENCE_SECONDS) == 0
    assert (tmp_path / "take.mid").stat().st_size > 0


def test_the_newest_of_several_or_the_one_named(start: Start) -> None:
    with playing(start) as older:
        first = next(snapshots(look(start)))
        assert first["pid"] == older.pid
        with playing(start) as newer:
            assert next(snapshots(look(start, "--pid", str(newer.pid))))["pid"] == newer.pid
            assert next(snapshots(look(start)))["pid"] == newer.pid
            assert next(snapshots(look(start, "--pid", str(older.pid))))["pid"] == older.pid


def test_a_play_that_is_killed_has_ended_too(start: Start) -> None:
    play = start(*PLAY)
    assert play.stderr is not None
    play.stderr.readline()
    monitor = look(start)
    play.kill()
    _, errors = monitor.communicate(timeout=PATIENCE_SECONDS)
    assert (monitor.returncode, errors) == (0, "the play has ended\n")
    none = start("monitor", "--json")
    _, errors = none.communicate(timeout=PATIENCE_SECONDS)
    assert none.returncode == 2
    assert errors.startswith("lstm-composer: no play is running here")


@contextmanager
def hostile(runtime_folder: Path, line: bytes) -> Iterator[None]:
    """Another program on the port of a play that was killed: it sends a line to each who connects, and ends."""
    runtime_folder.chmod(0o700)  # or it is not used
    token, folder = "0123456789abcdef" * 4, runtime_folder / "lstm-composer"
    folder.mkdir(mode=0o700)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_SECONDS)
        (folder / f"{os.getpid()}.json").write_text(json.dumps({"token": token, "port": server.getsockname()[1]}))

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(line)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            thread.join(PATIENCE_SECONDS)


def test_what_a_terminal_would_obey_is_escaped(
    start: Start, surrounding: dict[str, str], snapshot: Callable[..., Snapshot]
) -> None:
    name = "b\x1b[31m\x9b\x7f\u202e"
    said = encode(snapshot(style=name, port=name))
    raw = said.replace(b"\\u009b", "\x9b".encode()).replace(b"\\u007f", b"\x7f")  # as JSON allows
    assert raw != said
    with hostile(Path(surrounding["XDG_RUNTIME_DIR"]), raw):
        output, errors = start("monitor", "--json").communicate(timeout=PATIENCE_SECONDS)
    assert errors == "the play has ended\n"
    assert output.isascii()
    assert output.removesuffix("\n").isprintable()
    assert json.loads(output)["port"] == name


@pytest.mark.parametrize("line", [b"HTTP/1.1 400 Bad Request\x1b[31m\r\n", b'{"pid": 1}\n', b"\xff\n", b"no end"])
def test_something_else_that_answers_is_told_in_a_line(start: Start, surrounding: dict[str, str], line: bytes) -> None:
    with hostile(Path(surrounding["XDG_RUNTIME_DIR"]), line):
        monitor = start("monitor", "--json")
        output, errors = monitor.communicate(timeout=PATIENCE_SECONDS)
    assert (monitor.returncode, output) == (2, "")
    assert re.match("lstm-composer: (what plays is of another version|the play lets nobody look in)", errors)
    assert errors.removesuffix("\n").isprintable()


def test_without_a_terminal_it_says_what_programs_want(start: Start) -> None:
    monitor = start("monitor")
    _, errors = monitor.communicate(timeout=PATIENCE_SECONDS)
    assert monitor.returncode == 2
    assert errors == (
        "lstm-composer: monitor draws on a terminal, and its output is none: --json prints lines for programs\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of the test's own is POSIX's")
def test_a_terminal_shows_the_screen_and_is_given_back(start: Start, surrounding: dict[str, str]) -> None:
    import pty  # noqa: PLC0415 - POSIX alone has it

    with playing(start):
        look(start).kill()  # now it can be looked at
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "lstm_composer", "monitor"]
        terminal = surrounding | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
        with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=terminal) as monitor:
            os.close(theirs)
            screen = b""
            while b"LSTM Composer (process" not in screen:
                screen += os.read(ours, 65536)
            monitor.terminate()
            screen += drained(ours)
        assert monitor.returncode == 0
        assert screen.endswith(b"\x1b[?25h\x1b[?1049l")  # the cursor and what was on the screen before
        os.close(ours)


def drained(terminal: int) -> bytes:
    """What is still written until the other end is closed, which Linux tells by an error."""
    screen = b""
    try:
        while part := os.read(terminal, 65536):
            screen += part
    except OSError:
        pass
    return screen
