"""An excerpt as a piano roll."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.reports.plot_style import GREY, name_pitches, new_figure, save


def piano_roll(notes: Sequence[Note], path: Path, *, bars: int, meter: Meter, title: str) -> None:
    """Draw an excerpt as a piano roll: time to the right in bars, pitch upwards, loudness as colour.

    Args:
        notes: In ticks from bar 1; those beyond the last bar are left out. May be empty.
        path: The PNG to write.
        bars: Bars to show, 1 or more.
        meter: Of all of them.
        title: Of the picture.

    """
    figure = new_figure(title)
    axes = figure.subplots()
    figure.subplots_adjust(left=0.06, right=0.95, top=0.89, bottom=0.1)
    end = bars * meter.ticks_per_bar
    shown = [note for note in notes if note.onset < end]
    loudness = ScalarMappable(Normalize(1, 127), "viridis_r")
    axes.barh(
        [note.pitch for note in shown],
        [min(note.end, end) - note.onset for note in shown],
        left=[note.onset for note in shown],
        height=0.85,
        color=loudness.to_rgba(np.array([note.velocity for note in shown], float)),
        edgecolor="white",
        linewidth=0.4,
    )
    figure.colorbar(loudness, ax=axes, label="velocity", pad=0.015, fraction=0.06)
    _rule_bars(axes, bars, meter)
    _rule_pitches(axes, [note.pitch for note in shown] or [60])
    save(figure, path)


def _rule_bars(axes: Axes, bars: int, meter: Meter) -> None:
    """Strong lines at the bars, which are counted from 1, faint ones at the beats."""
    bar, beat = meter.ticks_per_bar, meter.ticks_per_beat
    axes.set_xlim(0, bars * bar)
    named = range(0, bars, -(-bars // 24))
    axes.set_xticks([index * bar for index in named], [str(index + 1) for index in named])
    axes.vlines([index * bar for index in range(bars + 1)], -1, 128, color=GREY, linewidth=0.9, zorder=0)
    if bars <= 32:
        beats = [tick for index in range(bars) for tick in range(index * bar + beat, (index + 1) * bar, beat)]
        axes.vlines(beats, -1, 128, color="#dddddd", linewidth=0.6, zorder=0)
    axes.set_xlabel(f"bar ({meter})")


def _rule_pitches(axes: Axes, pitches: Sequence[int]) -> None:
    """Every C has its name, and at least an octave and a half is shown."""
    low, high = min(pitches), max(pitches)
    spare = max(2, (18 - (high - low)) // 2)
    axes.set_ylim(low - spare, high + spare)
    name_pitches(axes.yaxis)
    axes.grid(axis="y", color="#cccccc", linewidth=0.6)
    axes.set_axisbelow(True)
