"""Write the same eight bars in three ways: as learned, bolder, and as a form that ends on its tonic.

Run: python examples/write_files.py [STYLE] [FOLDER]
"""

import sys
from pathlib import Path

from lstm_composer import Composer


def main(style: str = "bach", folder: str = ".") -> None:
    """Write three MIDI files of a style into a folder."""
    composer = Composer.load(style)
    out = Path(folder)
    composer.write(out / "as_learned.mid", bars=8, seed=1)
    composer.write(out / "bolder.mid", bars=8, seed=1, temperature=1.2, style_strength=1.5)
    notes = composer.write(out / "form.mid", bars=8, seed=1, form="AABA", section_bars=2, ending=True)
    print(f"3 files in {out}; the last one has {len(notes)} notes")


if __name__ == "__main__":
    main(*sys.argv[1:])
