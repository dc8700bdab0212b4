"""From what the user asked for to an engine that is ready to improvise: shared by `play` and `write`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.article import TokenControls, TokenEncoding, token_advancer, token_start
from runtime.bundle import BundleCard, load_bundle
from runtime.controls import Controls, temperatures
from runtime.engine import Engine
from runtime.improviser import Advance, Cursor, Place, advancer
from runtime.library import find_styles
from runtime.notes import Meter
from runtime.settings import MusicSettings
from runtime.steering.knobs import Knobs
from runtime.steering.steering import Steerable
from runtime.style_mix import heaviest_of, read_mix, shown


@dataclass(frozen=True, slots=True)
class Prepared:
    """A style about to be improvised in.

    Attributes:
        style: Its name; of a mix, all names and weights.
        device: What the engine runs on, "cpu" or "cuda".
        tempo_bpm: Quarter notes a minute.
        meter: The meter the music is made in.
        advance: Makes the next event.
        steerable: What can be turned while it plays; None for the article's presets.
        cursor: The place before the first event, of the kind that `advance` takes.
        end_tick: Position at which the music ends, None if it does not.

    """

    style: str
    device: str
    tempo_bpm: float
    meter: Meter
    advance: Advance
    cursor: Any
    end_tick: int | None
    steerable: Steerable | None = None


def prepare(settings: MusicSettings) -> Prepared:
    """Load the bundle that holds the style, and settle what the user left open by the bundle's own defaults.

    A mix of styles has the weighted mean of their tempos and the meter of the heaviest.

    Raises:
        InputError: If there is no such style, or a value is not allowed, or no bundle holds all styles of a mix.
        BundleError: If its bundle does not check out.
        MissingError: If the device asked for is not there.

    """
    mix = read_mix(settings.style)
    found = dict(zip(mix, find_styles(list(mix), settings.models_dirs), strict=True))
    bundle = load_bundle(found[heaviest_of(mix)].path)
    engine = Engine(bundle, settings.device)
    weights = {found[name].index: weight for name, weight in mix.items()}
    meter = settings.meter or Meter.parse(found[heaviest_of(mix)].card.meter)
    advance, cursor, steerable = _beginning(bundle.card, engine, settings, meter, weights)
    return Prepared(
        style=shown({found[name].card.name: weight for name, weight in mix.items()}),
        device=engine.device,
        tempo_bpm=settings.tempo_bpm or sum(weight * found[name].card.tempo_bpm for name, weight in mix.items()),
        meter=meter,
        advance=advance,
        cursor=cursor,
        end_tick=None if settings.bars is None else settings.bars * meter.ticks_per_bar,
        steerable=steerable,
    )


def _beginning(
    card: BundleCard, engine: Engine, settings: MusicSettings, meter: Meter, weights: Mapping[int, float]
) -> tuple[Advance, Place, Steerable | None]:
    """What makes the next note, the place before the first, what can be turned; `weights` by the style's number."""
    sampling = card.styles[max(weights, key=lambda index: weights[index])].sampling or card.sampling
    temperature = temperatures(settings.temperature, sampling.temperature)
    min_p = sampling.min_p if settings.min_p is None else settings.min_p
    if isinstance(card.encoding, TokenEncoding):
        token_controls = TokenControls(temperature[1], min_p)
        start = token_start(card.encoding, settings.seed)
        return token_advancer(engine.run, card.encoding, token_controls, settings.seed), start, None
    style = tuple(weights.get(index, 0.0) for index in range(len(card.styles)))
    controls = Controls(style=style, meter=meter, temperature=temperature, min_p=min_p)
    steerable = Steerable(
        knobs=Knobs(style=style, temperature=temperature, min_p=min_p),
        styles=[one.name for one in card.styles],
        advance=lambda knobs, seed: advancer(engine, knobs.controls(controls), seed),
        piece_at=lambda tick: Cursor(engine.start(), onset=tick, piece_start=tick, last_end=tick),
    )
    return advancer(engine, controls, settings.seed), Cursor(engine.start()), steerable
