"""The picture of the choice of an epoch: training and held-out loss, and the gates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from lstm_composer.trainer.reports.plot_style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    headline,
    legend,
    new_figure,
    percent,
    save,
    whole_numbers,
)


@dataclass(frozen=True, slots=True)
class GateShares:
    """How the excerpts of one checkpoint did.

    Attributes:
        epoch: The checkpoint.
        loop: Share of its excerpts that pass the loop gate, 0..1.
        copy: Share of its excerpts that pass the copy gate, 0..1.
        passed: Whether the checkpoint as a whole passes both.

    """

    epoch: int
    loop: float
    copy: float
    passed: bool


@dataclass(frozen=True, slots=True)
class AdviceCurves:
    """What the choice of an epoch is seen from.

    Attributes:
        title: Of the picture: the style, and what was chosen.
        training: (epoch, nats a note) on the training pieces.
        held_out: The same on the pieces held out; may be empty.
        gates: One for each checkpoint, epochs rising.
        chosen: The epoch that is advised, None if none passes.
        flattening: The epoch that the article's method takes, None if not known.

    """

    title: str
    training: Sequence[tuple[int, float]]
    held_out: Sequence[tuple[int, float]]
    gates: Sequence[GateShares]
    chosen: int | None = None
    flattening: int | None = None


def advice_plot(curves: AdviceCurves, path: Path) -> None:
    """Draw the three curves from which an epoch is chosen: training and held-out loss, and the gates.

    Args:
        curves: What was measured.
        path: The PNG to write.

    """
    figure = new_figure(curves.title)
    loss, gates = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 2)})
    figure.subplots_adjust(left=0.08, right=0.79, top=0.86, bottom=0.11, hspace=0.2)
    _draw_nll(loss, curves)
    _draw_gates(gates, curves.gates)
    gates.set_xlabel("epoch")
    gates.xaxis.set_major_locator(whole_numbers(12))
    gates.set_xlim(left=0)
    for axes in (loss, gates):
        _draw_choices(axes, curves)
        legend(axes, loc="upper left", bbox_to_anchor=(1.01, 1.03), frameon=False)
    save(figure, path)


def _draw_nll(axes: Axes, curves: AdviceCurves) -> None:
    """The loss from the first checkpoint on: beside the first epochs' fall, what matters would be flat."""
    for points, label, colour in ((curves.training, "training", BLUE), (curves.held_out, "held out", ORANGE)):
        if points:
            marker = "o" if len(points) == 1 else ""
            axes.plot(*zip(*points, strict=True), color=colour, label=label, linewidth=1.8, marker=marker)
    first = curves.gates[0].epoch if curves.gates else 0
    shown = [nll for epoch, nll in (*curves.training, *curves.held_out) if epoch >= first and math.isfinite(nll)]
    if shown:
        spare = 0.08 * (max(shown) - min(shown)) or 0.1
        axes.set_ylim(min(shown) - spare, max(shown) + spare)
    headline(axes, "nats per note")


def _draw_gates(axes: Axes, gates: Sequence[GateShares]) -> None:
    epochs = [gate.epoch for gate in gates]
    axes.plot(epochs, [gate.loop for gate in gates], "-o", color=GREEN, label="do not loop", markersize=4)
    axes.plot(epochs, [gate.copy for gate in gates], "--s", color=PINK, label="do not copy", markersize=4)
    failed = [gate.epoch for gate in gates if not gate.passed]
    if failed:
        # Above the curves, not on them: 100 % is where good checkpoints lie.
        axes.plot(failed, [1.12] * len(failed), "x", color=BLACK, label="checkpoint fails", markersize=6)
    headline(axes, "excerpts that pass the gates")
    axes.set_ylim(0, 1.2)
    axes.set_yticks((0, 0.25, 0.5, 0.75, 1))
    axes.yaxis.set_major_formatter(percent())


def _draw_choices(axes: Axes, curves: AdviceCurves) -> None:
    if curves.chosen is not None:
        axes.axvline(curves.chosen, color=BLACK, linewidth=2, label=f"advised: epoch {curves.chosen}")
    if curves.flattening is not None:
        label = f"curves flatten: {curves.flattening}"
        axes.axvline(curves.flattening, color=GREY, linestyle=":", linewidth=2, label=label)
