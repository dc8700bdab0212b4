"""A real browser, and the panel as a process of its own: what a user sees and hears is what these tests look at.

Without Chromium the tests are skipped, except where CI is set.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

ROOT: Final = Path(__file__).parents[3]
PATIENCE_SECONDS: Final = 60.0
FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
)
DESKTOP: Final[ViewportSize] = {"width": 1360, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of one file: its event loop would be in the way of those of other folders."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: .ci/run installs it")
        pytest.skip("Chromium is not here")
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class PanelProcess:
    """A panel that runs.

    Attributes:
        address: What opens it, with the token.
        environment: What it was started with.

    """

    process: subprocess.Popen[str]
    address: str
    environment: dict[str, str]

    @property
    def origin(self) -> str:
        return self.address.partition("/open")[0]

    def end(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


StartPanel = Callable[..., PanelProcess]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def panels(environment: dict[str, str], folder: Path) -> Iterator[StartPanel]:
    """Start panels in a folder of their own; all are ended in the end."""
    started: list[PanelProcess] = []

    def start(*arguments: str, program: str = "lstm_composer") -> PanelProcess:
        if "--port" not in arguments:  # the usual one may be another test's, in another process
            arguments = (*arguments, "--port", str(free_port()))
        process = subprocess.Popen(
            [sys.executable, "-m", program, "panel", "--no-browser", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        panel = PanelProcess(process, next(word for word in line.split() if word.startswith("http")), environment)
        started.append(panel)
        return panel

    yield start
    for panel in started:
        if panel.process.poll() is None:
            panel.process.terminate()
        panel.process.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture
def start_panel(surrounding: dict[str, str], tmp_path: Path) -> Iterator[StartPanel]:
    """Start a panel with the known bundle, on a port of its own; all are ended after the test."""
    with panels(surrounding, tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def lasting_panel(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PanelProcess]:
    """One panel for all tests of a file that leave it running."""
    folder = tmp_path_factory.mktemp("panel")
    named = ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "TMPDIR")
    places = {name: str(folder) for name in named}
    found = {
        "LSTM_COMPOSER_MODELS": str(tiny_models),
        "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT)),
        "PYTHONWARNINGS": "error",
    }
    with panels(os.environ | places | found, folder) as start:
        yield start()


@pytest.fixture
def panel(lasting_panel: PanelProcess) -> PanelProcess:
    """A panel without a piece."""
    token = lasting_panel.address.rpartition("=")[2]
    port = lasting_panel.origin.rpartition(":")[2]
    headers = {"Cookie": f"lstm-composer-panel-{port}={token}", "Origin": lasting_panel.origin}
    with httpx2.Client(base_url=lasting_panel.origin, headers=headers, timeout=PATIENCE_SECONDS) as client:
        for piece in client.get("/api/pieces").json()["pieces"]:
            client.delete(f"/api/pieces/{piece['id']}")
    return lasting_panel


@dataclass
class Watched:
    """What a page must not do: complain on the console, raise an error, ask another host."""

    faults: list[str] = field(default_factory=list)

    def watch(self, page: Page, origin: str) -> None:
        page.on("console", lambda said: self._said(said.type, said.text))
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", lambda request: self._asked(request.url, origin))

    def _said(self, kind: str, text: str) -> None:
        # A refusal in words, which the page shows, is put on the console by the browser too.
        if kind in ("error", "warning") and "responded with a status of 400" not in text:
            self.faults.append(f"{kind}: {text}")

    def _asked(self, address: str, origin: str) -> None:
        if not address.startswith((f"{origin}/", "blob:", "data:")):
            self.faults.append(f"asks {address}")


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open a panel's page in a browser without a past; what it must not do fails the test that opened it."""
    watched = Watched()
    contexts = []

    def open_(panel: PanelProcess, viewport: ViewportSize = DESKTOP, **options: Any) -> Page:
        # Nothing is looked at while it is half faded in: axe takes that for faint colours.
        context = browser.new_context(viewport=viewport, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        watched.watch(page, panel.origin)
        page.goto(panel.address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert watched.faults == []


@pytest.fixture
def page(panel: PanelProcess, open_page: OpenPage) -> Page:
    """The panel's page on a desktop."""
    return open_page(panel)
