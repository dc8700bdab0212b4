"""The programming interface: a network that is loaded once, and improvises as often as it is asked to.

    from runtime import Composer

    composer = Composer.load("bach")                    # or a mix, bach:0.7,mozart:0.3, or the path of a bundle
    for note in composer.notes(seed=1): ...             # endless; an onset is in ticks, 24 a quarter note
    composer.write("out.mid", bars=16, seed=1, temperature=0.8)
    composer.write("out.wav", bars=16, style="mozart")  # another style of the same bundle, as sound
    composer.styles                                     # the names that there are

The same seed and the same options give the same music, and the same as the commands `write` and `play` make of them.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Self, TypedDict, Unpack

from runtime.bundle.files import CARD_SUFFIX, load_bundle
from runtime.bundle.library import BundleEntry, find_styles, styles
from runtime.errors import InputError
from runtime.generation.expression import apply_expression
from runtime.generation.voice import note_stream
from runtime.graph.engine import Engine
from runtime.music.notes import Meter, Note
from runtime.parameters.style_mix import read_mix
from runtime.session.composer import LoadedComposer, LoadedNetwork, composer_of, load_network
from runtime.session.settings import MusicSettings
from runtime.session.write import make_notes, write

GRAPH_SUFFIX = CARD_SUFFIX.removesuffix(".json")
_SEED_BITS = 32


class MusicOptions(TypedDict, total=False):
    """What may be asked of the music; each option is the flag of the command `write` with its name.

    Attributes:
        style: A style of the bundle, or a mix such as bach:0.7,mozart:0.3.
        seed: 0..2**63-1; another one each time where none is given.
        tempo_bpm: Quarter notes a minute, 20..400.
        meter: Such as "3/4".
        bars: Bars after which the music ends.
        temperature: 0..5: 0 is the likeliest, 1 as learned.
        min_p: 0..1: leaves out what is unlikelier than this share of the likeliest.
        style_strength: 0..3: 1 as learned.
        form: Letters of sections, such as "AABA".
        section_bars: Bars in a section.
        ending: Whether the last bar is a chord on the tonic; needs `bars`.
        primer: A MIDI file whose music is continued.
        commands: What `--set` takes, such as "key C minor".

    """

    style: str
    seed: int
    tempo_bpm: float
    meter: str
    bars: int
    temperature: float
    min_p: float
    style_strength: float
    form: str
    section_bars: int
    ending: bool
    primer: str | Path
    commands: tuple[str, ...]


class Composer:
    """A network that is loaded. Make one by `Composer.load`; it may be used from one thread at a time."""

    def __init__(self, network: LoadedNetwork, style: str) -> None:
        """Take what is loaded, and the style or mix that is meant where none is named."""
        self._network = network
        self._style = style

    @classmethod
    def load(cls, style: str | Path, *, models_dirs: tuple[str | Path, ...] = (), device: str = "auto") -> Self:
        """Load the bundle that holds a style.

        Args:
            style: A style that `lstm-composer styles` lists, a mix of such, or the path of a bundle (its .onnx or its
                card): then its first style is played where none is named.
            models_dirs: Folders that are searched for bundles before all others.
            device: "auto", "cpu" or "cuda".

        Raises:
            InputError: If there is no such style, or several that it could be.
            BundleError: If the bundle does not check out.
            MissingError: If the device is not there.

        """
        text = str(style)
        if text.endswith((GRAPH_SUFFIX, CARD_SUFFIX)):
            card_path = Path(text.removesuffix(CARD_SUFFIX).removesuffix(GRAPH_SUFFIX) + CARD_SUFFIX)
            bundle = load_bundle(card_path)
            held = styles([BundleEntry(card_path, bundle.card)])
            return cls(LoadedNetwork(held, bundle.card, Engine(bundle, device)), next(iter(held)))
        names = list(read_mix(text))
        found = find_styles(names, tuple(map(Path, models_dirs)))
        return cls(load_network(names, found, device), text)

    @property
    def styles(self) -> tuple[str, ...]:
        """Names of the styles in the bundle, in their order."""
        return tuple(style.name for style in self._network.card.styles)

    def notes(self, **options: Unpack[MusicOptions]) -> Iterator[Note]:
        """Yield notes in the order of their onsets, without end or up to `bars`.

        A note has a pitch 0..127, a velocity 1..127, and an onset and a duration in ticks, 24 a quarter note.

        Raises:
            InputError: If an option is not allowed.

        """
        composer = self._loaded(_settings(self._style, options))
        if composer.end_tick is not None:
            return iter(make_notes(composer, None))
        return _endless(composer)

    def write(
        self,
        output: str | Path,
        *,
        notes: int | None = None,
        soundfont: str | Path | None = None,
        **options: Unpack[MusicOptions],
    ) -> list[Note]:
        """Write music to a file, as the command `write` does, and return its notes.

        Args:
            output: A MIDI file; its sound if the name ends in .wav, .flac or .ogg.
            notes: How many notes, where there are no `bars`.
            soundfont: A SoundFont of yours for the sound; needs the program fluidsynth.
            options: See `MusicOptions`.

        Raises:
            ComposerError: If an option is not allowed, or the file cannot be written.

        """
        if (notes is None) == (options.get("bars") is None):
            raise InputError("write needs either bars or notes: say how long the music shall be")
        settings = _settings(self._style, options)
        return write(settings, Path(output), notes, None if soundfont is None else Path(soundfont), self._loaded)

    def _loaded(self, settings: MusicSettings) -> LoadedComposer:
        return composer_of(self._network, settings)


def _settings(style: str, options: MusicOptions) -> MusicSettings:
    primer, meter, seed = options.get("primer"), options.get("meter"), options.get("seed")
    return MusicSettings(
        style=options.get("style", style),
        seed=secrets.randbits(_SEED_BITS) if seed is None else seed,
        tempo_bpm=options.get("tempo_bpm"),
        meter=None if meter is None else Meter.parse(meter),
        bars=options.get("bars"),
        temperature=options.get("temperature"),
        min_p=options.get("min_p"),
        style_strength=options.get("style_strength"),
        form=options.get("form"),
        section_bars=options.get("section_bars", 8),
        ending=options.get("ending", False),
        primer=None if primer is None else Path(primer),
        initial_commands=tuple(options.get("commands", ())),
    )


def _endless(composer: LoadedComposer) -> Iterator[Note]:
    for made in note_stream(composer.advance, composer.cursor):
        if composer.controllable is None:
            yield made.note
        else:
            yield from apply_expression([made.note], composer.controllable.parameters, composer.meter)
