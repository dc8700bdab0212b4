"""The parameters that MIDI controllers and program changes set."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from runtime.midi.input import ControlChange
from runtime.music.event_encoding import HEADS
from runtime.parameters.commands import HELD_BARS, Change, TakesEffect
from runtime.parameters.parameters import MOST_STRENGTH, Parameters, with_temperature

HIGHEST = 127
SWITCH = 64
"""Values from this on mean "on" (MIDI 1.0)."""
ALWAYS_ON: Final = frozenset({120, 123})
"""All sound off and all notes off say nothing by their value, which is 0 (MIDI 1.0)."""


DEFAULT_MAP: Final[Mapping[int, str]] = {
    1: "temperature",
    7: "volume",
    11: "velocity",
    16: "returns",
    17: "accents",
    70: "velocity-range",
    71: "min-p",
    72: "swing",
    73: "density",
    74: "morph",
    75: "register-low",
    76: "register-high",
    77: "variation",
    78: "humanise",
    79: "style-strength",
    80: "mute",
    81: "new",
    82: "hold",
    120: "panic",
    123: "panic",
}
"""Controllers by number: the modulation wheel turns the temperature, volume is that of the sound here, expression the
loudness of the notes, the first general-purpose ones (16, 17) what comes back and the accents of the meter, the sound
controllers 70 to 79 turn the rest; the general-purpose ones 80 to 82 mute, ask for something new and hold; "all sound
off" and "all notes off" mean that."""


def set_from_controller(parameters: Parameters, name: str, value: int) -> Change | None:
    """Set a parameter from a controller value 0..127; None if nothing changes (a switch that is released)."""
    return KNOBS[name](parameters, value)


def _share(value: int, low: float, high: float) -> float:
    return low + (high - low) * value / HIGHEST


def _head(head: str, parameters: Parameters, value: int) -> Change:
    return Change(with_temperature(parameters, _share(value, 0.0, 2.0), head))


def _lowest(parameters: Parameters, value: int) -> Change:
    return Change(replace(parameters, register=(value, max(value, parameters.register[1]))))


def _highest(parameters: Parameters, value: int) -> Change:
    return Change(replace(parameters, register=(min(value, parameters.register[0]), value)))


def _new(parameters: Parameters, value: int) -> Change | None:
    return Change(parameters, TakesEffect.NEXT_BAR, new_piece=True) if value >= SWITCH else None


def _panic(parameters: Parameters, value: int) -> Change | None:
    return Change(parameters, panic=True) if value >= SWITCH else None


def _held(parameters: Parameters, value: int) -> Change | None:
    """Five places of the knob: off, 1, 2, 4 and 8 bars."""
    bars = HELD_BARS[value * len(HELD_BARS) // (HIGHEST + 1)]
    return None if bars == parameters.hold else Change(replace(parameters, hold=bars), TakesEffect.NEXT_BAR)


def _morphed(style: tuple[float, ...], place: float) -> tuple[float, ...]:
    """Between the first two styles that have been asked for, or the first two of the bundle."""
    if len(style) == 1:
        return style
    named = [index for index, weight in enumerate(style) if weight > 0]
    first, second = named[:2] if len(named) > 1 else (0, 1)
    return tuple(1 - place if index == first else place if index == second else 0.0 for index in range(len(style)))


KNOBS: Final[Mapping[str, Callable[[Parameters, int], Change | None]]] = {
    "temperature": lambda parameters, value: Change(with_temperature(parameters, _share(value, 0.0, 2.0))),
    "min-p": lambda parameters, value: Change(replace(parameters, min_p=_share(value, 0.0, 0.5))),
    "density": lambda parameters, value: Change(replace(parameters, density=_share(value, -1.0, 1.0))),
    "register-low": _lowest,
    "register-high": _highest,
    "velocity": lambda parameters, value: Change(replace(parameters, velocity=max(1, value))),
    "velocity-range": lambda parameters, value: Change(replace(parameters, velocity_range=_share(value, 0.0, 2.0))),
    "style-strength": lambda parameters, value: Change(
        replace(parameters, style_strength=_share(value, 0.0, MOST_STRENGTH))
    ),
    "accents": lambda parameters, value: Change(replace(parameters, accents=_share(value, 0.0, 1.0))),
    "swing": lambda parameters, value: Change(replace(parameters, swing=_share(value, 0.0, 1.0))),
    "morph": lambda parameters, value: Change(
        replace(parameters, style=_morphed(parameters.style, _share(value, 0.0, 1.0)))
    ),
    "humanise": lambda parameters, value: Change(replace(parameters, humanise=_share(value, 0.0, 1.0))),
    "mute": lambda parameters, value: Change(replace(parameters, mute=value >= SWITCH)),
    "variation": lambda parameters, value: Change(replace(parameters, variation=_share(value, 0.0, 1.0))),
    "returns": lambda parameters, value: Change(replace(parameters, returns=_share(value, -1.0, 1.0))),
    "hold": _held,
    "volume": lambda parameters, value: Change(replace(parameters, volume=_share(value, 0.0, 1.0))),
    "new": _new,
    "panic": _panic,
    **{f"temperature-{head}": partial(_head, head) for head in HEADS},
}
"""What a controller can set, by name."""


def position_of(message: ControlChange) -> int:
    """Return where a controller stands, 0..127."""
    return HIGHEST if message.number in ALWAYS_ON else message.value


def set_from_program(parameters: Parameters, program: int) -> Change | None:
    """Set the style from a program 0..127; None if the bundle has fewer."""
    if program >= len(parameters.style):
        return None
    style = tuple(float(index == program) for index in range(len(parameters.style)))
    return Change(replace(parameters, style=style), TakesEffect.NEXT_BAR)
