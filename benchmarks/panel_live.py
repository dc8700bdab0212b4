"""Live in the panel: when the page sounds a note and when the port sends it, how soon a knob is heard, frames a second.

`play` is a process of its own and logs when each message was due and sent. The page notes for which time of its sound's
clock it gives each note to its piano; that time is brought to the play's clock by all that was seen of the two clocks
in the whole run, and not by what the page knew when it gave the note. The lateness of `play` is measured without a
panel first, then with a page that draws and sounds all of it.

Run: python benchmarks/panel_live.py [NOTES]     (needs Chromium; about four minutes for 1000 notes)
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from benchmarks.common.panel_process import live_page, play
from benchmarks.common.tables import machine, percentile, print_table

TEMPO: Final = 240
KNOB_TEMPO: Final = 120
VOICES: Final = ",".join(f"bach@{channel}" for channel in range(1, 17))
FRAMES_SECONDS: Final = 15
TURNS: Final = 12
SILENT_SECONDS: Final = 60.0
NEAR_SECONDS: Final = 3.0
"""The two clocks are compared by what was seen of them within so long."""
_LISTEN: Final = """async () => {
    const { panel } = await import('/page/app.js');
    const { live } = await import('/page/live.js');
    await panel.sound.resume();
    window.given = [];
    window.sights = [];
    live.sound.given = (note, audio) => window.given.push([note.tick, note.note, note.channel, audio]);
    setInterval(() => {
        const { contextTime, performanceTime } = panel.sound.analyser.context.getOutputTimestamp();
        window.sights.push([performanceTime / 1000, contextTime]);
    }, 20);
    await new Promise((resolve) => setTimeout(resolve, 2000)); // a browser that begins to sound finds its pace
    live.sound.on = true;
}"""
_TOLD: Final = """async () => {
    const { live } = await import('/page/live.js');
    return { given: window.given, sights: window.sights, offset: live.link.offset };
}"""
_READY: Final = "import('/page/live.js').then(({ live }) => live?.link.offset != null && live.link.snapshot != null)"
_FRAMES: Final = "import('/page/live.js').then(({ live }) => live.roll.frames)"
_NOW: Final = "import('/page/live.js').then(({ live }) => live.link.now)"

Log = list[dict[str, float]]
Place = tuple[float, float, float]


@contextmanager
def _playing(folder: Path, name: str, *who: str, tempo: int = TEMPO) -> Iterator[Path]:
    """Play into nowhere, with a log of what is sent."""
    events = folder / f"{name}.jsonl"
    with play(folder, *who, "--tempo", str(tempo), "--seed", "1", "--events", str(events)):
        yield events


def _note_ons(events: Path) -> Log:
    lines = events.read_text().splitlines() if events.exists() else []
    return [one for one in map(json.loads, lines[:-1]) if one["kind"] == "note_on"]


def _wait_for_notes(events: Path, count: int) -> None:
    seen, since = -1, time.monotonic()
    while (now := len(_note_ons(events))) < count:
        if now > seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() > since + SILENT_SECONDS:
            sys.exit(f"play sends nothing any more after {now} notes")
        time.sleep(0.5)


def _lateness(log: Log) -> list[float]:
    return [1000 * (one["sent"] - one["due"]) for one in log]


def _apart(told: dict[str, list[Sequence[float]]], offset: float, log: Log) -> list[float]:
    """Milliseconds between when a note sounds in the page and when it was sent, for each note that did both."""
    sent = {(one["tick"], one["note"], one["channel"]): one["sent"] for one in log}
    sights = told["sights"]
    apart = []
    for tick, note, channel, audio in told["given"]:
        near = [clock - page for page, clock in sights if abs(clock - audio) < NEAR_SECONDS]
        place: Place = (tick, note, channel)
        if near and place in sent:
            apart.append(1000 * (audio - statistics.median(near) + offset - sent[place]))
    return apart


def _turned(page: Page, events: Path) -> list[float]:
    """Beats from turning a knob to the first note that was sent otherwise."""
    page.get_by_role("slider", name="Velocity range", exact=True).fill("0")  # all notes alike: what was turned is seen
    beats = []
    for velocity in range(100, 100 + TURNS):
        at = float(page.evaluate(_NOW))
        page.get_by_role("slider", name="Velocity", exact=True).fill(str(velocity))
        page.wait_for_timeout(2000)
        first = next(one for one in _note_ons(events) if one["sent"] > at and one["velocity"] == velocity)
        beats.append((first["sent"] - at) * KNOB_TEMPO / 60)
    return beats


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rows: list[tuple[str, str, str]] = []

    def tell(name: str, values: Sequence[float], unit: str) -> None:
        rows.append((f"{name} ({unit})", f"{percentile(values, 0.5):.2f}", f"{percentile(values, 0.99):.2f}"))

    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        for name, who in (("one voice", ("--style", "bach")), ("16 voices", ("--voices", VOICES))):
            with _playing(folder, f"{name} alone", *who) as events:
                _wait_for_notes(events, count)
                tell(f"{name}, no panel: note sent after its time", _lateness(_note_ons(events)), "ms")
            with _playing(folder, name, *who) as events, live_page(folder) as (_, page):
                page.wait_for_function(_READY)
                page.evaluate(_LISTEN)
                began, frames = time.monotonic(), int(page.evaluate(_FRAMES))
                before = len(_note_ons(events))
                page.wait_for_timeout(1000 * FRAMES_SECONDS)
                rate = (int(page.evaluate(_FRAMES)) - frames) / (time.monotonic() - began)
                _wait_for_notes(events, before + count)
                told = page.evaluate(_TOLD)
                log = _note_ons(events)
                tell(f"{name}, a page: note sent after its time", _lateness(log[before:]), "ms")
                apart = _apart(told, told["offset"], log)
                tell(f"{name}: page after port, {len(apart)} notes", apart, "ms")
                tell(f"{name}: page and port apart", [abs(one) for one in apart], "ms")
                rows.append((f"{name}: frames a second", f"{rate:.0f}", ""))
        with _playing(folder, "knob", "--style", "bach", tempo=KNOB_TEMPO) as events, live_page(folder) as (_, page):
            page.wait_for_function(_READY)
            tell(
                f"knob turned in the page to note sent, {KNOB_TEMPO} bpm, {TURNS} turns", _turned(page, events), "beats"
            )
    print(f"bach, {TEMPO} bpm, on {machine()}\n")
    print_table(("", "median", "99 % or worst"), rows)


if __name__ == "__main__":
    main()
