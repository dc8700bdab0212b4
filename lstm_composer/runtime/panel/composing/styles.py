"""The styles as the page shows them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from lstm_composer.runtime.bundle.library import BundleEntry, list_bundles, styles
from lstm_composer.runtime.bundle.schema import BundleCard

_MOST: Final = 1000


class StyleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A style that can be composed in.

    Attributes:
        name: What it is called.
        bundle: The bundle that holds it: styles of one bundle can be mixed.
        tempo_bpm: Its usual tempo in quarter notes a minute.
        meter: Its usual meter.
        pieces: How many pieces it was learned from.
        temperature: The one that it plays best by, by the mean of its parts.

    """

    name: str
    bundle: str
    tempo_bpm: float
    meter: str
    pieces: int
    temperature: float


class StyleList(msgspec.Struct, frozen=True):
    """All styles by name, and what is wrong with bundles that cannot be read."""

    styles: list[StyleRow]
    problems: list[str]


def style_list(models_dirs: Sequence[Path]) -> StyleList:
    """Return the styles that there are, by name."""
    shelved = list_bundles(models_dirs)
    by_path = {bundle.path: bundle for bundle in shelved}
    rows = [
        StyleRow(
            name=name,
            bundle=by_path[style.path].name,
            tempo_bpm=style.card.tempo_bpm,
            meter=style.card.meter,
            pieces=style.card.pieces,
            temperature=_temperature(_card(by_path[style.path]), style.index),
        )
        for name, style in sorted(styles(shelved).items())
    ]
    return StyleList(rows[:_MOST], [bundle.problem for bundle in shelved if bundle.problem])


def _card(bundle: BundleEntry) -> BundleCard:
    assert bundle.card is not None  # noqa: S101 - a style was found in it
    return bundle.card


def _temperature(card: BundleCard, index: int) -> float:
    sampling = card.styles[index].sampling or card.sampling
    return sum(sampling.temperature) / len(sampling.temperature)
