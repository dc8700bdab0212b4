"""How much memory the panel and its page take, and how fast that grows, while live music is drawn and heard for hours.

Each minute the panel's and the play's share of the memory is read (PSS: what several processes share counts in parts),
and the page's JavaScript heap and number of elements after its garbage has been collected. The growth is the slope of a
line through the points (least squares) after the first minutes, in which caches fill, with its standard error.

Run: python benchmarks/panel_memory.py [MINUTES] [TEMPO]     (Linux; needs Chromium; 480 minutes at 400 bpm by itself)
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from playwright.sync_api import CDPSession, Page

from benchmarks.common.panel_process import live_page, play
from benchmarks.common.tables import machine, print_table

MINUTES: Final = 480
TEMPO: Final = 400
WARMING_MINUTES: Final = 5
HOURS_ASKED: Final = 8
_SECONDS: Final = 60.0
_KIBIBYTE: Final = 1024
_READY: Final = "import('/page/live.js').then(({ live }) => live?.link.offset != null && live.link.snapshot != null)"
_HEAR: Final = """async () => {
    const { panel } = await import('/page/app.js');
    const { live } = await import('/page/live.js');
    await panel.sound.resume();
    live.sound.on = true;
}"""


Memory = dict[str, float]


def _share(pid: int) -> float:
    """Share of the memory that a process takes, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kibibytes = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kibibytes * _KIBIBYTE / 1e6


def _page_memory(tools: CDPSession) -> Memory:
    """The page's heap and its elements, without what nobody holds any more."""
    tools.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
    return {"the page's heap (MB)": found["JSHeapUsedSize"] / 1e6, "the page's elements": found["Nodes"]}


def _watched(page: Page, panel: int, played: int, minutes: int) -> list[Memory]:
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")
    seen = []
    began = time.monotonic()
    for minute in range(minutes + 1):
        page.wait_for_timeout(1000 * max(0.0, began + _SECONDS * minute - time.monotonic()))
        seen.append({"panel (MB)": _share(panel), "play (MB)": _share(played)} | _page_memory(tools))
        print(f"minute {minute}: {seen[-1]}", file=sys.stderr, flush=True)
    return seen


def slope(values: Sequence[float]) -> tuple[float, float]:
    """Slope of the line through values a minute apart, in units an hour, and its standard error."""
    hours = [minute / 60 for minute in range(len(values))]
    line = statistics.linear_regression(hours, values)
    middle = statistics.fmean(hours)
    off = sum((value - line.slope * hour - line.intercept) ** 2 for hour, value in zip(hours, values, strict=True))
    spread = sum((hour - middle) ** 2 for hour in hours)
    return line.slope, (off / (len(values) - 2) / spread) ** 0.5


def main() -> None:
    """Measure and print."""
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    tempo = int(sys.argv[2]) if len(sys.argv) > 2 else TEMPO
    if minutes < WARMING_MINUTES + 3:
        sys.exit(f"{minutes} minutes are too few for a slope: at least {WARMING_MINUTES + 3}")
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        with (
            play(folder, "--style", "bach", "--tempo", str(tempo), "--seed", "1") as played,
            live_page(folder) as (process, page),
        ):
            page.wait_for_function(_READY)
            page.evaluate(_HEAR)
            seen = _watched(page, process.pid, played.pid, minutes)
    print(f"bach, {tempo} bpm, {minutes} minutes, the first {WARMING_MINUTES} left out, on {machine()}\n")
    rows = []
    for name in seen[0]:
        values = [one[name] for one in seen[WARMING_MINUTES:]]
        an_hour, error = slope(values)
        rows.append((name, f"{values[0]:.1f}", f"{values[-1]:.1f}", f"{an_hour:+.2f} ± {error:.2f}"))
    print_table(("", "at first", "at last", "an hour"), rows)
    print(f"\nAsked: at most 20 MB in {HOURS_ASKED} hours, which is 2.5 MB an hour.")


if __name__ == "__main__":
    main()
