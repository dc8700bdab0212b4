"""What the page asks for when Compose is pressed, and what music that is."""

from typing import Annotated, Final

import msgspec

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.panel.answers import LARGEST_PAGE_NUMBER, at_field
from lstm_composer.runtime.parameters.table import COMMANDS
from lstm_composer.runtime.session.settings import LARGEST_SEED, MOST_SECTION_BARS, MusicSettings, drawn_seed

MOST_BARS: Final = 512
_TEMPERATURE, _MIN_P, _DENSITY = COMMANDS["temperature"], COMMANDS["min-p"], COMMANDS["density"]

StyleName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ComposeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What music to make; None leaves a value to the style.

    Attributes:
        style: Name of a style.
        other_style: Another style of the same bundle, to mix with.
        other_share: How much of it, 0..1.
        bars: How long.
        tempo_bpm: Quarter notes a minute.
        meter: Such as "3/4".
        key: Such as "F# minor".
        form: Letters of sections, such as "AABA".
        section_bars: Bars in a section.
        ending: Whether the last bar is a chord on the tonic.
        temperature: 0 is the likeliest, 1 as learned.
        density: -1..1: few onsets, to many.
        seed: The same seed and values give the same music; None draws one.
        continues: Number of a piece that is gone on from.

    """

    style: StyleName
    other_style: StyleName | None = None
    other_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    bars: Annotated[int, msgspec.Meta(ge=1, le=MOST_BARS)] = 16
    tempo_bpm: Annotated[float, msgspec.Meta(ge=20, le=400)] | None = None
    meter: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    key: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    form: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    section_bars: Annotated[int, msgspec.Meta(ge=1, le=MOST_SECTION_BARS)] = 4
    ending: bool = False
    temperature: Annotated[float, msgspec.Meta(ge=_TEMPERATURE.low, le=_TEMPERATURE.high)] | None = None
    density: Annotated[float, msgspec.Meta(ge=_DENSITY.low, le=_DENSITY.high)] = 0.0
    seed: Annotated[int, msgspec.Meta(ge=0, le=min(LARGEST_SEED, LARGEST_PAGE_NUMBER))] | None = None
    continues: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_PAGE_NUMBER)] | None = None

    @property
    def styles(self) -> tuple[str, ...]:
        """The styles that it names, each once."""
        return tuple(dict.fromkeys(name for name in (self.style, self.other_style) if name is not None))


def with_seed(request: ComposeRequest) -> ComposeRequest:
    """Return a request whose seed is drawn if it has none."""
    return request if request.seed is not None else msgspec.structs.replace(request, seed=drawn_seed())


def music_settings(request: ComposeRequest) -> MusicSettings:
    """Return the settings of the music that is asked for, as `lstm-composer write` has them.

    Raises:
        InputError: If a value is not allowed.

    """
    assert request.seed is not None  # noqa: S101 - see `with_seed`
    with at_field("meter"):
        meter = Meter.parse(request.meter) if request.meter else None
    commands = [f"key {request.key}"] if request.key else []
    commands += [f"density {request.density:g}"] if request.density else []
    return MusicSettings(
        style=_mix(request),
        seed=request.seed,
        tempo_bpm=request.tempo_bpm,
        meter=meter,
        bars=request.bars,
        temperature=request.temperature,
        form=request.form or None,
        section_bars=request.section_bars,
        ending=request.ending,
        initial_commands=tuple(commands),
    )


def _mix(request: ComposeRequest) -> str:
    """The words after --style."""
    if odd := [name for name in request.styles if "," in name or ":" in name]:
        raise InputError(f"style {odd[0]!r} cannot be named: export it under a name without , and :")
    if len(request.styles) == 1:
        return request.style
    return f"{request.style}:{1 - request.other_share:g},{request.other_style}:{request.other_share:g}"
