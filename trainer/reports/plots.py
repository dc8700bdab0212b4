"""The pictures of a training: its curves, the choice of an epoch, the corpus, an excerpt as a piano roll.

Every picture is a PNG of WIDTH x HEIGHT pixels that appears whole or not at all. Import this module only where a
picture is drawn: matplotlib takes a second to load. Nothing here touches pyplot, which keeps its figures for ever.

The colours are those of Okabe and Ito (2008), told apart by colour-blind readers too.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator
from PIL import Image

from runtime.music.event_encoding import HEADS
from runtime.music.notes import Meter, Note
from runtime.music.pitches import pitch_class_names, pitch_name
from runtime.system.foreign_files import MEBIBYTE, read_foreign
from trainer.runs.run_directory import write_run_file

WIDTH, HEIGHT = 960, 540
_DPI = 100
BLUE, ORANGE, GREEN, PINK, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"
GREY = "#666666"
_HEAD_COLOURS = dict(zip(HEADS, (ORANGE, BLUE, GREEN, PINK), strict=True))
_TITLE_LENGTH = 68
_LABEL_LENGTH = 14
_NAMES = pitch_class_names(3, sharp="♯", flat="♭")

GIF_FRAMES = 60
"""Most frames of an animation; of more plots some are left out, evenly."""
GIF_COLOURS = 64
FRAME_SECONDS, LAST_SECONDS = 0.25, 3.0
_MOST_PLOT_BYTES, _MOST_PIXELS = 16 * MEBIBYTE, 4 * WIDTH * HEIGHT
"""Of a plot in a run's folder; ours have 60 KiB."""

Row = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened after an epoch, such as "rate halved"; 0 is the start."""

    epoch: int
    label: str


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
    figure = _figure(f"{_shortened(title, _TITLE_LENGTH - 24)} · epoch {rows[-1]['epoch']:.0f} of {epochs}")
    loss, accuracy = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.07, right=0.975, top=0.83, bottom=0.13, wspace=0.16)
    _draw_losses(loss, rows, f"nats per {unit}")
    _draw_accuracies(accuracy, rows)
    for axes in (loss, accuracy):
        axes.set_xlim(0, epochs)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(_whole_numbers(8))
        for mark in marks:
            _draw_mark(axes, mark)
        _legend(axes, loc="upper right" if axes is loss else "lower right", framealpha=0.9)
    figure.text(0.5, 0.895, _newest_figures(rows[-1], unit), ha="center", fontsize=10, color=GREY)
    _save(figure, path)


def _draw_losses(axes: Axes, rows: Sequence[Row], label: str) -> None:
    for name, words, colour in (("loss", "training", BLUE), ("val_loss", "held out", ORANGE)):
        if name in rows[0]:
            _curve(axes, rows, name, words, colour)
    _headline(axes, "loss")
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
    _headline(axes, "accuracy (dashed: in training)" if "val_accuracy_pitch" in rows[0] else "accuracy")
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(_percent())


def _curve(axes: Axes, rows: Sequence[Row], name: str, label: str, colour: str, style: str = "-") -> None:
    epochs, values = [row["epoch"] for row in rows], [row.get(name, math.nan) for row in rows]
    # One point is no line: the first epoch would be invisible.
    marker = "o" if len(rows) == 1 else ""
    axes.plot(epochs, values, style, color=colour, marker=marker, label=label or "_", linewidth=1.8)


def _draw_mark(axes: Axes, mark: Mark) -> None:
    """A vertical line with its label along it."""
    axes.axvline(mark.epoch, color=GREY, linestyle=":", linewidth=1.5)
    axes.text(
        mark.epoch, 0.03, f" {_shortened(mark.label, 40)}", transform=axes.get_xaxis_transform(), rotation=90,
        ha="right", va="bottom", fontsize=8, color=GREY, parse_math=False,
    )  # fmt: skip


def _newest_figures(row: Row, unit: str) -> str:
    figures = [f"training {row['loss']:.3f}"]
    if "val_loss" in row:
        figures.append(f"held out {row['val_loss']:.3f}")
    rate = f" · learning rate {row['learning_rate']:.2g}" if "learning_rate" in row else ""
    return f"{' · '.join(figures)} nats per {unit}{rate}"


def training_gif(plots: Sequence[Path], path: Path) -> None:
    """Make one animated GIF of the plots of a training, in their order; it runs for ever and rests on the last one.

    Args:
        plots: PNG files; not empty. Of more than GIF_FRAMES some are left out, never the first or the last.
        path: The GIF to write.

    Raises:
        ValueError: If there is no plot, or none that is a picture.

    """
    frames = [frame for plot in _spread(plots, GIF_FRAMES) if (frame := _frame(plot))]
    if not frames:
        raise ValueError("an animation needs at least one plot")
    durations = [*[round(1000 * FRAME_SECONDS)] * (len(frames) - 1), round(1000 * LAST_SECONDS)]

    def write(part: Path) -> None:
        first, *others = frames
        first.save(part, save_all=True, append_images=others, duration=durations, loop=0, optimize=True)

    write_run_file(path, write)


def _frame(plot: Path) -> Image.Image | None:
    """A plot as a frame; None if it is no picture any more, without which an animation does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # it is not unpacked, see below
            picture = Image.open(BytesIO(read_foreign(plot, _MOST_PLOT_BYTES)), formats=["PNG"])
        if picture.width * picture.height > _MOST_PIXELS:
            return None
        frame = picture.convert("RGB")
    except Exception:  # noqa: BLE001 - Pillow raises a dozen kinds on damage
        return None
    if frame.size != (WIDTH, HEIGHT):
        frame = frame.resize((WIDTH, HEIGHT))
    # Without dithering: a flat background stays flat, and the file small.
    return frame.quantize(GIF_COLOURS, dither=Image.Dither.NONE)


def _spread(plots: Sequence[Path], most: int) -> list[Path]:
    """At most `most` (2 or more) of the plots, evenly, with the first and the last."""
    if len(plots) <= most:
        return list(plots)
    return [plots[round(index * (len(plots) - 1) / (most - 1))] for index in range(most)]


def advice_plot(curves: AdviceCurves, path: Path) -> None:
    """Draw the three curves from which an epoch is chosen: training and held-out loss, and the gates.

    Args:
        curves: What was measured.
        path: The PNG to write.

    """
    figure = _figure(curves.title)
    loss, gates = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 2)})
    figure.subplots_adjust(left=0.08, right=0.79, top=0.86, bottom=0.11, hspace=0.2)
    _draw_nll(loss, curves)
    _draw_gates(gates, curves.gates)
    gates.set_xlabel("epoch")
    gates.xaxis.set_major_locator(_whole_numbers(12))
    gates.set_xlim(left=0)
    for axes in (loss, gates):
        _draw_choices(axes, curves)
        _legend(axes, loc="upper left", bbox_to_anchor=(1.01, 1.03), frameon=False)
    _save(figure, path)


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
    _headline(axes, "nats per note")


def _draw_gates(axes: Axes, gates: Sequence[GateShares]) -> None:
    epochs = [gate.epoch for gate in gates]
    axes.plot(epochs, [gate.loop for gate in gates], "-o", color=GREEN, label="do not loop", markersize=4)
    axes.plot(epochs, [gate.copy for gate in gates], "--s", color=PINK, label="do not copy", markersize=4)
    failed = [gate.epoch for gate in gates if not gate.passed]
    if failed:
        # Above the curves, not on them: 100 % is where good checkpoints lie.
        axes.plot(failed, [1.12] * len(failed), "x", color=BLACK, label="checkpoint fails", markersize=6)
    _headline(axes, "excerpts that pass the gates")
    axes.set_ylim(0, 1.2)
    axes.set_yticks((0, 0.25, 0.5, 0.75, 1))
    axes.yaxis.set_major_formatter(_percent())


def _draw_choices(axes: Axes, curves: AdviceCurves) -> None:
    if curves.chosen is not None:
        axes.axvline(curves.chosen, color=BLACK, linewidth=2, label=f"advised: epoch {curves.chosen}")
    if curves.flattening is not None:
        label = f"curves flatten: {curves.flattening}"
        axes.axvline(curves.flattening, color=GREY, linestyle=":", linewidth=2, label=label)


def corpus_plot(counts: CorpusCounts, path: Path) -> None:
    """Draw what a corpus is made of: how many notes sound at once, which notes, keys and meters there are.

    Args:
        counts: What was counted.
        path: The PNG to write.

    """
    figure = _figure(counts.title)
    (polyphony, pitches), (keys, meters) = figure.subplots(2, 2)
    figure.subplots_adjust(left=0.09, right=0.985, top=0.85, bottom=0.09, wspace=0.2, hspace=0.42)
    _draw_histogram(polyphony, counts.polyphony, "notes sounding at once", width=0.8)
    polyphony.xaxis.set_major_locator(_whole_numbers(12))
    _draw_histogram(pitches, counts.pitches, "notes", width=1.0)
    pitches.set_xlim(20, 109)
    if counts.pitches:
        pitches.set_xlim(min(21, *counts.pitches) - 1, max(108, *counts.pitches) + 1)
    pitches.xaxis.set_major_locator(MultipleLocator(12))
    pitches.xaxis.set_major_formatter(FuncFormatter(lambda pitch, _: pitch_name(round(pitch), _NAMES)))
    _draw_ranking(keys, counts.keys, "keys (pieces)")
    _draw_ranking(meters, counts.meters, "meters (pieces)")
    _save(figure, path)


def _draw_histogram(axes: Axes, counts: Mapping[int, int], title: str, *, width: float) -> None:
    whole = sum(counts.values()) or 1
    axes.bar(list(counts), [count / whole for count in counts.values()], width=width, color=BLUE)
    axes.yaxis.set_major_formatter(_percent())
    _headline(axes, title)


def _draw_ranking(axes: Axes, counts: Mapping[str, int], title: str, most: int = 7) -> None:
    """Bars from the commonest down; what comes behind the first few is added up."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown, others = ranked[:most], ranked[most:]
    if others:
        shown.append((f"{len(others)} others", sum(count for _, count in others)))
    rows = range(len(shown))
    axes.barh(rows, [count for _, count in shown], color=GREEN)
    labels = [_shortened(name, _LABEL_LENGTH) for name, _ in shown]
    axes.set_yticks(rows, labels, fontsize=8, parse_math=False)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(_whole_numbers(6))
    _headline(axes, title)


def piano_roll(notes: Sequence[Note], path: Path, *, bars: int, meter: Meter, title: str) -> None:
    """Draw an excerpt as a piano roll: time to the right in bars, pitch upwards, loudness as colour.

    Args:
        notes: In ticks from bar 1; those beyond the last bar are left out. May be empty.
        path: The PNG to write.
        bars: Bars to show, 1 or more.
        meter: Of all of them.
        title: Of the picture.

    """
    figure = _figure(title)
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
    _save(figure, path)


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
    axes.yaxis.set_major_locator(MultipleLocator(12))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda pitch, _: pitch_name(round(pitch), _NAMES)))
    axes.grid(axis="y", color="#cccccc", linewidth=0.6)
    axes.set_axisbelow(True)


def _whole_numbers(most: int) -> MaxNLocator:
    return MaxNLocator(most, integer=True, steps=(1, 2, 5, 10))


def _percent() -> FuncFormatter:
    return FuncFormatter(lambda share, _: f"{share:.0%}")


def _figure(title: str) -> Figure:
    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor="white")
    figure.suptitle(_shortened(title, _TITLE_LENGTH), fontsize=14, y=0.975, parse_math=False)
    return figure


def _headline(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=11, loc="left")
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(axes: Axes, **where: Any) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(handles, labels, fontsize=9, **where)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _save(figure: Figure, path: Path) -> None:
    with warnings.catch_warnings():
        # A style may be named in a script that the font does not have: it shows as boxes, which is enough said.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        write_run_file(path, lambda part: figure.savefig(part, dpi=_DPI))
