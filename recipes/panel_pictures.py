"""Make the pictures of docs/panel.md and the README in a real browser, and show on the way that the first minute works.

A panel is started with nothing in its folder; the page is opened, Compose pressed, the sound measured, and a MIDI file
kept. Each step is printed with its time. Then the tabs are photographed, by day and by night, wide and narrow.

Run: python recipes/panel_pictures.py [--all] [TAB ...]     (needs Chromium, and the extras panel, score, train and dev)
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import mido
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT: Final = Path(__file__).parents[1]
PICTURES: Final = ROOT / "docs" / "panel"
PIECES: Final = (
    ({"style": "folk", "seed": 3, "bars": 16}, None),
    ({"style": "bach", "seed": 4, "bars": 24, "key": "D minor", "ending": True}, None),
    ({"style": "ragtime", "seed": 2, "bars": 16}, {"name": "Slow drag", "starred": True}),
    ({"style": "mozart", "other_style": "schubert", "seed": 7, "bars": 32, "form": "AABA"}, None),
    ({"style": "chopin", "seed": 1, "bars": 16}, None),
)
"""What has been composed, and what is changed of it then; the last is looked at."""
DANCES: Final = 12
"""Of which a style is learned."""
TRAINING_MILLISECONDS: Final = 30 * 60_000
PLACE: Final = 6.5
"""The bar at which it is stopped."""
COLOURS: Final = 128
"""Of a picture: a third of the bytes, and nobody sees it."""
WIDE: Final[ViewportSize] = {"width": 1320, "height": 860}
NARROW: Final[ViewportSize] = {"width": 390, "height": 844}
_FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--force-color-profile=srgb"),
)
_PLAIN_SYSTEM: Final = """() => {
    for (const detail of document.querySelectorAll('.findings .meta')) {
        detail.textContent = detail.textContent.replace(/(Linux|macOS|Windows)-\\S+/, '$1');
    }
}"""
"""Which kernel this machine has is of no use to a reader."""
_LEVEL: Final = """async () => {
    const { panel } = await import('/page/app.js');
    const wave = new Float32Array(4096);
    panel.sound.analyser?.getFloatTimeDomainData(wave);
    return Math.max(...wave.map(Math.abs));
}"""


def main() -> None:
    """Show the first minute, and make the pictures of all tabs or of those that are named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tabs", nargs="*", choices=[*TABS], help="which tabs; all by default")
    parser.add_argument("--all", action="store_true", help="each by day and by night, wide and narrow")
    parser.add_argument("--to", type=Path, default=PICTURES, help="the folder for the pictures (docs/panel)")
    asked = parser.parse_args()
    asked.to.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=list(_FLAGS))
        for name in ("first", "pictures"):
            (Path(folder) / name).mkdir()
        with _panel(Path(folder) / "first") as address:
            _show_first_minute(browser, address, Path(folder))
        with _panel(Path(folder) / "pictures") as address:
            page = _opened(browser, address, WIDE, "light")
            _make_pieces(page)
            page.context.close()
            for tab in asked.tabs or TABS:
                _photograph(browser, address, tab, asked.to, every_look=asked.all)
        browser.close()


@contextmanager
def _panel(folder: Path) -> Iterator[str]:
    """Run a panel that finds nothing of the user's, and give the address that opens it."""
    places = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")}
    command = [sys.executable, "-m", "lstm_composer", "panel", "--no-browser"]
    environment = os.environ | places | {"PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}
    with subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        line = process.stdout.readline()
        try:
            yield next(word for word in line.split() if word.startswith("http"))
        finally:
            process.terminate()
            process.wait()


def _show_first_minute(browser: Browser, address: str, folder: Path) -> None:
    began = time.perf_counter()

    def passed(what: str) -> None:
        print(f"{time.perf_counter() - began:6.2f} s  {what}")

    page = _opened(browser, address, WIDE, "light")
    passed(f"the page is ready at {page.url}, and its address holds no token")
    page.get_by_role("button", name="Compose", exact=True).click()
    while page.evaluate(_LEVEL) == 0:
        page.wait_for_timeout(5)
    passed("Compose has been pressed, and the piano is heard")
    page.wait_for_selector(".actions button")
    passed(f"the piece is kept: {page.locator('.stage .meta').inner_text()}")
    with page.expect_download() as kept:
        page.get_by_role("button", name="MIDI").click()
    kept.value.save_as(folder / "kept.mid")
    notes = sum(message.type == "note_on" for message in mido.MidiFile(folder / "kept.mid"))
    passed(f"{kept.value.suggested_filename!r} is kept: {notes} notes")
    page.context.close()


def _photograph(browser: Browser, address: str, tab: str, folder: Path, *, every_look: bool) -> None:
    looks = (("", WIDE, "light"), ("-phone", NARROW, "light"), ("-dark", WIDE, "dark"))
    for name, viewport, scheme in looks[: 3 if every_look else LOOKS.get(tab, 1)]:
        page = _opened(browser, address, viewport, scheme)
        page.get_by_role("tab", name=TITLES.get(tab, tab.capitalize())).click()
        TABS[tab](page)
        is_tall = viewport is NARROW and tab != "score"  # the score scrolls in its own place
        if viewport is NARROW and not is_tall:
            page.locator(".stage").scroll_into_view_if_needed()
        else:
            page.evaluate("window.scrollTo(0, 0)")
        path = folder / f"{tab}{name}.png"
        page.screenshot(path=path, full_page=is_tall)
        if tab in AFTERWARDS:
            AFTERWARDS[tab](page)
        _make_small(path)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
        page.context.close()


def _opened(browser: Browser, address: str, viewport: ViewportSize, scheme: str) -> Page:
    context = browser.new_context(viewport=viewport, color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    return page


def _make_pieces(page: Page) -> None:
    """Fill the list: the last of PIECES comes to stand first."""
    for request, change in PIECES:
        page.evaluate(
            """async ([request, change]) => {
                const { ask, lines } = await import('/page/api.js');
                for await (const line of lines('/api/compose', request, new AbortController().signal)) {
                    if (line.type === 'kept' && change) {
                        await ask(`/api/pieces/${line.piece.id}`, { method: 'PATCH', body: change });
                    }
                }
            }""",
            [request, change],
        )


def _compose(page: Page) -> None:
    """Open the first piece of the list, and stop in the middle of it."""
    page.locator(".pieces .open").first.click()
    page.get_by_role("button", name="Pause").click()
    page.locator(".roll").focus()
    page.keyboard.press("Home")
    for _ in range(round(PLACE * 4)):
        page.keyboard.press("ArrowRight")
    page.locator(".title").click()  # the roll has no ring around it
    page.mouse.move(0, 0)
    page.wait_for_timeout(600)  # until the notes have come into sight


def _score(page: Page) -> None:
    _compose(page)
    page.get_by_role("button", name="Score", exact=True).click()
    page.wait_for_selector(".engraving svg .sounds")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1000)  # until it has scrolled there


def _help(page: Page) -> None:
    page.wait_for_selector(".findings .good")
    page.evaluate(_PLAIN_SYSTEM)


def _live(page: Page) -> None:
    page.locator(".tab-live form").get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="Stop").wait_for()
    page.wait_for_timeout(9000)  # two bars and more have been played
    page.mouse.move(0, 0)


def _stop_live(page: Page) -> None:
    """A play goes on without its page."""
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Nothing plays").wait_for()


def _training(page: Page) -> None:
    """Train a style on dances that the program has written, which takes minutes, and hear the epoch to take."""
    page.get_by_role("heading", name="Your styles").wait_for()
    if page.locator(".drop").is_visible():
        _train(page)
    page.locator(".samples li").filter(has_text="the one to take").get_by_role("button", name="Play epoch").click()
    page.wait_for_timeout(4000)
    page.keyboard.press(" ")
    page.locator(".training-head h2").click()
    page.mouse.move(0, 0)


def _train(page: Page) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dances = [Path(folder) / f"dance {number}.mid" for number in range(1, DANCES + 1)]
        for number, path in enumerate(dances, start=1):
            _run("write", "--style", "folk", "--bars", "24", "--seed", str(number), "-o", str(path))
        page.locator("input[type=file]").first.set_input_files(dances)
        page.get_by_text(f"{DANCES} pieces to learn from").wait_for()
    page.get_by_label("Name of the style").fill("dances")
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".training-head").get_by_text("Trained", exact=True).wait_for(timeout=TRAINING_MILLISECONDS)


def _run(*arguments: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}
    subprocess.run(
        [sys.executable, "-m", "lstm_composer", *arguments],
        env=environment,
        check=True,
        capture_output=True,
    )


TABS: Final[Mapping[str, Callable[[Page], None]]] = {
    "compose": _compose,
    "score": _score,
    "live": _live,
    "training": _training,
    "help": _help,
}
"""What is done on each tab before it is photographed."""
LOOKS: Final[Mapping[str, int]] = {"compose": 3, "score": 2}
"""How many looks of a tab stand in the documentation: by day, on a phone, by night; else one."""
AFTERWARDS: Final[Mapping[str, Callable[[Page], None]]] = {"live": _stop_live}
"""And what then."""
TITLES: Final[Mapping[str, str]] = {"score": "Compose", "training": "Your style"}
"""What a tab is called where it is not its own name."""


def _make_small(path: Path) -> None:
    with Image.open(path) as drawn:
        small = drawn.convert("RGB").quantize(COLOURS)
    small.save(path, optimize=True)


if __name__ == "__main__":
    main()
