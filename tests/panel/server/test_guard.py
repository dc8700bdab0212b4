"""Whatever is refused before anything else reads it: each with its status and one line."""

import asyncio
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from lstm_composer.runtime.panel.guard import LARGEST_BODY, LONGEST_PATH, LONGEST_QUERY, Guard
from lstm_composer.runtime.panel.session_token import SessionToken
from tests.panel.conftest import HOST, ORIGIN, PORT

ALIVE = "/api/alive"


@pytest.mark.parametrize("host", [HOST, f"localhost:{PORT}"])
def test_our_own_hosts_are_answered(page: TestClient, token: SessionToken, host: str) -> None:
    cookie = f"{token.cookie}={token.secret}"
    assert page.get(ALIVE, headers={"Host": host, "Cookie": cookie}).status_code == 204


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"[::1]:{PORT}", f"0.0.0.0:{PORT}", ""],
)
def test_another_host_is_refused(page: TestClient, host: str) -> None:
    response = page.get(ALIVE, headers={"Host": host})
    assert response.status_code == 403
    assert "answers to 127.0.0.1:7348 alone" in response.json()["error"]


def test_two_hosts_are_refused(page: TestClient) -> None:
    headers = [("Host", HOST), ("Host", "evil.example")]
    assert page.send(page.build_request("GET", ALIVE, headers=headers)).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", f"https://{HOST}", "http://127.0.0.1:80", "null", ""])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_origin_is_refused(page: TestClient, origin: str, method: str) -> None:
    response = page.request(method, ALIVE, headers={"Origin": origin})
    assert response.status_code == 403
    assert "came from another page" in response.json()["error"]


def test_who_changes_something_says_where_from(page: TestClient) -> None:
    del page.headers["Origin"]
    assert page.get(ALIVE).status_code == 204
    assert page.post("/api/quit").status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "else"])
def test_another_site_is_refused(page: TestClient, site: str) -> None:
    assert page.get(ALIVE, headers={"Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_user_and_the_page_are_answered(page: TestClient, site: str) -> None:
    assert page.get(ALIVE, headers={"Sec-Fetch-Site": site}).status_code == 204


@pytest.mark.parametrize("path", ["/", ALIVE, "/page/style.css", "/piano.sf3", "/api/pieces", "/nowhere"])
def test_without_the_cookie_nothing_is_answered(stranger: TestClient, path: str) -> None:
    response = stranger.get(path)
    assert response.status_code == 401
    assert "opened by the app or by lstm-composer panel" in response.json()["error"]


@pytest.mark.parametrize("cookie", ["wrong", "", "é"])
def test_a_wrong_cookie_is_refused(stranger: TestClient, token: SessionToken, cookie: str) -> None:
    sent = {b"Cookie": f"{token.cookie}={cookie}".encode()}
    assert stranger.get(ALIVE, headers=sent).status_code == 401


def test_a_cookie_of_another_port_is_refused(stranger: TestClient, token: SessionToken) -> None:
    stranger.cookies.set(SessionToken(PORT + 1, token.secret).cookie, token.secret)
    assert stranger.get(ALIVE).status_code == 401


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "TRACE", "PROPFIND"])
def test_a_method_that_is_not_used_is_refused(page: TestClient, method: str) -> None:
    response = page.request(method, ALIVE)
    assert response.status_code == 405
    assert f"method {method} is not used here" in response.json()["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page/..%2fserver.py",
        "/page/%5c..%5cserver.py",
        "/page/%00",
        "x",
    ],
)
def test_a_path_that_leads_out_is_refused(token: SessionToken, path: str) -> None:
    """Sent as it is: a client would make a plain path of it first."""
    sent: list[Message] = []

    async def inner(_: Scope, __: Receive, ___: Send) -> None:
        raise AssertionError("the guard lets it through")

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(b"host", HOST.encode()), (b"cookie", f"{token.cookie}={token.secret}".encode())]
    scope = {"type": "http", "method": "GET", "path": unquote(path), "raw_path": path.encode(), "headers": headers}
    asyncio.run(Guard(inner, token)(scope, receive, send))
    assert [one.get("status") for one in sent] == [400, None]
    assert b"leads nowhere" in sent[1]["body"]


@pytest.mark.parametrize("path", [f"/{'x' * LONGEST_PATH}", f"/?{'x' * (LONGEST_QUERY + 1)}"])
def test_a_path_that_is_too_long_is_refused(page: TestClient, path: str) -> None:
    assert page.get(path).status_code == 414


def test_a_body_that_says_it_is_too_large_is_refused(page: TestClient) -> None:
    response = page.post("/api/compose", content=b" " * (LARGEST_BODY + 1))
    assert response.status_code == 413
    assert response.json()["error"] == "this is too large: at most 64 KiB are taken here"


@pytest.mark.parametrize("length", ["-1", "x", "9" * 100])
def test_a_length_that_is_none_is_refused(page: TestClient, length: str) -> None:
    assert page.post("/api/compose", content=b"{}", headers={"Content-Length": length}).status_code == 413


def test_a_body_that_does_not_say_how_long_it_is_has_a_limit_too(page: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(3):
            yield b" " * (LARGEST_BODY // 2)

    assert page.post("/api/compose", content=endless()).status_code == 413


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Origin": "http://evil.example"}, "another page"),
        ({"Host": "evil.example"}, "answers to 127.0.0.1:7348 alone"),
        ({"Sec-Fetch-Site": "cross-site"}, "another page"),
        ({"Cookie": "none=1"}, "opened by the app or by lstm-composer panel"),
    ],
)
def test_a_websocket_is_guarded_too(
    stranger: TestClient, token: SessionToken, headers: dict[str, str], why: str
) -> None:
    right = {"Host": HOST, "Origin": ORIGIN, "Cookie": f"{token.cookie}={token.secret}"}
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        stranger.websocket_connect("/api/live/events", headers=right | headers),
    ):
        pass
    assert refused.value.code == 1008
    assert why in refused.value.reason


def test_a_websocket_says_where_it_comes_from(stranger: TestClient, token: SessionToken) -> None:
    said = {"Host": HOST, "Cookie": f"{token.cookie}={token.secret}"}
    with pytest.raises(WebSocketDisconnect) as refused, stranger.websocket_connect("/api/live/events", headers=said):
        pass
    assert "came from another page" in refused.value.reason


def test_the_token_becomes_a_cookie_and_leaves_the_address(stranger: TestClient, token: SessionToken) -> None:
    response = stranger.get("/open", params={"token": token.secret}, headers={"Sec-Fetch-Site": "none"})
    assert (response.status_code, response.headers["location"]) == (303, "/")
    name, _, rest = response.headers["set-cookie"].partition("=")
    assert name == f"lstm-composer-panel-{PORT}"
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(rest.split("; "))
    assert "domain" not in rest.lower()
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize("secret", ["", "wrong", "é"])
def test_a_wrong_token_is_given_no_cookie(stranger: TestClient, secret: str) -> None:
    response = stranger.get("/open", params={"token": secret})
    assert response.status_code == 401
    assert "set-cookie" not in response.headers
    assert "start the app or lstm-composer panel again" in response.json()["error"]


def test_another_page_cannot_open_the_panel(stranger: TestClient, token: SessionToken) -> None:
    response = stranger.get("/open", params={"token": token.secret}, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403


@pytest.mark.parametrize("path", ["/", ALIVE, "/page/style.css", "/api/pieces", "/nowhere", "/open?token=wrong"])
def test_every_answer_has_the_headers(page: TestClient, path: str) -> None:
    headers = page.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-store" if path.startswith(("/api/", "/open")) else "no-cache")


def test_refusals_have_the_headers_too(stranger: TestClient) -> None:
    assert stranger.get("/").headers["x-content-type-options"] == "nosniff"


def test_what_is_not_there_is_said_in_a_line(page: TestClient) -> None:
    response = page.get("/api/nothing")
    assert response.status_code == 404
    assert response.json() == {"error": "there is nothing at this address: load the page anew"}


def test_the_button_ends_the_server(page: TestClient, ended: list[str]) -> None:
    assert page.post("/api/quit").status_code == 204
    # The server is told once the answer is out: the next request runs on the same loop, later.
    while not ended:
        page.get(ALIVE)
    assert ended == ["end"]
