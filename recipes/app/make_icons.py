"""Make the app's icons of the panel's: icon.png, icon.ico (Windows) and icon.icns (macOS), which are committed.

    python recipes/app/make_icons.py

Needs the extra `score` and the system's library cairo.
"""

import io
from pathlib import Path
from typing import Final

import cairosvg
from PIL import Image

HERE: Final = Path(__file__).resolve().parent
SOURCE: Final = HERE.parents[1] / "lstm_composer" / "runtime" / "panel" / "page" / "icon.svg"
LARGEST: Final = 1024
"""Pixels of a side, as macOS has it."""
ON_WINDOWS: Final = (16, 24, 32, 48, 64, 128, 256)
ON_LINUX: Final = 256
_OF_MACOS: Final = 824 / 1024
"""The part of a side that macOS's own icons take up; around them is nothing."""


def drawn(side: int) -> Image.Image:
    """Draw the icon, with so many pixels a side."""
    return Image.open(io.BytesIO(cairosvg.svg2png(url=str(SOURCE), output_width=side, output_height=side)))


def main() -> None:
    """Make all three."""
    drawn(ON_LINUX).save(HERE / "icon.png", optimize=True)
    drawn(max(ON_WINDOWS)).save(
        HERE / "icon.ico",
        sizes=[(side, side) for side in ON_WINDOWS],
        append_images=[drawn(side) for side in ON_WINDOWS],
    )
    inner = round(LARGEST * _OF_MACOS)
    ground = Image.new("RGBA", (LARGEST, LARGEST))
    ground.paste(drawn(inner), ((LARGEST - inner) // 2,) * 2)
    ground.save(HERE / "icon.icns")


if __name__ == "__main__":
    main()
