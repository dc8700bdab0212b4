"""From what the user asked for to an engine that is ready to improvise: shared by `play` and `write`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path

from lstm_composer.runtime.bundle.encodings import ArticleEncoding, Encoding, EncodingCard, SkuldurEncoding
from lstm_composer.runtime.bundle.files import load_bundle
from lstm_composer.runtime.bundle.library import BundleEntry, StyleEntry, find_styles, listed, styles
from lstm_composer.runtime.bundle.schema import BundleCard
from lstm_composer.runtime.errors import BundleError, InputError
from lstm_composer.runtime.generation.ensemble import Ensemble, Plan
from lstm_composer.runtime.generation.form import read_form
from lstm_composer.runtime.generation.stretches import Anew
from lstm_composer.runtime.generation.token_voice import token_beginning, token_far, token_voice
from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.generation.voice_state import EnsembleState
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs, temperatures
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.runtime.music.notes import Meter, Note, shifted
from lstm_composer.runtime.music.token_encoding import TokenControls, token_advancer
from lstm_composer.runtime.parameters.initial import apply_commands
from lstm_composer.runtime.parameters.parameters import WHOLE, Parameters
from lstm_composer.runtime.parameters.style_mix import StyleMix, heaviest_of, read_mix, shown
from lstm_composer.runtime.session.live_control import ControllableStyle
from lstm_composer.runtime.session.settings import MusicSettings


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """The network of a bundle, ready to run.

    Attributes:
        styles: The bundle's styles by name, and by whatever else they were asked for as.
        card: The bundle's card.
        engine: What runs it.

    """

    styles: Mapping[str, StyleEntry]
    card: BundleCard
    engine: Engine


@dataclass(frozen=True, slots=True)
class LoadedComposer:
    """A style that is loaded and ready to play.

    Attributes:
        style: Its name; of a mix, all names and weights; of several voices, all theirs.
        device: What the engine runs on, "cpu" or "cuda".
        tempo_bpm: Quarter notes a minute.
        meter: The meter the music is made in.
        advance: Makes the next event.
        cursor: The state before the first event.
        end_tick: Position at which the music ends, None if it does not.
        anew: Begins at positions far from all that was played.
        controllable: Its parameters and what they control while it plays; None for the article's presets.
        channels: MIDI channel 1..16 of each voice.
        has_dynamics: Whether the loudness of the notes was learned from performances.

    """

    style: str
    device: str
    tempo_bpm: float
    meter: Meter
    advance: Advance
    cursor: EnsembleState
    end_tick: int | None
    anew: Anew | None = None
    controllable: ControllableStyle | None = None
    channels: tuple[int, ...] = (1,)
    has_dynamics: bool = False


@dataclass(frozen=True, slots=True)
class Primer:
    """Music to begin from, and its tempo and meter at its end; the first bar begins at its bar line `end_tick`."""

    notes: Sequence[Note]
    tempo_bpm: float
    meter: Meter
    end_tick: int


def load_composer(settings: MusicSettings) -> LoadedComposer:
    """Load the bundle that holds the style, and settle what the user left open by the bundle's own defaults.

    Raises:
        InputError: If there is no such style, or a value is not allowed, or no bundle holds all styles together.
        BundleError: If its bundle does not check out.
        MissingError: If the device asked for is not there.

    """
    names = list(dict.fromkeys(name for mix in _mixes(settings) for name in mix))
    found = find_styles(names, settings.models_dirs)
    primer = None if settings.primer is None else _primer(settings.primer)
    return composer_of(load_network(names, found, settings.device), settings, primer)


def load_network(names: Sequence[str], found: Sequence[StyleEntry], device: str) -> LoadedNetwork:
    """Load the bundle that some styles were found in.

    Args:
        names: What the caller calls each of them.
        found: Where each of them is; all in one bundle.
        device: "auto", "cpu" or "cuda".

    Raises:
        BundleError: If the bundle does not check out, or holds one of them no more.
        MissingError: If the device is not there.

    """
    path = found[0].path
    bundle = load_bundle(path)
    held = styles([BundleEntry(path, bundle.card)])
    # Since they were found it may have been replaced.
    if gone := [one.card.name for one in found if one.card.name not in held]:
        raise BundleError(f"bundle {bundle.card.name} has just been replaced, and holds no style {gone[0]} any more")
    named = {name: held[one.card.name] for name, one in zip(names, found, strict=True)}
    return LoadedNetwork({**held, **named}, bundle.card, Engine(bundle, device))


def composer_of(loaded: LoadedNetwork, settings: MusicSettings, primer: Primer | None = None) -> LoadedComposer:
    """Get a loaded network ready to improvise, whatever bundle the settings would find.

    A mix of styles, or several voices, have the weighted mean of their tempos and the meter of the heaviest. A primer
    brings its own.

    Args:
        loaded: The network.
        settings: What music.
        primer: The music that `settings.primer` names, where it has been read already.

    Raises:
        InputError: If the bundle has no such style, or a value is not allowed.

    """
    mixes, found, card = _mixes(settings), loaded.styles, loaded.card
    if unknown := [name for mix in mixes for name in mix if name not in found]:
        raise InputError(f"bundle {card.name} has no style {unknown[0]!r}: it has {listed(found)}")
    if primer is None and settings.primer is not None:
        primer = _primer(settings.primer)
    meter = settings.meter or (primer.meter if primer else Meter.parse(found[heaviest_of(mixes[0])].card.meter))
    end_tick = None if settings.bars is None else (settings.lead_in + settings.bars) * meter.ticks_per_bar
    tempo = sum(weight * found[name].card.tempo_bpm for mix in mixes for name, weight in mix.items()) / len(mixes)
    weights = [{found[name].index: weight for name, weight in mix.items()} for mix in mixes]
    music = _music(card.encoding, loaded, settings, meter, weights, primer)
    return LoadedComposer(
        style=" and ".join(shown({found[name].card.name: weight for name, weight in mix.items()}) for mix in mixes),
        device=loaded.engine.device,
        tempo_bpm=settings.tempo_bpm or (primer.tempo_bpm if primer else tempo),
        meter=meter,
        advance=music.advance,
        cursor=music.cursor,
        end_tick=end_tick,
        anew=music.anew,
        controllable=music.controllable,
        channels=tuple(channel for _, channel in settings.voices) or (settings.channel,),
        has_dynamics=all(found[name].card.dynamics == "performed" for mix in mixes for name in mix if mix[name]),
    )


def _mixes(settings: MusicSettings) -> list[StyleMix]:
    """The mix of each voice, by the names that the user wrote."""
    return [read_mix(style) for style, _ in settings.voices] or [read_mix(settings.style)]


@dataclass(frozen=True, slots=True)
class _Music:
    """What a network plays; each part as in `LoadedComposer`."""

    advance: Advance
    cursor: EnsembleState
    anew: Anew
    controllable: ControllableStyle | None


@singledispatch
def _music(
    encoding: Encoding,
    loaded: LoadedNetwork,
    settings: MusicSettings,
    meter: Meter,
    weights: Sequence[Mapping[int, float]],
    primer: Primer | None,
) -> _Music:
    """Make the music of a network by the encoding that it has; `weights` of each voice by the style's number."""
    raise NotImplementedError(f"nothing plays {encoding}")


@_music.register
def _music_of_events(
    _: EncodingCard,
    loaded: LoadedNetwork,
    settings: MusicSettings,
    meter: Meter,
    weights: Sequence[Mapping[int, float]],
    primer: Primer | None,
) -> _Music:
    controllable = _controllable(loaded, settings, meter, weights)
    ensemble = controllable.ensemble
    return _Music(
        ensemble.advance(controllable.parameters, settings.seed),
        _beginning(ensemble, primer, settings.lead_in * meter.ticks_per_bar),
        ensemble.anew,
        controllable,
    )


@_music.register
def _music_of_tokens(
    encoding: ArticleEncoding | SkuldurEncoding, loaded: LoadedNetwork, settings: MusicSettings, *_: object
) -> _Music:
    """What the article's networks play: nothing but their names of notes, one after another."""
    card = loaded.card
    asked = {
        "--voices": settings.voices, "--form": settings.form, "--primer": settings.primer, "--ending": settings.ending,
        "--lead-in": settings.lead_in, "--set": settings.initial_commands,
        "--style-strength": settings.style_strength is not None,
    }  # fmt: skip
    if refused := [name for name, value in asked.items() if value]:
        raise InputError(f"{refused[0]} is not for {card.name}, a bundle of an article's preset: choose another style")
    temperature = temperatures(settings.temperature, card.sampling.temperature)
    min_p = card.sampling.min_p if settings.min_p is None else settings.min_p
    controls = TokenControls(temperature[1], min_p)
    advance = token_voice(token_advancer(loaded.engine.run, encoding, controls, settings.seed))
    return _Music(advance, token_beginning(encoding, settings.seed), token_far(encoding), None)


def _controllable(
    loaded: LoadedNetwork, settings: MusicSettings, meter: Meter, weights: Sequence[Mapping[int, float]]
) -> ControllableStyle:
    """Make the ensemble and its initial parameters; `weights` of each voice by the style's number."""
    card = loaded.card
    first = weights[0]
    sampling = card.styles[max(first, key=lambda index: first[index])].sampling or card.sampling
    temperature = temperatures(settings.temperature, sampling.temperature)
    min_p = sampling.min_p if settings.min_p is None else settings.min_p
    strength = sampling.style_strength if settings.style_strength is None else settings.style_strength
    mixes = [tuple(one.get(index, 0.0) for index in range(len(card.styles))) for one in weights]
    registers = tuple(one.register or WHOLE for one in card.styles)
    controls = [
        GraphInputs(
            style=style,
            style_strength=strength,
            meter=meter,
            temperature=temperature,
            min_p=min_p,
            registers=registers,
            has_memory=card.network.memory > 0,
            recall=sampling.recall,
            style_keys=tuple(one.keys for one in card.styles),
        )
        for style in mixes
    ]
    parameters = Parameters(style=mixes[0], style_strength=strength, temperature=temperature, min_p=min_p)
    names = [one.name for one in card.styles]
    return ControllableStyle(
        parameters=apply_commands(settings.initial_commands, parameters, names),
        styles=names,
        ensemble=Ensemble(loaded.engine, controls, _plan(settings, meter)),
    )


def _plan(settings: MusicSettings, meter: Meter) -> Plan:
    """What the music as a whole shall be."""
    first_tick = settings.lead_in * meter.ticks_per_bar
    if settings.ending and settings.bars is None:
        raise InputError("--ending tonic needs to know where the music ends: say --bars N as well")
    return Plan(
        form=None if settings.form is None else read_form(settings.form),
        section_bars=settings.section_bars,
        end_tick=first_tick + (settings.bars or 0) * meter.ticks_per_bar if settings.ending else None,
        first_tick=first_tick,
    )


def _primer(path: Path) -> Primer:
    try:
        music = read_music(path)
    except InputError as error:
        raise InputError(f"--primer {path} {error}: name a MIDI file with music in it") from error
    if not music.notes:
        found = "has drums only, no notes with a pitch" if music.has_drums else "has no notes"
        raise InputError(f"--primer {path} {found}: name a MIDI file with music in it")
    end_tick, meter = music.next_bar()
    return Primer(music.notes, music.last_tempo_bpm, meter, end_tick)


def _beginning(ensemble: Ensemble, primer: Primer | None, first_tick: int) -> EnsembleState:
    """Return the state before the first note."""
    if primer is None:
        return ensemble.start()
    return ensemble.after(shifted(primer.notes, first_tick - primer.end_tick), first_tick)


def voices_of(text: str) -> tuple[tuple[str, int], ...]:
    """Read --voices: styles and their channels, such as bach@1,ragtime@2; without a channel the next one.

    Raises:
        InputError: If a channel is none, or there are more than 16 voices.

    """
    voices: list[tuple[str, int]] = []
    for part in text.split(","):
        style, _, channel = part.strip().partition("@")
        number = channel.strip() or str(len(voices) + 1)
        if not style or not (number.isascii() and number.isdecimal() and len(number) <= 2 and 1 <= int(number) <= 16):
            raise InputError(f"--voices {text}: write styles and channels from 1 to 16, such as bach@1,ragtime@2")
        voices.append((style, int(number)))
    if len(voices) > 16:
        raise InputError(f"--voices names {len(voices)} voices: 16 at the most can play")
    return tuple(voices)
