"""The parameters in words, each with the controllers that set it."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from lstm_composer.runtime.monitor.snapshot import Control
from lstm_composer.runtime.parameters.midi_map import Slot
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.style_mix import shown
from lstm_composer.runtime.parameters.table import COMMANDS, WITH_VALUES, Parameter, parts_of


def controls_of(
    parameters: Parameters, styles: Sequence[str], controllers: Mapping[str, Sequence[Slot]]
) -> tuple[Control, ...]:
    """Return every parameter with its value, then the triggers (new piece, panic).

    Args:
        parameters: Where they stand.
        styles: Names of the styles of the bundle, in the order of their weights.
        controllers: The controllers that turn a parameter or a part of one, by its name.

    """
    return tuple(
        Control(row.name, _value(row, parameters, styles), _numbers(row, controllers)) for row in (*_VALUES, *_TRIGGERS)
    )


def style_of(parameters: Parameters, styles: Sequence[str]) -> str:
    """Return the styles that have a weight, in the words of `--style`."""
    return shown({name: weight for name, weight in zip(styles, parameters.style, strict=True) if weight > 0})


def _numbers(parameter: Parameter, controllers: Mapping[str, Sequence[Slot]]) -> tuple[int, ...]:
    """Controllers on whatever channel, of a parameter and its parts."""
    return tuple(sorted({number for part in parts_of(parameter) for number, _ in controllers.get(part.name, ())}))


_ORDER: Final = [field.name for field in dataclasses.fields(Parameters)]
_VALUES: Final = sorted(WITH_VALUES, key=lambda row: _ORDER.index(row.field))
_TRIGGERS: Final = [row for row in COMMANDS.values() if row.kind == "trigger"]


def _value(parameter: Parameter, parameters: Parameters, styles: Sequence[str]) -> str:
    if parameter.kind == "trigger":
        return ""
    return style_of(parameters, styles) if parameter.kind == "style" else _words(getattr(parameters, parameter.field))


def _words(value: object) -> str:
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
    words = [_words(value) for value in values]
    return words[0] if len(set(words)) == 1 else " ".join(words)
