"""The programming interface: a network that is loaded once, and improvises as often as it is asked to.

    from lstm_composer import Composer

    composer = Composer.load("bach")                    # or a mix, bach:0.7,mozart:0.3, or the path of a bundle
    for note in composer.notes(seed=1): ...             # endless; an onset is in ticks, 24 a quarter note
    composer.write("out.mid", bars=16, seed=1, temperature=0.8)
    composer.write("out.wav", bars=16, style="mozart")  # another style of the same bundle, as sound
    composer.write("out.musicxml", bars=16, seed=1)     # as a score
    composer.styles                                     # the names that there are

The same seed and the same options give the same music, and the same as the commands `write` and `play` make of them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Self, TypedDict, Unpack, get_args

import msgspec

from lstm_composer.runtime.bundle.files import CARD_SUFFIX, read_card
from lstm_composer.runtime.bundle.library import BundleEntry, find_styles, styles
from lstm_composer.runtime.bundle.schema import MinP, StyleStrength, Temperature
from lstm_composer.runtime.errors import BundleError, InputError
from lstm_composer.runtime.generation.voice import note_stream
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.parameters.style_mix import read_mix
from lstm_composer.runtime.playback.expression import apply_expression
from lstm_composer.runtime.score import NOTATIONS, Notation
from lstm_composer.runtime.session.loading import LoadedComposer, LoadedNetwork, composer_of, load_network
from lstm_composer.runtime.session.settings import LARGEST_SEED, Device, MusicSettings, drawn_seed
from lstm_composer.runtime.session.write import make_notes, write

GRAPH_SUFFIX: Final = CARD_SUFFIX.removesuffix(".json")

_Count = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]


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
        commands: What `--set` takes, such as "key C minor"; one or several.

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
    commands: str | Sequence[str]


class _Checked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options with the ranges of the flags."""

    style: str
    seed: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SEED)] | None = None
    tempo_bpm: Annotated[float, msgspec.Meta(ge=20, le=400)] | None = None
    meter: str | None = None
    bars: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    temperature: Temperature | None = None
    min_p: MinP | None = None
    style_strength: StyleStrength | None = None
    form: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    section_bars: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    ending: bool = False
    primer: str | None = None
    commands: tuple[str, ...] = ()


class Composer:
    """A network that is loaded. Make one by `Composer.load`; it may be used from one thread at a time."""

    def __init__(self, network: LoadedNetwork, style: str) -> None:
        """Take what is loaded, and the style or mix that is meant where none is named."""
        self._network = network
        self._style = style

    @classmethod
    def load(
        cls, style: str | Path, *, models_dirs: str | Path | Sequence[str | Path] = (), device: str = "auto"
    ) -> Self:
        """Load the bundle that holds a style.

        Args:
            style: A style that `lstm-composer styles` lists, a mix of such, or the path of a bundle (its .onnx or its
                card): then its first style is played where none is named.
            models_dirs: Folders that are searched for bundles before all others; one or several.
            device: "auto", "cpu" or "cuda".

        Raises:
            InputError: If there is no such style, several that it could be, or no such device.
            BundleError: If the bundle does not check out.
            MissingError: If the device is not there.

        """
        if device not in get_args(Device):
            raise InputError(f"device {device!r} is not known: there are {', '.join(get_args(Device))}")
        text = str(_path(style, "style"))
        if text.endswith((GRAPH_SUFFIX, CARD_SUFFIX)):
            card_path = Path(text.removesuffix(CARD_SUFFIX).removesuffix(GRAPH_SUFFIX) + CARD_SUFFIX)
            held = styles([BundleEntry(card_path, read_card(card_path))])
            if not held:
                raise BundleError(f"bundle {card_path.name} holds no style: export or download it again")
            return cls(load_network(tuple(held), tuple(held.values()), device), next(iter(held)))
        names = list(read_mix(text))
        folders = [models_dirs] if isinstance(models_dirs, str | Path) else models_dirs
        found = find_styles(names, tuple(_path(one, "models_dirs") for one in folders))
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
        notation: Notation | None = None,
        **options: Unpack[MusicOptions],
    ) -> list[Note]:
        """Write music to a file, as the command `write` does, and return its notes.

        Args:
            output: A MIDI file; its sound if the name ends in .wav, .flac or .ogg, its score in .musicxml, .svg, .pdf.
            notes: How many notes, where there are no `bars`.
            soundfont: A SoundFont of yours for the sound; needs the program fluidsynth.
            notation: Whether lengths in a score are "played", exactly, or "readable"; None: as is usual for its file.
            options: See `MusicOptions`.

        Raises:
            ComposerError: If an option is not allowed, or the file cannot be written.

        """
        if (notes is None) == (options.get("bars") is None):
            raise InputError("write needs either bars or notes: say how long the music shall be")
        try:
            count = msgspec.convert(notes, _Count | None)
        except msgspec.ValidationError as error:
            raise InputError(f"notes: {error}") from error
        if notation not in (None, *NOTATIONS):
            raise InputError(f"notation {notation!r} is not known: there are {', '.join(NOTATIONS)}")
        sound = None if soundfont is None else _path(soundfont, "soundfont")
        return write(_settings(self._style, options), _path(output, "output"), count, sound, notation, self._loaded)

    def _loaded(self, settings: MusicSettings) -> LoadedComposer:
        return composer_of(self._network, settings)


def _settings(style: str, options: MusicOptions) -> MusicSettings:
    """Check options, and make settings of them; what is not asked for is left to the bundle."""
    given: dict[str, Any] = {"style": style, **options}
    if isinstance(given.get("primer"), Path):
        given["primer"] = str(given["primer"])
    if isinstance(given.get("commands"), str):
        given["commands"] = (given["commands"],)
    try:
        asked = msgspec.convert(given, _Checked)
    except msgspec.ValidationError as error:
        raise InputError(f"{error}: see lstm_composer.runtime.composer.MusicOptions") from error
    return MusicSettings(
        style=asked.style,
        seed=drawn_seed() if asked.seed is None else asked.seed,
        tempo_bpm=asked.tempo_bpm,
        meter=None if asked.meter is None else Meter.parse(asked.meter),
        bars=asked.bars,
        temperature=asked.temperature,
        min_p=asked.min_p,
        style_strength=asked.style_strength,
        form=asked.form,
        section_bars=asked.section_bars,
        ending=asked.ending,
        primer=None if asked.primer is None else Path(asked.primer),
        initial_commands=asked.commands,
    )


def _path(value: str | Path, what: str) -> Path:
    if not isinstance(value, str | Path):
        raise InputError(f"{what} {value!r} is no path: give a string or a pathlib.Path")
    return Path(value)


def _endless(composer: LoadedComposer) -> Iterator[Note]:
    for made in note_stream(composer.advance, composer.cursor):
        if composer.controllable is None:
            yield made.note
        else:
            yield from apply_expression([made.note], composer.controllable.parameters, composer.meter)
