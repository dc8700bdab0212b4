"""The panel, served to a test: its application without a port, with the known bundle and a folder of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lstm_composer.runtime.panel.context import PanelContext
from lstm_composer.runtime.panel.server import application
from lstm_composer.runtime.panel.session_token import SessionToken

PORT = 7348
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{HOST}"


@pytest.fixture
def token() -> SessionToken:
    return SessionToken.drawn(PORT)


@pytest.fixture
def context(tmp_path: Path, tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> PanelContext:
    """Where things are: the known bundle's style is `scale`, and nothing of the user's is found."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return PanelContext(data_folder=tmp_path / "panel", models_dirs=(tiny_models,), program=("lstm-composer",))


@pytest.fixture
def ended() -> list[str]:
    """What asked the server to end."""
    return []


@pytest.fixture
def stranger(context: PanelContext, token: SessionToken, ended: list[str]) -> Iterator[TestClient]:
    """Somebody who has not opened the panel's address."""
    served = application(context, token, lambda: ended.append("end"))
    with TestClient(served, base_url=ORIGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def page(stranger: TestClient, token: SessionToken) -> TestClient:
    """The panel's own page: it has the cookie, and says where its requests come from."""
    stranger.cookies.set(token.cookie, token.secret)
    stranger.headers.update({"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"})
    return stranger


@pytest.fixture
def problem(page: TestClient) -> Callable[..., tuple[int, str]]:
    """Send a request that is refused: the status and the line."""

    def send(method: str, path: str, **options: object) -> tuple[int, str]:
        response = page.request(method, path, **options)  # type: ignore[arg-type] # the tests name its parameters
        return response.status_code, response.json()["error"]

    return send
