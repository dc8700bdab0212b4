"""A piano roll in characters: time to the right, pitch upward, two rows of notes in a line of text."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rich.text import Text

from lstm_composer.runtime.monitor.snapshot import RollNote, Snapshot
from lstm_composer.runtime.music.pitches import pitch_name

TICKS_A_COLUMN: Final = (3, 6, 12, 24, 48)
"""A sixteenth (6), half of one on a wide terminal, or more where it is narrow."""
BARS_BEFORE, BARS_AFTER = 2, 2
"""Bars before the present one, always shown, and after it, as far as they fit; one at least."""
LABEL_WIDTH: Final = 4
FEWEST_PITCHES: Final = 24
PAST, SOUNDING, COMING = "bright_black", "bold yellow", "cyan"
NOW, BAR_LINE = "bold red", "bright_black"

Cell = tuple[str, str]
"""A character and its style."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What part of the music is shown, and how large.

    Attributes:
        first_tick: At the left edge: a bar line, or in the first bars a negative position.
        column_ticks: Ticks in a column.
        columns: How many.
        top_pitch: Highest pitch.
        row_pitches: Pitches in a row; a line of text has two rows.
        lines: Lines of text.

    """

    first_tick: int
    column_ticks: int
    columns: int
    top_pitch: int
    row_pitches: int
    lines: int

    def column(self, tick: int) -> int:
        """Return the column of a position; it may lie outside."""
        return (tick - self.first_tick) // self.column_ticks

    def row(self, pitch: int) -> int:
        """Return the row of a pitch, the highest being 0."""
        return (self.top_pitch - pitch) // self.row_pitches


def grid_for(snapshot: Snapshot, width: int, lines: int) -> Grid:
    """Choose the part that fits into so many characters and lines, labels left out."""
    bar_ticks = snapshot.ticks_per_bar
    needed = (BARS_BEFORE + 2) * bar_ticks
    ticks = next((ticks for ticks in TICKS_A_COLUMN if needed <= ticks * width), -(-needed // max(1, width)))
    bars = min(BARS_BEFORE + 1 + BARS_AFTER, ticks * width // bar_ticks)
    first = (snapshot.time.tick // bar_ticks - BARS_BEFORE) * bar_ticks
    pitches = [note.pitch for note in (*snapshot.past, *snapshot.sounding, *snapshot.coming)]
    low, high = min(pitches, default=48), max(pitches, default=72)
    low = max(0, min(low // 6 * 6, (low + high - FEWEST_PITCHES) // 12 * 6))  # in steps, so that it does not tremble
    high = min(127, max(-(-(high + 1) // 6) * 6, low + FEWEST_PITCHES) - 1)
    row_pitches = -(-(high - low + 1) // max(1, 2 * lines))
    return Grid(first, ticks, min(width, -(-bars * bar_ticks // ticks)), high, row_pitches, lines)


def roll(snapshot: Snapshot, width: int, lines: int) -> Text:
    """Draw the notes, the bar lines, the present position, and names of pitches at the left.

    Args:
        snapshot: What plays.
        width: Characters in a line, 20 or more.
        lines: Lines, 2 or more; the lowest one counts the bars.

    """
    grid = grid_for(snapshot, width - LABEL_WIDTH, lines - 1)
    filled = _filled(snapshot, grid)
    text = Text(no_wrap=True, overflow="crop")
    for line in range(grid.lines):
        text.append(_label(grid, line).rjust(LABEL_WIDTH - 1) + " ", "bright_black")
        cells = (_cell(filled, grid, snapshot, column, line) for column in range(grid.columns))
        for style, run in groupby(cells, key=lambda cell: cell[1]):
            text.append("".join(character for character, _ in run), style)
        text.append("\n")
    text.append(" " * LABEL_WIDTH + _bar_numbers(grid, snapshot.ticks_per_bar), "bright_black")
    return text


def _filled(snapshot: Snapshot, grid: Grid) -> dict[tuple[int, int], str]:
    """Colours by row and column; what sounds lies above what is past or coming."""
    filled: dict[tuple[int, int], str] = {}
    for notes, colour in ((snapshot.past, PAST), (snapshot.coming, COMING), (snapshot.sounding, SOUNDING)):
        for row, column in _places(notes, grid):
            filled[row, column] = colour
    return filled


def _places(notes: Iterable[RollNote], grid: Grid) -> Iterator[tuple[int, int]]:
    for note in notes:
        first = grid.column(note.onset)
        last = max(first, grid.column(note.onset + note.duration - 1))
        for column in range(max(0, first), min(grid.columns, last + 1)):
            yield grid.row(note.pitch), column


def _cell(filled: dict[tuple[int, int], str], grid: Grid, snapshot: Snapshot, column: int, line: int) -> Cell:
    upper, lower = filled.get((2 * line, column)), filled.get((2 * line + 1, column))
    if upper and lower:
        return ("█", upper) if upper == lower else ("▀", f"{upper} on {lower.removeprefix('bold ')}")
    if upper or lower:
        return ("▀", upper) if upper else ("▄", lower or "")
    if column == grid.column(snapshot.time.tick):
        return "┃", NOW
    return _empty(grid, snapshot, column)


def _empty(grid: Grid, snapshot: Snapshot, column: int) -> Cell:
    tick = grid.first_tick + column * grid.column_ticks
    begins: Callable[[int], bool] = lambda length: -tick % length < grid.column_ticks  # noqa: E731 - one line says it
    if begins(snapshot.ticks_per_bar):
        return "│", BAR_LINE
    return ("·" if begins(snapshot.ticks_per_beat) else " "), BAR_LINE


def _label(grid: Grid, line: int) -> str:
    """Name the C's that lie in a line of text."""
    high = grid.top_pitch - 2 * line * grid.row_pitches
    within = range(max(0, high - 2 * grid.row_pitches + 1), high + 1)
    return next((pitch_name(pitch) for pitch in within if pitch % 12 == 0), "")


def _bar_numbers(grid: Grid, bar_ticks: int) -> str:
    line = [" "] * grid.columns
    for bar in range(-(-grid.first_tick // bar_ticks), grid.first_tick // bar_ticks + BARS_BEFORE + BARS_AFTER + 2):
        number, column = str(bar + 1), grid.column(bar * bar_ticks)
        if bar >= 0 and column + len(number) <= grid.columns:
            line[column : column + len(number)] = number
    return "".join(line)
