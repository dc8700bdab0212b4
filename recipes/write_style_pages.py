"""Write 16 bars of each style of a bundle, to hear and see.

    python recipes/write_style_pages.py BUNDLE.onnx.json OUT [STYLE...]

OUT/STYLE.mid and OUT/STYLE.png, always of the same seed, at the style's own tempo and meter, OUT/STYLE.ogg of those
styles that are named, and OUT/README.md that shows them all. Needs the train extra for the pictures, and soundfile for
the sound.
"""

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from PIL import Image

from lstm_composer.runtime.bundle.files import read_card
from lstm_composer.runtime.bundle.schema import StyleCard
from lstm_composer.runtime.midi.writer import midi_bytes
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.session.loading import load_composer
from lstm_composer.runtime.session.settings import MusicSettings
from lstm_composer.runtime.session.write import make_notes
from lstm_composer.runtime.sound.render import render
from lstm_composer.trainer.reports.piano_roll import piano_roll

BARS = 16
SEED = 1
COLOURS = 64
"""Of a picture: a third of the bytes, and nobody sees it."""


def music_of(style: str, styles: Sequence[StyleCard], folder: Path) -> list[Note]:
    """What `write --bars 16 --seed 1` makes of a style.

    Another style with no weight is named beside it, so that it comes from this bundle though another bear its name.
    """
    others = [card.name for card in styles if card.name != style]
    mix = ",".join([f"{style}:1", *(f"{other}:0" for other in others[:1])])
    return make_notes(load_composer(MusicSettings(style=mix, seed=SEED, bars=BARS, models_dirs=(folder,))), None)


def write_style(style: StyleCard, notes: list[Note], out: Path, *, sounds: bool) -> None:
    """Write what is heard and what is seen of a style, and its sound if asked to."""
    meter = Meter.parse(style.meter)
    end_tick = BARS * meter.ticks_per_bar
    data = midi_bytes(notes, tempo_bpm=style.tempo_bpm, meter=meter, end_tick=end_tick, name=style.name)
    (out / f"{style.name}.mid").write_bytes(data)
    if sounds:
        render(data, out / f"{style.name}.ogg")
    title = f"{style.name}, seed {SEED}, {style.meter}, {style.tempo_bpm:g} quarter notes a minute"
    picture = out / f"{style.name}.png"
    piano_roll(notes, picture, bars=BARS, meter=meter, title=title)
    with Image.open(picture) as drawn:
        small = drawn.convert("RGB").quantize(COLOURS)
    small.save(picture, optimize=True)


def page(name: str, music: Mapping[str, list[Note]], sounding: Collection[str]) -> str:
    """README.md: the pictures of all styles, each beside its music."""
    parts = [
        f"# Sixteen bars of each style of `{name}`",
        f"Seed {SEED}, nothing chosen or edited: the first that came. `recipes/write_style_pages.py` made them.",
    ]
    for style, notes in music.items():
        parts += [
            f"## {style}",
            f"[{style}.mid]({style}.mid), {len(notes)} notes"
            + (f", [sound]({style}.ogg)" if style in sounding else ""),
            f"![piano roll of {style}]({style}.png)",
        ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write all of it."""
    bundle, out, sounding = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    out.mkdir(parents=True, exist_ok=True)
    card = read_card(bundle)
    music = {style.name: music_of(style.name, card.styles, bundle.parent) for style in card.styles}
    for style in card.styles:
        write_style(style, music[style.name], out, sounds=style.name in sounding)
    (out / "README.md").write_text(page(card.name, music, sounding), encoding="utf-8")


if __name__ == "__main__":
    main()
