"""The app's panel in a real browser: what can be done with it, what it leaves behind, and how long its start takes."""

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect

from benchmarks.common.tables import print_table
from lstm_composer.runtime.system.installation import TRAINING_ELSEWHERE
from recipes.app.build import DIST, NAME
from recipes.app.trial_home import PATIENCE_SECONDS, Home, home, require, until

APP: Final = DIST / NAME
PROGRAM: Final = (str(APP / NAME),)
INSTALLED: Final = (sys.executable, "-m", "lstm_composer")
_FOLDERS: Final = {"app": (APP,), "installed": (Path(sys.prefix), Path(sysconfig.get_path("stdlib")))}
"""Where the files of both are."""
_CALLS: Final = "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,symlink,symlinkat,link,linkat"
_CALL: Final = re.compile(r"\d+ +(?P<call>\w+)\(.*\) = \d+")
_PATHS: Final = re.compile(r'"([^"]+)"')


@contextmanager
def panel(place: Home, *program: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a panel by its program; gives its process, and the address that opens its page."""
    command = [*program, "panel", "--no-browser"]
    with subprocess.Popen(
        command, cwd=place.folder, env=place.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline() if process.stdout else ""
        try:
            yield process, next(word for word in line.split() if word.startswith("http"))
        finally:
            if process.poll() is None:
                process.terminate()


def opened(browser: Browser, address: str) -> Page:
    """Open a panel's page and wait until it can be used."""
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    return page


def check_panel(browser: Browser) -> None:
    """Compose, see the score, play live, be told of training, and end it by its button; then another by Ctrl-C."""
    with home() as place:
        trace = place.folder / "trace.txt"
        traced = ("strace", "-f", "-qq", "-e", f"trace={_CALLS}", "-o", str(trace)) if shutil.which("strace") else ()
        before = _state()
        with panel(place, *traced, *PROGRAM) as (process, address):
            page = opened(browser, address)
            _use(page, place)
            page.on("dialog", lambda dialog: dialog.accept())
            page.get_by_role("button", name="End the panel").click()
            require(process.wait(PATIENCE_SECONDS) == 0, "the panel's button does not end it with exit code 0")
            page.close()
        require(_state() == before, "the app has changed its own folder")
        _look_through(trace, place)
    with home() as place, panel(place, *PROGRAM) as (process, address):
        page = opened(browser, address)
        process.send_signal(signal.SIGINT)
        require(process.wait(PATIENCE_SECONDS) == 0, "Ctrl-C does not end the panel with exit code 0")
        page.close()


def _use(page: Page, place: Home) -> None:
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".pieces li[data-id]")).to_have_count(1)
    page.get_by_role("button", name="Score", exact=True).click()
    page.locator(".engraving .note .notehead").first.wait_for()
    page.get_by_role("tab", name="Your style").click()
    expect(page.locator(".tab-training .notice", has_text=TRAINING_ELSEWHERE[1:])).to_be_visible()
    page.get_by_role("tab", name="Live").click()
    live = page.locator(".tab-live")
    live.locator("form").get_by_role("button", name="Play", exact=True).click()
    until(lambda: _plays(place), "a play of the panel's")
    expect(live.locator(".title")).not_to_have_text("Nothing plays")
    live.get_by_role("button", name="Stop").click()
    until(lambda: not _plays(place), "the end of the panel's play")


def _plays(place: Home) -> bool:
    return any(line.startswith(f"{PROGRAM[0]} play ") for line in place.processes())


def _state() -> list[tuple[str, int, int]]:
    """Everything in the app's folder: its name, its size, when it was last written to."""
    found = [(path, path.lstat()) for path in sorted(APP.rglob("*"))]
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found]


def _look_through(trace: Path, place: Home) -> None:
    """Find files that were made or written to outside of the user's folders."""
    if not trace.exists():
        print("  (strace is not here: only the app's own folder and the temporary files were looked at)")
        return
    written = set()
    for line in trace.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if found and (not found["call"].startswith("open") or re.search("O_WRONLY|O_RDWR|O_CREAT", line)):
            written |= set(_PATHS.findall(line))
    within = (f"{place.folder}/", "/dev/", "/proc/self/")
    require(any(path.startswith(within[0]) for path in written), "strace has seen no file of the user's")
    # A name without a folder is one in the folder in which the panel was started, the user's.
    strange = sorted(path for path in written if path.startswith("/") and not path.startswith(within))
    require(not strange, f"written outside of the user's folders: {strange}")


def check_starts(browser: Browser, starts: int, *, cold: bool) -> None:
    """From the start of the process to the page that can be used, by turns with the installed program."""
    found: dict[str, list[float]] = {"app": [], "installed": []}
    for _ in range(starts):
        for name, program in (("app", PROGRAM), ("installed", INSTALLED)):
            if cold:
                for folder in _FOLDERS[name]:
                    _forget(folder)
            with home() as place:
                began = time.perf_counter()
                with panel(place, *program) as (process, address):
                    page = opened(browser, address)
                    found[name].append(time.perf_counter() - began)
                    page.close()
                    process.terminate()
                    process.wait(PATIENCE_SECONDS)
    rows = [
        (name, f"{statistics.median(one):.2f}", f"{min(one):.2f}", f"{max(one):.2f}") for name, one in found.items()
    ]
    print_table(("start to usable page, seconds", "median", "least", "most"), rows)
    ratio = statistics.median(found["app"]) / statistics.median(found["installed"])
    print(f"{starts} {'cold' if cold else 'warm'} starts each, by turns; app to installed: {ratio:.2f}")


def _forget(folder: Path) -> None:
    """Have the system forget what it has read of a folder's files; those that another program uses it keeps."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
