"""The picture of a corpus: how many notes sound at once, which notes, keys and meters there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from lstm_composer.trainer.reports.plot_style import (
    BLUE,
    GREEN,
    clipped,
    headline,
    name_pitches,
    new_figure,
    percent,
    save,
    whole_numbers,
)

_LABEL_LENGTH = 14


@dataclass(frozen=True, slots=True)
class CorpusCounts:
    """What a corpus is made of.

    Attributes:
        title: Of the picture: the source, its pieces, notes and hours.
        polyphony: Notes that sound at once -> ticks, or onsets, at which they do.
        pitches: MIDI note number -> notes.
        keys: Name of a key -> pieces.
        meters: Meter, such as "6/8" -> pieces.

    """

    title: str
    polyphony: Mapping[int, int]
    pitches: Mapping[int, int]
    keys: Mapping[str, int]
    meters: Mapping[str, int]


def corpus_plot(counts: CorpusCounts, path: Path) -> None:
    """Draw what a corpus is made of: how many notes sound at once, which notes, keys and meters there are.

    Args:
        counts: What was counted.
        path: The PNG to write.

    """
    figure = new_figure(counts.title)
    (polyphony, pitches), (keys, meters) = figure.subplots(2, 2)
    figure.subplots_adjust(left=0.09, right=0.985, top=0.85, bottom=0.09, wspace=0.2, hspace=0.42)
    _draw_histogram(polyphony, counts.polyphony, "notes sounding at once", width=0.8)
    polyphony.xaxis.set_major_locator(whole_numbers(12))
    _draw_histogram(pitches, counts.pitches, "notes", width=1.0)
    pitches.set_xlim(20, 109)
    if counts.pitches:
        pitches.set_xlim(min(21, *counts.pitches) - 1, max(108, *counts.pitches) + 1)
    name_pitches(pitches.xaxis)
    _draw_ranking(keys, counts.keys, "keys (pieces)")
    _draw_ranking(meters, counts.meters, "meters (pieces)")
    save(figure, path)


def _draw_histogram(axes: Axes, counts: Mapping[int, int], title: str, *, width: float) -> None:
    whole = sum(counts.values()) or 1
    axes.bar(list(counts), [count / whole for count in counts.values()], width=width, color=BLUE)
    axes.yaxis.set_major_formatter(percent())
    headline(axes, title)


def _draw_ranking(axes: Axes, counts: Mapping[str, int], title: str, most: int = 7) -> None:
    """Bars from the commonest down; what comes behind the first few is added up."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown, others = ranked[:most], ranked[most:]
    if others:
        shown.append((f"{len(others)} others", sum(count for _, count in others)))
    rows = range(len(shown))
    axes.barh(rows, [count for _, count in shown], color=GREEN)
    labels = [clipped(name, _LABEL_LENGTH) for name, _ in shown]
    axes.set_yticks(rows, labels, fontsize=8, parse_math=False)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(whole_numbers(6))
    headline(axes, title)
