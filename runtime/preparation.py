"""From what the user asked for to an engine that is ready to improvise: shared by `play` and `write`."""

from dataclasses import dataclass

from runtime.bundle import load_bundle
from runtime.controls import Controls, temperatures
from runtime.engine import Engine
from runtime.improviser import Advance, Cursor, advancer
from runtime.library import find_style
from runtime.notes import Meter
from runtime.settings import MusicSettings


@dataclass(frozen=True, slots=True)
class Prepared:
    """A style about to be improvised in.

    Attributes:
        style: Its name.
        device: What the engine runs on, "cpu" or "cuda".
        tempo_bpm: Quarter notes a minute.
        meter: The meter the music is made in.
        advance: Makes the next event.
        cursor: The place before the first event.
        end_tick: Position at which the music ends, None if it does not.

    """

    style: str
    device: str
    tempo_bpm: float
    meter: Meter
    advance: Advance
    cursor: Cursor
    end_tick: int | None


def prepare(settings: MusicSettings) -> Prepared:
    """Load the bundle that holds the style, and settle what the user left open by the bundle's own defaults.

    Raises:
        InputError: If there is no such style, or a value is not allowed.
        BundleError: If its bundle does not check out.
        MissingError: If the device asked for is not there.

    """
    found = find_style(settings.style, settings.models_dirs)
    bundle = load_bundle(found.path)
    engine = Engine(bundle, settings.device)
    card = bundle.card.styles[found.index]
    meter = settings.meter or Meter.parse(card.meter)
    sampling = bundle.card.sampling
    controls = Controls(
        style=tuple(float(index == found.index) for index in range(len(bundle.card.styles))),
        meter=meter,
        temperature=temperatures(settings.temperature, sampling.temperature),
        min_p=sampling.min_p if settings.min_p is None else settings.min_p,
    )
    return Prepared(
        style=card.name,
        device=engine.device,
        tempo_bpm=settings.tempo_bpm or card.tempo_bpm,
        meter=meter,
        advance=advancer(engine, controls, settings.seed),
        cursor=Cursor(engine.start()),
        end_tick=None if settings.bars is None else settings.bars * meter.ticks_per_bar,
    )
