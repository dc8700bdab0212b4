"""What the pictures of a training have in common: size, colours, titles, and that each appears whole or not at all.

Import this and the modules that draw only where a picture is drawn: matplotlib takes a second to load. Nothing here
touches pyplot, which keeps its figures for ever.

The colours are those of Okabe and Ito (2008), told apart by colour-blind readers too.
"""

import warnings
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from lstm_composer.runtime.music.pitches import pitch_class_names, pitch_name
from lstm_composer.trainer.runs.run_directory import write_run_file

WIDTH, HEIGHT = 960, 540
"""Of every picture, in pixels."""
_DPI = 100
BLUE, ORANGE, GREEN, PINK, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"
GREY = "#666666"
TITLE_LENGTH = 68
_PITCH_CLASSES = pitch_class_names(3, sharp="♯", flat="♭")


def new_figure(title: str) -> Figure:
    """Return an empty picture with its title."""
    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor="white")
    figure.suptitle(clipped(title, TITLE_LENGTH), fontsize=14, y=0.975, parse_math=False)
    return figure


def headline(axes: Axes, title: str) -> None:
    """Give a part of a picture its title, a faint grid and no frame."""
    axes.set_title(title, fontsize=11, loc="left")
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def legend(axes: Axes, **where: Any) -> None:
    """Add the legend, if there is anything with a name; `where` is what matplotlib's takes."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(handles, labels, fontsize=9, **where)


def clipped(text: str, most: int) -> str:
    """Return a text with its end left out where it is longer than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def whole_numbers(most: int) -> MaxNLocator:
    """Return what sets at most so many ticks, at whole numbers."""
    return MaxNLocator(most, integer=True, steps=(1, 2, 5, 10))


def percent() -> FuncFormatter:
    """Return what writes a share 0..1 as 0 % to 100 %."""
    return FuncFormatter(lambda share, _: f"{share:.0%}")


def name_pitches(axis: Axis) -> None:
    """Name every C on an axis of MIDI note numbers."""
    axis.set_major_locator(MultipleLocator(12))
    axis.set_major_formatter(FuncFormatter(lambda pitch, _: pitch_name(round(pitch), _PITCH_CLASSES)))


def save(figure: Figure, path: Path) -> None:
    """Write a picture as a PNG.

    Raises:
        MissingError: If it cannot be written.

    """
    with warnings.catch_warnings():
        # A style may be named in a script that the font does not have: it shows as boxes, which is enough said.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        write_run_file(path, lambda part: figure.savefig(part, dpi=_DPI))
