"""How long a musician waits for the panel: from the command to a usable page, and from Compose to the first sound.

The browser runs already; the panel is started anew each time, with nothing in its folder. Compose is pressed some times
on a page that has been open for a moment, which is how the panel is mostly used ("warm"), and once on a page that has
just been opened.

Run: python benchmarks/panel.py [RUNS]     (needs Chromium)
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from benchmarks.common.panel_process import chromium, panel
from benchmarks.common.tables import machine, print_table

COMPOSITIONS: Final = 5
_COMPOSE: Final = """async () => {
    const { panel } = await import('/page/app.js');
    await panel.sound.prepare();
    const { analyser } = panel.sound;
    const wave = new Float32Array(analyser.fftSize);
    const began = performance.now();
    document.querySelector('button.compose').click();
    do {
        await new Promise((resolve) => setTimeout(resolve, 1));
        analyser.getFloatTimeDomainData(wave);
    } while (!wave.some((value) => value !== 0));
    return performance.now() - began;
}"""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds of one run.

    Attributes:
        address: From the command to the printed address.
        usable: From the command to a page that can be used.
        first_compose: From Compose to the first sound, on a page that has just been opened.
        warm_compose: The same, again and again.

    """

    address: float
    usable: float
    first_compose: float
    warm_compose: Sequence[float]


def measure(browser: Browser, folder: Path) -> Waits:
    """Start a panel, open its page, and compose."""
    began = time.perf_counter()
    with panel(folder) as process:
        printed = time.perf_counter() - began
        page = browser.new_page()
        page.goto(process.address)
        page.wait_for_selector("html[data-ready]")
        usable = time.perf_counter() - began
        first = _composed(page)
        warm = [_composed(page) for _ in range(COMPOSITIONS)]
        page.close()
    return Waits(printed, usable, first, warm)


def _composed(page: Page) -> float:
    """Seconds from Compose to the first sound; afterwards it is quiet again."""
    seconds = float(page.evaluate(_COMPOSE)) / 1000
    page.wait_for_selector(".actions button")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(2500)  # until all has died away
    return seconds


def main() -> None:
    """Measure some runs and print their median and worst."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found = []
    with chromium() as browser:
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                found.append(measure(browser, Path(folder)))
    print(f"{runs} runs on {machine()}\n")
    columns: dict[str, list[float]] = {
        "command to printed address": [waits.address for waits in found],
        "command to usable page": [waits.usable for waits in found],
        "Compose to first sound, page just opened": [waits.first_compose for waits in found],
        "Compose to first sound, warm": [seconds for waits in found for seconds in waits.warm_compose],
    }
    rows = [(name, f"{statistics.median(one):.2f}", f"{max(one):.2f}") for name, one in columns.items()]
    print_table(("seconds", "median", "worst"), rows)


if __name__ == "__main__":
    main()
