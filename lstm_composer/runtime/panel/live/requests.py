"""What the page asks for when Play is pressed, as the words after `lstm-composer play`; and what there is to choose."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.scales import SCALES
from lstm_composer.runtime.panel.answers import LARGEST_PAGE_NUMBER
from lstm_composer.runtime.parameters.table import COMMANDS, PARAMETERS, Kind, Parameter, Stage, TakesEffect
from lstm_composer.runtime.ports.backends import BackendStatus, available_backends, target_names
from lstm_composer.runtime.ports.names import DEFAULT_NAME
from lstm_composer.runtime.session.settings import LARGEST_SEED, MOST_SECTION_BARS
from lstm_composer.runtime.system.installation import adding

MOST_PLAYERS: Final = 8
MOST_TEXT: Final = 200

Text = Annotated[str, msgspec.Meta(max_length=MOST_TEXT)]
StyleName = Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_TEXT)]
Output = Literal["page", "port", "here", "both"]
"""Where the music goes: nowhere but to the pages that listen, to a MIDI port, to this machine's audio device, or to
both of these."""
Sync = Literal["auto", "internal", "midi", "link"]


class Player(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several players: a style and a MIDI channel."""

    style: StyleName
    channel: Annotated[int, msgspec.Meta(ge=1, le=16)]


class PlayRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to play, and where to; None leaves a value to the style.

    Attributes:
        style: Name of a style; empty where there are several players.
        players: Several of them, of one bundle.
        tempo_bpm: Quarter notes a minute.
        meter: Such as "3/4".
        seed: The same seed gives the same music.
        key: Such as "F# minor".
        temperature: 0 is the likeliest, 1 as learned.
        form: Letters of sections, such as "AABA".
        section_bars: Bars in a section.
        output: Where to.
        existing_port: Name of the port of another program that the MIDI goes to; None: others connect to ours.
        sync: Whose time counts.
        clock_out: Whether others are given our time.
        listen: Whether what is played into our input is taken up: "off", "continue" or "answer".

    """

    style: Text = ""
    players: Annotated[tuple[Player, ...], msgspec.Meta(max_length=MOST_PLAYERS)] = ()
    tempo_bpm: Annotated[float, msgspec.Meta(ge=20, le=400)] | None = None
    meter: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=min(LARGEST_SEED, LARGEST_PAGE_NUMBER))] | None = None
    key: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=COMMANDS["temperature"].high)] | None = None
    form: Text | None = None
    section_bars: Annotated[int, msgspec.Meta(ge=1, le=MOST_SECTION_BARS)] = 8
    output: Output = "page"
    existing_port: Text | None = None
    sync: Sync = "auto"
    clock_out: bool = False
    listen: Literal["off", "continue", "answer"] = "off"


def play_arguments(request: PlayRequest, models_dirs: Sequence[Path]) -> tuple[str, ...]:
    """Return the words after `lstm-composer`; whether the values go together, `play` itself finds out.

    Raises:
        InputError: If nobody is named to play.

    """
    return (
        "play",
        *_who(request),
        *(f"--models-dir={folder}" for folder in models_dirs),
        *_given("tempo", request.tempo_bpm),
        *_given("meter", request.meter),
        *_given("seed", request.seed),
        *_given("temperature", request.temperature),
        *((f"--set=key {request.key}",) if request.key else ()),
        *((f"--form={request.form}", f"--section-bars={request.section_bars}") if request.form else ()),
        *_OUTPUTS[request.output],
        *(_given("connect", request.existing_port) if request.output in ("port", "both") else ()),
        *(("--clock-out",) if request.clock_out else (f"--sync={request.sync}",)),
        f"--listen={request.listen}",
    )


def _who(request: PlayRequest) -> tuple[str, ...]:
    if request.players:
        return (f"--voices={','.join(f'{player.style}@{player.channel}' for player in request.players)}",)
    if not request.style:
        raise InputError("no style is named: choose one, and press Play again")
    return (f"--style={request.style}",)


def _given(flag: str, value: float | str | None) -> tuple[str, ...]:
    return () if value is None or value == "" else (f"--{flag}={value}",)


_OUTPUTS: Final[dict[Output, tuple[str, ...]]] = {
    "page": ("--backend=none", "--no-sound"),
    "port": ("--no-sound",),
    "here": ("--backend=none", "--sound"),
    "both": ("--sound",),
}


class Choice(msgspec.Struct, frozen=True):
    """Something to choose, and why it cannot be where it cannot."""

    id: str
    title: str
    problem: str = ""


class ParameterRow(msgspec.Struct, frozen=True):
    """A row of `runtime.parameters.table`, as the page makes a control of it."""

    name: str
    kind: Kind
    help: str
    low: float
    high: float
    can_be_off: bool
    bars: tuple[int, ...]
    part_of: str | None
    command: str
    controllable: bool
    controllers: tuple[int, ...]
    on_bar_line: bool
    stage: Stage


class Choices(msgspec.Struct, frozen=True):
    """What there is to choose; `ports` are those of others that the MIDI can go to."""

    outputs: tuple[Choice, ...]
    ports: tuple[str, ...]
    syncs: tuple[Choice, ...]
    parameters: tuple[ParameterRow, ...]
    scales: tuple[str, ...]


def choices() -> Choices:
    """Return what this machine has; asks its MIDI systems."""
    statuses = [status for status in available_backends() if status.name != "none"]
    no_midi = "" if any(status.ok for status in statuses) else _why(statuses)
    rows = tuple(_row(row) for row in PARAMETERS)
    return Choices(_outputs(no_midi), tuple(target_names()), _syncs(no_midi), rows, tuple(SCALES))


def _outputs(no_midi: str) -> tuple[Choice, ...]:
    return (
        Choice("page", "This page"),
        Choice("port", f"MIDI port “{DEFAULT_NAME}”", no_midi),
        Choice("here", "This computer's sound, without the page"),
        Choice("both", "MIDI port and this computer's sound", no_midi),
    )


def _syncs(no_midi: str) -> tuple[Choice, ...]:
    no_link = "" if find_spec("aalink") else f"Ableton Link needs an extra: {adding('link')}"
    return (
        Choice("auto", "Own tempo, until a MIDI clock comes"),
        Choice("internal", "Own tempo"),
        Choice("midi", "MIDI clock", no_midi),
        Choice("link", "Ableton Link", no_link),
    )


def _why(statuses: Sequence[BackendStatus]) -> str:
    return "; ".join(status.detail.partition(":")[0] for status in statuses) or "this system has no MIDI"


def _row(parameter: Parameter) -> ParameterRow:
    return ParameterRow(
        name=parameter.name,
        kind=parameter.kind,
        help=parameter.help,
        low=parameter.low,
        high=parameter.high,
        can_be_off=parameter.can_be_off,
        bars=parameter.bars,
        part_of=parameter.part_of,
        command=parameter.command,
        controllable=parameter.can_be_turned,
        controllers=parameter.controllers,
        on_bar_line=parameter.takes_effect is TakesEffect.NEXT_BAR,
        stage=parameter.stage,
    )
