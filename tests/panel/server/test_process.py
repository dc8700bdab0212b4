"""The panel as a process: where it is, a second one, its end, and a machine that lacks what it needs."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from lstm_composer.runtime.panel import server
from lstm_composer.runtime.panel.session_token import SessionToken

PATIENCE_SECONDS = 60.0
Process = subprocess.Popen[str]
Start = Callable[..., tuple[Process, SessionToken]]


@pytest.fixture
def start(surrounding: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start a panel, and read where it is."""
    started: list[Process] = []

    def run(*arguments: str) -> tuple[Process, SessionToken]:
        process = subprocess.Popen(
            [sys.executable, "-m", "lstm_composer", "panel", "--no-browser", *arguments],
            cwd=tmp_path,
            env=surrounding,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(
            r"the panel is at http://127\.0\.0\.1:(\d+)/open\?token=([\w-]+) \(Ctrl-C ends it\)\n", line
        )
        assert found, line
        return process, SessionToken(int(found[1]), found[2])

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE_SECONDS)


def answers(token: SessionToken) -> bool:
    headers = {"Cookie": f"{token.cookie}={token.secret}"}
    return httpx2.get(f"{token.address}/api/alive", headers=headers, timeout=PATIENCE_SECONDS).status_code == 204


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_a_signal_ends_it_without_a_word(start: Start, number: signal.Signals, tmp_path: Path) -> None:
    process, token = start("--port", str(free_port()))
    assert answers(token)
    (place,) = tmp_path.rglob("panel.json")
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    process.send_signal(number)
    assert process.communicate(timeout=PATIENCE_SECONDS) == ("", "")
    assert process.returncode == 0
    assert not place.exists()


def test_a_second_ctrl_c_changes_nothing(start: Start) -> None:
    process, token = start("--port", str(free_port()))
    assert answers(token)
    while process.poll() is None:  # from the first on until it has ended
        process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE_SECONDS) == ("", "")
    assert process.returncode == 0


def test_the_button_ends_it(start: Start) -> None:
    process, token = start("--port", str(free_port()))
    headers = {"Cookie": f"{token.cookie}={token.secret}", "Origin": token.address}
    assert httpx2.post(f"{token.address}/api/quit", headers=headers).status_code == 204
    assert process.wait(PATIENCE_SECONDS) == 0


def test_a_second_one_opens_the_page_of_the_first(start: Start, composer: Callable[..., object]) -> None:
    _, token = start("--port", str(free_port()))
    second = composer("panel", "--no-browser")
    assert isinstance(second, subprocess.CompletedProcess)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout == f"a panel runs already: {token.opening_address}\n"
    assert answers(token)


def test_one_that_was_killed_is_no_second_one(start: Start) -> None:
    killed, _ = start("--port", str(free_port()))
    killed.kill()
    killed.wait(PATIENCE_SECONDS)
    _, token = start("--port", str(free_port()))
    assert answers(token)


def test_a_port_that_is_taken(composer: Callable[..., object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        refused = composer("panel", "--no-browser", "--port", str(port))
    assert isinstance(refused, subprocess.CompletedProcess)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"lstm-composer: port {port} cannot be had (Address already in use): name another --port, or leave it out\n"
    )


def test_the_usual_port_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that this test has taken stands for it: the real one may be anybody's at any time."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(server, "USUAL_PORT", port)
        with server._listening(None) as listener:
            assert listener.getsockname()[1] not in {0, port}


def test_without_a_port_it_finds_one(start: Start) -> None:
    _, token = start()
    assert answers(token)


def test_without_the_extra_it_says_in_a_line_what_to_install(surrounding: dict[str, str], tmp_path: Path) -> None:
    """The packages are hidden by a finder of modules that does not find them."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name in ('starlette', 'uvicorn') else find(name, *rest)\n"
    )
    environment = surrounding | {"PYTHONPATH": os.pathsep.join([str(tmp_path), surrounding["PYTHONPATH"]])}
    refused = subprocess.run(
        [sys.executable, "-m", "lstm_composer", "panel"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == 'lstm-composer: the panel needs starlette, uvicorn: pip install "lstm-composer[panel]"\n'


def test_help_says_what_doctor_says(start: Start, composer: Callable[..., object]) -> None:
    _, token = start("--port", str(free_port()))
    headers = {"Cookie": f"{token.cookie}={token.secret}"}
    shown = httpx2.get(f"{token.address}/api/help", headers=headers, timeout=PATIENCE_SECONDS).json()["findings"]
    said = composer("doctor", "--json")
    assert isinstance(said, subprocess.CompletedProcess)
    found = json.loads(said.stdout)
    names = [f"MIDI {system['backend']}" for system in found["midi"]]
    assert [one["name"] for one in shown][: 1 + len(names)] == ["LSTM Composer", *names]
    assert {one["name"]: one["ok"] for one in shown}["panel"] == found["panel"]["ok"]
