"""Make what the README shows and lets hear: eight bars of the default style, as it comes with seed 1.

The music is that of `make play ARGS="--bars 8 --seed 1"`, the sound file is made as by `lstm-composer write -o x.ogg`,
and the picture as those of a training are. Needs the extra train, and soundfile.

Run: python recipes/first_sound.py     (writes docs/first-sound.ogg and docs/first-sound.png)
"""

from pathlib import Path

from PIL import Image

from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.session.settings import MusicSettings
from lstm_composer.runtime.session.write import write
from lstm_composer.trainer.reports.piano_roll import piano_roll

DOCS = Path(__file__).parents[1] / "docs"
STYLE, BARS, SEED = "chopin", 8, 1
COLOURS = 64
"""Of the picture: a third of the bytes, and nobody sees it."""


def main() -> None:
    """Write both files."""
    music = MusicSettings(style=STYLE, seed=SEED, bars=BARS)
    notes = write(music, DOCS / "first-sound.ogg", None)
    picture = DOCS / "first-sound.png"
    piano_roll(notes, picture, bars=BARS, meter=Meter(), title=f"{STYLE}, seed {SEED}: {BARS} bars")
    with Image.open(picture) as drawn:
        small = drawn.convert("RGB").quantize(COLOURS)
    small.save(picture, optimize=True)
    print(f"{len(notes)} notes in docs/first-sound.ogg and docs/first-sound.png")


if __name__ == "__main__":
    main()
