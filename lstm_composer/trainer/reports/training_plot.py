"""The plot of an epoch: the curves of a training up to it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from lstm_composer.runtime.music.event_encoding import HEADS
from lstm_composer.trainer.reports.plot_style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    TITLE_LENGTH,
    clipped,
    headline,
    legend,
    new_figure,
    percent,
    save,
    whole_numbers,
)

_HEAD_COLOURS = dict(zip(HEADS, (ORANGE, BLUE, GREEN, PINK), strict=True))

Row = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened after an epoch, such as "rate halved"; 0 is the start."""

    epoch: int
    label: str


def training_plot(
    rows: Sequence[Row], path: Path, *, title: str, epochs: int, marks: Sequence[Mark] = (), unit: str = "note"
) -> None:
    """Draw loss and accuracy against epochs, in training and on the pieces held out.

    Both axes stay where they are from plot to plot of one run, so that an animation of them does not jump.

    Args:
        rows: The history so far, as `RunDirectory.read_history` gives it; not empty.
        path: The PNG to write.
        title: The style; the epoch is added.
        epochs: The last epoch that is planned.
        marks: Rollbacks and changes of the learning rate.
        unit: What the loss is counted by: "note", or "token" in the article's presets.

    """
    figure = new_figure(f"{clipped(title, TITLE_LENGTH - 24)} · epoch {rows[-1]['epoch']:.0f} of {epochs}")
    loss, accuracy = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.07, right=0.975, top=0.83, bottom=0.13, wspace=0.16)
    _draw_losses(loss, rows, f"nats per {unit}")
    _draw_accuracies(accuracy, rows)
    for axes in (loss, accuracy):
        axes.set_xlim(0, epochs)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(whole_numbers(8))
        for mark in marks:
            _draw_mark(axes, mark)
        legend(axes, loc="upper right" if axes is loss else "lower right", framealpha=0.9)
    figure.text(0.5, 0.895, _newest_figures(rows[-1], unit), ha="center", fontsize=10, color=GREY)
    save(figure, path)


def _draw_losses(axes: Axes, rows: Sequence[Row], label: str) -> None:
    for name, words, colour in (("loss", "training", BLUE), ("val_loss", "held out", ORANGE)):
        if name in rows[0]:
            _curve(axes, rows, name, words, colour)
    headline(axes, "loss")
    axes.set_ylabel(label)
    known = [row[name] for row in rows for name in ("loss", "val_loss") if math.isfinite(row.get(name, math.nan))]
    axes.set_ylim(0, 1.05 * max(known, default=1.0) or 1.0)


def _draw_accuracies(axes: Axes, rows: Sequence[Row]) -> None:
    """One colour per head, training dashed; of scores, whose loudness nobody played, without the head for velocity."""
    if "accuracy" in rows[0]:
        _curve(axes, rows, "accuracy", "training", BLUE)
        if "val_accuracy" in rows[0]:
            _curve(axes, rows, "val_accuracy", "held out", ORANGE)
    for head, colour in _HEAD_COLOURS.items():
        name = f"accuracy_{head}"
        if any(row.get(name, 0.0) for row in rows):
            held_out = f"val_{name}" in rows[0]
            _curve(axes, rows, name, "" if held_out else head, colour, "--" if held_out else "-")
            if held_out:
                _curve(axes, rows, f"val_{name}", head, colour)
    headline(axes, "accuracy (dashed: in training)" if "val_accuracy_pitch" in rows[0] else "accuracy")
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(percent())


def _curve(axes: Axes, rows: Sequence[Row], name: str, label: str, colour: str, style: str = "-") -> None:
    epochs, values = [row["epoch"] for row in rows], [row.get(name, math.nan) for row in rows]
    # One point is no line: the first epoch would be invisible.
    marker = "o" if len(rows) == 1 else ""
    axes.plot(epochs, values, style, color=colour, marker=marker, label=label or "_", linewidth=1.8)


def _draw_mark(axes: Axes, mark: Mark) -> None:
    """A vertical line with its label along it."""
    axes.axvline(mark.epoch, color=GREY, linestyle=":", linewidth=1.5)
    axes.text(
        mark.epoch, 0.03, f" {clipped(mark.label, 40)}", transform=axes.get_xaxis_transform(), rotation=90,
        ha="right", va="bottom", fontsize=8, color=GREY, parse_math=False,
    )  # fmt: skip


def _newest_figures(row: Row, unit: str) -> str:
    figures = [f"training {row['loss']:.3f}"]
    if "val_loss" in row:
        figures.append(f"held out {row['val_loss']:.3f}")
    rate = f" · learning rate {row['learning_rate']:.2g}" if "learning_rate" in row else ""
    return f"{' · '.join(figures)} nats per {unit}{rate}"
