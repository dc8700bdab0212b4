"""The panel, and what plays for it, as processes of their own in a folder that holds nothing of the user's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

ROOT: Final = Path(__file__).parents[2]
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
_SOUNDS_AT_ONCE: Final = "--autoplay-policy=no-user-gesture-required"


@dataclass(frozen=True, slots=True)
class PanelProcess:
    """A panel that runs: its process, and the address that opens its page."""

    pid: int
    address: str


@contextmanager
def panel(folder: Path) -> Iterator[PanelProcess]:
    """Run a panel whose user has `folder` and nothing else."""
    command = [sys.executable, "-m", "lstm_composer", "panel", "--no-browser"]
    with subprocess.Popen(command, env=_environment(folder), cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline() if process.stdout else ""
        try:
            yield PanelProcess(process.pid, next(word for word in line.split() if word.startswith("http")))
        finally:
            process.terminate()


@contextmanager
def play(folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Play into nowhere, where a panel of the same folder finds it."""
    command = [sys.executable, "-m", "lstm_composer", "play", *words, "--backend", "none", "--no-sound"]
    with subprocess.Popen(command, env=_environment(folder), cwd=folder, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def _environment(folder: Path) -> dict[str, str]:
    places = ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")
    return os.environ | dict.fromkeys(places, str(folder)) | {"PYTHONPATH": str(ROOT)}


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Run a browser without a window, with flags beside the usual ones."""
    program = which("chromium") or which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=[*_FLAGS, *flags])
        yield browser
        browser.close()


@contextmanager
def live_page(folder: Path) -> Iterator[tuple[PanelProcess, Page]]:
    """Run a panel, and show its Live tab on a desktop, in a browser that lets it sound at once."""
    with panel(folder) as process, chromium(_SOUNDS_AT_ONCE) as browser:
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        page.goto(process.address)
        page.wait_for_selector("html[data-ready]")
        page.get_by_role("tab", name="Live").click()
        page.wait_for_selector("#live-style")
        yield process, page
