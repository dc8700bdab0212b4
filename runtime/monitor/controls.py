"""The knobs in words, each with the controllers that turn it."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

from runtime.encoding import HEADS
from runtime.monitor.snapshot import Control
from runtime.steering.controllers import KNOBS
from runtime.steering.knobs import Knobs
from runtime.steering.mapping import Slot
from runtime.style_mix import shown

STYLE_KNOBS = ("morph",)
"""Names of controllers that turn the style, whatever they are called."""


def controls_of(
    knobs: Knobs, styles: Sequence[str], controllers_of: Callable[[str], Sequence[Slot]]
) -> tuple[Control, ...]:
    """Return every knob where it stands, then what is only pushed (a new idea, panic).

    Args:
        knobs: Where they stand.
        styles: Names of the styles of the bundle, in the order of their weights.
        controllers_of: The controllers that turn what has a name in `runtime.steering.controllers.KNOBS`.

    """
    values = {field.name: getattr(knobs, field.name) for field in dataclasses.fields(knobs)}
    turned = {name.replace("_", "-"): _words(name, value, styles) for name, value in values.items()}
    pushed = [name for name in KNOBS if not any(_turns(name, knob) for knob in turned)]
    known = [*turned.items(), *((name, "") for name in pushed)]
    return tuple(Control(name, value, _numbers(name, controllers_of)) for name, value in known)


def style_of(knobs: Knobs, styles: Sequence[str]) -> str:
    """Return the styles that have a weight, in the words of `--style`."""
    return shown({name: weight for name, weight in zip(styles, knobs.style, strict=True) if weight > 0})


def _turns(name: str, knob: str) -> bool:
    """Tell whether what has that name turns the knob, or a part of it ("register-low", "temperature-pitch")."""
    parts = [f"{knob}-{part}" for part in ("low", "high", *HEADS)]
    return name in (knob, *parts) or (knob == "style" and name in STYLE_KNOBS)


def _numbers(knob: str, controllers_of: Callable[[str], Sequence[Slot]]) -> tuple[int, ...]:
    """Controllers on whatever channel."""
    names = [name for name in KNOBS if _turns(name, knob)]
    return tuple(sorted({number for name in names for number, _ in controllers_of(name)}))


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
