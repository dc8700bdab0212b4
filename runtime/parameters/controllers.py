"""MIDI controllers and program changes as turns of the knobs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from runtime.music.event_encoding import HEADS
from runtime.parameters.commands import HELD_BARS, Change, When
from runtime.parameters.parameters import MOST_STRENGTH, Knobs, with_temperature

CONTROL_CHANGE, PROGRAM_CHANGE = 0xB0, 0xC0
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


def turned(knobs: Knobs, name: str, value: int) -> Change | None:
    """Turn a knob to where a controller 0..127 stands; None where that changes nothing (a switch let go)."""
    return KNOBS[name](knobs, value)


def _share(value: int, low: float, high: float) -> float:
    return low + (high - low) * value / HIGHEST


def _head(head: str, knobs: Knobs, value: int) -> Change:
    return Change(with_temperature(knobs, _share(value, 0.0, 2.0), head))


def _lowest(knobs: Knobs, value: int) -> Change:
    return Change(replace(knobs, register=(value, max(value, knobs.register[1]))))


def _highest(knobs: Knobs, value: int) -> Change:
    return Change(replace(knobs, register=(min(value, knobs.register[0]), value)))


def _new(knobs: Knobs, value: int) -> Change | None:
    return Change(knobs, When.BAR, new_idea=True) if value >= SWITCH else None


def _panic(knobs: Knobs, value: int) -> Change | None:
    return Change(knobs, panic=True) if value >= SWITCH else None


def _held(knobs: Knobs, value: int) -> Change | None:
    """Five places of the knob: off, 1, 2, 4 and 8 bars."""
    bars = HELD_BARS[value * len(HELD_BARS) // (HIGHEST + 1)]
    return None if bars == knobs.hold else Change(replace(knobs, hold=bars), When.BAR)


def _morphed(style: tuple[float, ...], place: float) -> tuple[float, ...]:
    """Between the first two styles that have been asked for, or the first two of the bundle."""
    if len(style) == 1:
        return style
    named = [index for index, weight in enumerate(style) if weight > 0]
    first, second = named[:2] if len(named) > 1 else (0, 1)
    return tuple(1 - place if index == first else place if index == second else 0.0 for index in range(len(style)))


KNOBS: Final[Mapping[str, Callable[[Knobs, int], Change | None]]] = {
    "temperature": lambda knobs, value: Change(with_temperature(knobs, _share(value, 0.0, 2.0))),
    "min-p": lambda knobs, value: Change(replace(knobs, min_p=_share(value, 0.0, 0.5))),
    "density": lambda knobs, value: Change(replace(knobs, density=_share(value, -1.0, 1.0))),
    "register-low": _lowest,
    "register-high": _highest,
    "velocity": lambda knobs, value: Change(replace(knobs, velocity=max(1, value))),
    "velocity-range": lambda knobs, value: Change(replace(knobs, velocity_range=_share(value, 0.0, 2.0))),
    "style-strength": lambda knobs, value: Change(replace(knobs, style_strength=_share(value, 0.0, MOST_STRENGTH))),
    "accents": lambda knobs, value: Change(replace(knobs, accents=_share(value, 0.0, 1.0))),
    "swing": lambda knobs, value: Change(replace(knobs, swing=_share(value, 0.0, 1.0))),
    "morph": lambda knobs, value: Change(replace(knobs, style=_morphed(knobs.style, _share(value, 0.0, 1.0)))),
    "humanise": lambda knobs, value: Change(replace(knobs, humanise=_share(value, 0.0, 1.0))),
    "mute": lambda knobs, value: Change(replace(knobs, mute=value >= SWITCH)),
    "variation": lambda knobs, value: Change(replace(knobs, variation=_share(value, 0.0, 1.0))),
    "returns": lambda knobs, value: Change(replace(knobs, returns=_share(value, -1.0, 1.0))),
    "hold": _held,
    "volume": lambda knobs, value: Change(replace(knobs, volume=_share(value, 0.0, 1.0))),
    "new": _new,
    "panic": _panic,
    **{f"temperature-{head}": partial(_head, head) for head in HEADS},
}
"""What a controller can turn, by name."""


def place_of(message: bytes) -> int:
    """Return where a controller stands, 0..127, by a control change."""
    return HIGHEST if message[1] & 0x7F in ALWAYS_ON else message[2] & 0x7F


def received(message: bytes, knobs: Knobs, bindings: Mapping[int, str] = DEFAULT_MAP) -> Change | None:
    """Read a channel message; None for those that turn nothing."""
    match message[0] & 0xF0 if message else 0, len(message):
        case 0xB0, 3:
            name = bindings.get(message[1] & 0x7F)
            return None if name is None else turned(knobs, name, place_of(message))
        case 0xC0, 2:
            number = message[1] & 0x7F
            if number >= len(knobs.style):
                return None
            style = tuple(float(index == number) for index in range(len(knobs.style)))
            return Change(replace(knobs, style=style), When.BAR)
    return None
