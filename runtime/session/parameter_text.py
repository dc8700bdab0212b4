"""The parameters in words, each with the controllers that set it."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from runtime.monitor.snapshot import Control
from runtime.music.event_encoding import HEADS
from runtime.parameters.controllers import KNOBS
from runtime.parameters.midi_map import Slot
from runtime.parameters.parameters import Parameters
from runtime.parameters.style_mix import shown

STYLE_KNOBS = ("morph",)
"""Names of controllers that turn the style, whatever they are called."""


def controls_of(
    parameters: Parameters, styles: Sequence[str], controllers: Mapping[str, Sequence[Slot]]
) -> tuple[Control, ...]:
    """Return every parameter with its value, then the triggers (new piece, panic).

    Args:
        parameters: Where they stand.
        styles: Names of the styles of the bundle, in the order of their weights.
        controllers: The controllers of what has a name in `runtime.parameters.controllers.KNOBS`.

    """
    values = [(name, getattr(parameters, name)) for name in _FIELDS]
    turned = [(name.replace("_", "-"), _words(name, value, styles)) for name, value in values]
    known = [*turned, *((name, "") for name in _PUSHED)]
    return tuple(Control(name, value, _numbers(name, controllers)) for name, value in known)


def style_of(parameters: Parameters, styles: Sequence[str]) -> str:
    """Return the styles that have a weight, in the words of `--style`."""
    return shown({name: weight for name, weight in zip(styles, parameters.style, strict=True) if weight > 0})


def _turns(name: str, knob: str) -> bool:
    """Tell whether what has that name turns the knob, or a part of it ("register-low", "temperature-pitch")."""
    parts = [f"{knob}-{part}" for part in ("low", "high", *HEADS)]
    return name in (knob, *parts) or (knob == "style" and name in STYLE_KNOBS)


def _numbers(knob: str, controllers: Mapping[str, Sequence[Slot]]) -> tuple[int, ...]:
    """Controllers on whatever channel."""
    return tuple(sorted({number for name in _names(knob) for number, _ in controllers.get(name, ())}))


@cache
def _names(knob: str) -> tuple[str, ...]:
    """What a knob is called by the controllers that turn it."""
    return tuple(name for name in KNOBS if _turns(name, knob))


_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Parameters))
_PUSHED: Final = tuple(name for name in KNOBS if not any(_turns(name, field.replace("_", "-")) for field in _FIELDS))


def _words(name: str, value: object, styles: Sequence[str]) -> str:
    if name == "style" and isinstance(value, tuple):
        return shown({style: weight for style, weight in zip(styles, value, strict=True) if weight > 0})
    match value:
        case None:
            return "off"
        case bool():
            return "on" if value else "off"
        case int() | float():
            return f"{value:.4g}"
        case tuple():
            return _several(value)
    return str(value)


def _several(values: Iterable[object]) -> str:
    """One number where all are alike, as with the temperatures of the heads."""
    words = [_words("", value, ()) for value in values]
    return words[0] if len(set(words)) == 1 else " ".join(words)
