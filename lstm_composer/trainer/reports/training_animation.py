"""The animation of a training: the plots of its epochs, one after another."""

import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from lstm_composer.runtime.system.foreign_files import MEBIBYTE, read_foreign
from lstm_composer.trainer.reports.plot_style import HEIGHT, WIDTH
from lstm_composer.trainer.runs.run_directory import write_run_file

GIF_FRAMES = 60
"""Most frames of an animation; of more plots some are left out, evenly."""
GIF_COLOURS = 64
FRAME_SECONDS, LAST_SECONDS = 0.25, 3.0
_MOST_PLOT_BYTES, _MOST_PIXELS = 16 * MEBIBYTE, 4 * WIDTH * HEIGHT
"""Of a plot in a run's folder; ours have 60 KiB."""


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
