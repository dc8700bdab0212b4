"""Live: real plays, started by the panel or by others, seen and steered over the page's socket."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient, WebSocketTestSession

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.monitor.discovery import running_endpoints
from lstm_composer.runtime.panel.context import PanelContext
from lstm_composer.runtime.panel.live.process import BEFORE_NAME, LOG_NAME
from lstm_composer.runtime.panel.live.requests import PlayRequest, choices, play_arguments
from lstm_composer.runtime.panel.server import application
from lstm_composer.runtime.panel.session_token import SessionToken
from lstm_composer.runtime.parameters.table import PARAMETERS
from tests.panel.conftest import HOST, ORIGIN
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[3]
SCALE = {"style": "scale", "tempo_bpm": 240, "seed": 7, "temperature": 0.0, "output": "page"}
EVENTS = f"ws://{HOST}/api/live/events"
Problem = Callable[..., tuple[int, str]]
posix = pytest.mark.skipif(os.name != "posix", reason="signals and sessions are POSIX's")


@pytest.fixture
def surrounded(surrounding: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The panel and what it starts find each other, and nothing of the user's; what still plays is ended."""
    Path(surrounding["XDG_RUNTIME_DIR"]).chmod(0o700)  # or it is not used
    for name in ("XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "PYTHONPATH", "LSTM_COMPOSER_MODELS"):
        monkeypatch.setenv(name, surrounding[name])
    yield surrounding
    for pid in playing():
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def context(context: PanelContext, surrounded: dict[str, str]) -> PanelContext:
    assert surrounded
    return replace(context, program=(sys.executable, "-m", "lstm_composer"))


def playing() -> list[int]:
    return [endpoint.pid for endpoint in running_endpoints()]


def play(page: TestClient, instead_of: int | None = None, **changes: object) -> int:
    asked = {"request": SCALE | changes} | ({} if instead_of is None else {"instead_of": instead_of})
    response = page.post("/api/live/play", json=asked)
    assert response.status_code == 200, response.text
    return int(response.json()["pid"])


def stop(page: TestClient, pid: int) -> None:
    assert page.post("/api/live/stop", json={"pid": pid}).status_code == 204


def messages(socket: WebSocketTestSession) -> Iterator[dict[str, Any]]:
    while True:
        yield json.loads(socket.receive_text())


def until(socket: WebSocketTestSession, kind: str, holds: Callable[[dict[str, Any]], object] = bool) -> dict[str, Any]:
    """The next message of a kind for which something holds."""
    return next(message for message in messages(socket) if message["kind"] == kind and holds(message))


def until_both(socket: WebSocketTestSession, *wanted: Callable[[dict[str, Any]], object]) -> list[dict[str, Any]]:
    """The first message of each kind that is wanted, whichever comes first."""
    found: dict[int, dict[str, Any]] = {}
    for message in messages(socket):
        found = {number: message for number, holds in enumerate(wanted) if holds(message)} | found
        if len(found) == len(wanted):
            break
    return [found[number] for number in range(len(wanted))]


def is_turned(name: str, to: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a message says that a control has a value, be it a change or all that there is to know."""

    def says(message: dict[str, Any]) -> bool:
        told = message.get("controls") or message.get("snapshot", {}).get("controls", [])
        return any((control["name"], control["value"]) == (name, to) for control in told)

    return says


def test_nothing_plays_at_first(page: TestClient) -> None:
    with page.websocket_connect(EVENTS) as socket:
        assert until(socket, "plays") == {"kind": "plays", "pids": [], "shown": None}
        assert until(socket, "none")
        socket.send_text('{"kind": "command", "id": 3, "line": "density 1"}')
        assert until(socket, "answer") == {
            "kind": "answer",
            "taken": False,
            "id": 3,
            "said": "nothing plays: press Play first",
        }


def test_it_plays_is_turned_and_ends(page: TestClient, context: PanelContext) -> None:
    with page.websocket_connect(EVENTS) as socket:
        pid = play(page)
        assert until(socket, "welcome")["pid"] == pid
        whole = until(socket, "whole")
        assert (whole["snapshot"]["style"], whole["anchor"]["tempo_bpm"]) == ("scale", 240.0)
        first = until(socket, "delta", lambda delta: delta.get("events"))["events"][0]
        assert first["id"] not in {event["id"] for event in whole.get("events", [])}
        assert first["due"] > whole["anchor"]["seconds"]
        socket.send_text('{"kind": "command", "id": 5, "line": "transpose 12"}')
        turned = is_turned("transpose", "12")
        answered, _ = until_both(socket, lambda message: message["kind"] == "answer", turned)
        assert answered["taken"]
        socket.send_text('{"kind": "command", "id": 6, "line": "transpose 99"}')
        assert until(socket, "answer")["said"] == "transpose 99: give a number from -24 to 24"
        stop(page, pid)
        assert until(socket, "none")
    wait_for(lambda: playing() == [], "the end")
    wait_for(lambda: "notes played" in (context.data_folder / "live" / LOG_NAME).read_text(), "its last words")


def test_the_time_is_told_by_the_clock_of_the_play(page: TestClient) -> None:
    with page.websocket_connect(EVENTS) as socket:
        play(page)
        until(socket, "whole")
        pong: dict[str, Any] = {}
        while not pong:  # answered as soon as the panel itself knows
            socket.send_text('{"kind": "ping", "sent": 12.5}')
            message = json.loads(socket.receive_text())
            pong = message if message["kind"] == "pong" else {}
        assert pong["sent"] == 12.5
        delta = until(socket, "delta")
        assert pong["received"] == pytest.approx(delta["at"], abs=20.0)


def test_two_pages_see_the_same(page: TestClient) -> None:
    with page.websocket_connect(EVENTS) as one, page.websocket_connect(EVENTS) as other:
        pid = play(page)
        assert [until(socket, "whole")["snapshot"]["pid"] for socket in (one, other)] == [pid, pid]
        one.send_text('{"kind": "command", "id": 1, "line": "swing 0.5"}')
        other.send_text('{"kind": "command", "id": 1, "line": "swing 7"}')
        assert [until(socket, "answer")["taken"] for socket in (one, other)] == [True, False]
        with page.websocket_connect(EVENTS) as late:
            assert until(late, "welcome")["said"]
            whole = until(late, "whole")
            assert whole["snapshot"]["pid"] == pid
            assert {"name": "swing", "value": "0.5", "controllers": [72]} in whole["snapshot"]["controls"]


@posix
def test_the_music_goes_on_without_the_panel_and_is_found_again(
    context: PanelContext, page: TestClient, token: SessionToken
) -> None:
    pid = play(page)
    assert os.getsid(pid) != os.getsid(0)
    with page.websocket_connect(EVENTS) as socket:
        heard = until(socket, "delta", lambda delta: delta.get("counts"))["counts"]["notes"]
    page.__exit__()  # the panel ends
    assert playing() == [pid]
    with TestClient(application(context, token, lambda: None), base_url=ORIGIN) as again:
        again.cookies.set(token.cookie, token.secret)
        again.headers.update({"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"})
        with again.websocket_connect(EVENTS) as socket:
            assert until(socket, "whole")["snapshot"]["pid"] == pid
            until(socket, "delta", lambda delta: delta.get("counts") and delta["counts"]["notes"] > heard)
        stop(again, pid)
    page.__enter__()  # for the fixture, which ends it


def test_what_a_terminal_plays_is_shown_and_can_be_chosen(page: TestClient, surrounded: dict[str, str]) -> None:
    words = ["--style", "scale", "--tempo", "240", "--backend", "none", "--no-sound"]
    command = [sys.executable, "-m", "lstm_composer", "play", *words]
    with subprocess.Popen(command, env=surrounded, stderr=subprocess.DEVNULL) as terminal:
        with page.websocket_connect(EVENTS) as socket:
            assert until(socket, "welcome")["pid"] == terminal.pid
            ours = play(page)
            assert until(socket, "welcome")["pid"] == ours
            assert until(socket, "plays", lambda told: len(told["pids"]) == 2)["shown"] == ours
            socket.send_text(json.dumps({"kind": "choose", "pid": terminal.pid}))
            assert until(socket, "welcome")["pid"] == terminal.pid
            stop(page, terminal.pid)
            assert until(socket, "welcome")["pid"] == ours
            stop(page, ours)
        assert terminal.wait() == 0


def test_another_begins_in_its_place(page: TestClient, context: PanelContext) -> None:
    first = play(page)
    second = play(page, instead_of=first, form="AB", section_bars=2)
    assert playing() == [second]
    assert (context.data_folder / "live" / BEFORE_NAME).exists()
    stop(page, second)


def test_a_play_that_is_killed_is_gone(page: TestClient) -> None:
    pid = play(page)
    with page.websocket_connect(EVENTS) as socket:
        until(socket, "whole")
        os.kill(pid, signal.SIGKILL)
        until(socket, "none")
    wait_for(lambda: playing() == [] or page.post("/api/live/stop", json={"pid": pid}), "an end")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"style": "nobody"}, "there is no style 'nobody'; there are: "),
        ({"style": "<img src=x onerror=alert(1)>"}, "onerror"),
        ({"meter": "5/5"}, "meter 5/5 is not allowed: write 1..64 over"),
        ({"style": ""}, "no style is named: choose one, and press Play again"),
        ({"key": "H major"}, "H major"),
        ({"tempo_bpm": 5000}, "the page sent what cannot be used"),
        ({"output": "cloud"}, "the page sent what cannot be used"),
        ({"flag": "--take"}, "the page sent what cannot be used"),
    ],
)
def test_what_cannot_be_played_is_told_in_a_line(problem: Problem, changes: dict[str, object], said: str) -> None:
    status, line = problem("POST", "/api/live/play", json={"request": SCALE | changes})
    assert status == 400
    assert said in line
    assert line.isprintable()


@pytest.mark.parametrize(("field", "value"), [("form", "A1"), ("meter", "5/5")])
def test_what_cannot_be_played_says_at_which_field(page: TestClient, field: str, value: str) -> None:
    assert page.post("/api/live/play", json={"request": SCALE | {field: value}}).json()["field"] == field


def test_a_play_that_is_none_cannot_be_ended(page: TestClient) -> None:
    assert page.post("/api/live/stop", json={"pid": os.getpid()}).status_code == 204
    assert page.post("/api/live/stop", json={"pid": -1}).status_code == 400


def test_nonsense_on_the_socket_is_told(page: TestClient) -> None:
    with page.websocket_connect(EVENTS) as socket:
        for text in ("", "{}", '{"kind": "stop"}', "[" * 500, '{"kind": "choose", "pid": "all"}'):
            socket.send_text(text)
            assert "the page sent what" in until(socket, "answer")["said"]


def test_there_is_a_row_for_every_parameter(page: TestClient) -> None:
    found = page.get("/api/live/choices").json()
    assert [row["name"] for row in found["parameters"]] == [row.name for row in PARAMETERS]
    assert [choice["id"] for choice in found["outputs"]] == ["page", "port", "here", "both"]
    assert [choice["id"] for choice in found["syncs"]] == ["auto", "internal", "midi", "link"]
    assert list(choices().ports) == found["ports"]


def test_the_words_after_the_program() -> None:
    models = (Path("models"),)
    assert play_arguments(PlayRequest(style="bach", output="both", sync="link"), models) == (
        "play", "--style=bach", f"--models-dir={models[0]}", "--sound", "--sync=link", "--listen=off",
    )  # fmt: skip
    asked = {
        "players": [{"style": "bach", "channel": 1}, {"style": "joplin", "channel": 2}],
        "key": "C minor", "form": "AABA", "section_bars": 4, "clock_out": True, "output": "port",
    }  # fmt: skip
    assert play_arguments(msgspec.convert(asked, PlayRequest), ()) == (
        "play", "--voices=bach@1,joplin@2", "--set=key C minor", "--form=AABA", "--section-bars=4",
        "--no-sound", "--clock-out", "--listen=off",
    )  # fmt: skip
    into = PlayRequest(style="bach", output="port", existing_port="FLUID Synth")
    assert "--connect=FLUID Synth" in play_arguments(into, ())
    assert not any("connect" in word for word in play_arguments(msgspec.structs.replace(into, output="page"), ()))
    with pytest.raises(InputError, match="no style is named"):
        play_arguments(PlayRequest(), ())
