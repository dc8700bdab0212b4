"""The screen of `lstm-composer monitor`, from a snapshot. Pure.

Names are others' words (of styles, ports, knobs): they are made visible, and never read as Rich's markup.
"""

from typing import Final

from rich.console import RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from lstm_composer.runtime.monitor.piano_roll import roll
from lstm_composer.runtime.monitor.snapshot import Control, LatenessHistogram, Snapshot
from lstm_composer.runtime.system.visible_text import visible

SOURCES: Final = {"internal": "own tempo", "midi": "MIDI clock", "link": "Ableton Link"}
PHRASE_BARS: Final = 8
"""Bars that the bar grid shows in a row."""
MOST_BEATS: Final = 64
"""More of a bar than any terminal shows."""
TIME_LINES: Final = 4
LOWER_LINES: Final = 11
"""Height of the panels below the roll."""
SMALLEST_WITH_ALL: Final = 22
"""Height of a terminal below which the panels under the roll are left out."""
LATENESS_WIDTH: Final = 28
CONTROL_WIDTH: Final = 24
_LONGEST_BAR: Final = 8


def view(snapshot: Snapshot, width: int, height: int) -> RenderableType:
    """Draw what a play is doing.

    Args:
        snapshot: What it is doing.
        width: Of the terminal, in characters, 40 or more for all to be seen.
        height: Of the terminal, in lines, 10 or more; below `SMALLEST_WITH_ALL` only time and notes are shown.

    """
    lower = LOWER_LINES if height >= SMALLEST_WITH_ALL else 0
    lines = max(2, height - TIME_LINES - lower - 2)
    parts = [
        Layout(_time_panel(snapshot, width), size=TIME_LINES),
        Layout(Panel(roll(snapshot, max(20, width - 4), lines), title="notes", title_align="left")),
    ]
    if lower:
        parts.append(Layout(_lower(snapshot, width), size=lower))
    layout = Layout()
    layout.split_column(*parts)
    return layout


def _time_panel(snapshot: Snapshot, width: int) -> Panel:
    time = snapshot.time
    state = "count-in" if time.running and time.bar == 0 else "playing" if time.running else "stopped"
    first = Text(no_wrap=True, overflow="ellipsis")
    first.append(f"{'▶' if time.running else '■'} {state}  ", "bold green" if time.running else "bold red")
    first.append(f"{time.bar}:{time.beat}", "bold")
    first.append(f"  {time.tempo_bpm:.1f} bpm {visible(snapshot.meter)}  {SOURCES[time.source]}  ")
    first.append(visible(snapshot.style), "bold")
    first.append(f"  seed {snapshot.seed}")
    first.append("\n")
    first.append_text(_bar_grid(snapshot))
    ahead = snapshot.ahead_ticks / snapshot.ticks_per_bar
    first.append(f"  {len(snapshot.sounding)} sounding  {ahead:.1f} bars ahead")
    if snapshot.rests:
        first.append(f"  the engine was late or failed {snapshot.rests}x", "bold red")
    title = f"{visible(snapshot.port)} (process {snapshot.pid})"
    return Panel(first, title=Text(title[: max(1, width - 8)]), title_align="left")


def _bar_grid(snapshot: Snapshot) -> Text:
    """Eight bars, the present one with its beats: `9 10 [●●○○] 12 ...`."""
    beats = min(MOST_BEATS, max(1, snapshot.ticks_per_bar // snapshot.ticks_per_beat))
    time = snapshot.time
    bar = max(1, time.bar)
    first = (bar - 1) // PHRASE_BARS * PHRASE_BARS + 1
    text = Text()
    for number in range(first, first + PHRASE_BARS):
        if number == time.bar:
            passed = max(0, min(time.beat, beats))
            text.append(f"[{'●' * passed}{'○' * (beats - passed)}] ", "bold yellow")
        else:
            text.append(f"{number} ", "bright_black")
    return text


def _lower(snapshot: Snapshot, width: int) -> Layout:
    lateness = Layout(Panel(_lateness(snapshot), title="lateness", title_align="left"), size=LATENESS_WIDTH)
    columns = max(1, (width - LATENESS_WIDTH - 4) // CONTROL_WIDTH)
    controls = Layout(Panel(_controls(snapshot.controls, columns), title="controls", title_align="left"))
    layout = Layout()
    layout.split_row(controls, lateness)
    return layout


def _controls(controls: tuple[Control, ...], columns: int) -> RenderableType:
    if not controls:
        return Text("This style has no knobs.")
    table = Table.grid(expand=True, padding=(0, 1))
    for _ in range(columns):
        table.add_column(no_wrap=True, ratio=1)
    rows = -(-len(controls) // columns)
    for row in range(rows):
        table.add_row(*(_control(control) for control in controls[row::rows]))
    return table


def _control(control: Control) -> Text:
    text = Text(f"{visible(control.name)} ", no_wrap=True, overflow="ellipsis")
    text.append(visible(control.value), "bold")
    if control.controllers:
        text.append(f" CC {', '.join(map(str, control.controllers))}", "bright_black")
    return text


def _lateness(snapshot: Snapshot) -> Text:
    lateness = snapshot.lateness
    most = max(*lateness.counts, 1)
    text = Text(no_wrap=True, overflow="crop")
    for name, count in zip(_class_names(lateness), lateness.counts, strict=True):
        # What is there at all is seen, however few.
        bar = "█" * max(count > 0, round(count / most * _LONGEST_BAR))
        text.append(f"{name:>5} ms ").append(bar, "green").append(f" {count}\n")
    text.append(f"{snapshot.notes} notes, {snapshot.late_notes} late\n")
    return text.append(f"{snapshot.missed_notes} missed, worst {lateness.worst_ms:.1f} ms")


def _class_names(lateness: LatenessHistogram) -> list[str]:
    return [*(f"≤{limit:g}" for limit in lateness.limits_ms), f">{lateness.limits_ms[-1]:g}"]
