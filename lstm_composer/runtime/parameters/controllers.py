"""The parameters that MIDI controllers and program changes set."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from lstm_composer.runtime.midi.input import ControlChange
from lstm_composer.runtime.parameters.commands import Change, changed, pressed
from lstm_composer.runtime.parameters.parameters import Parameters, with_temperature
from lstm_composer.runtime.parameters.table import COMMANDS, CONTROLLABLE, HIGHEST_POSITION, Kind, Parameter

SWITCH: Final = 64
"""Positions from this on mean "on" (MIDI 1.0)."""
ALWAYS_ON: Final = frozenset({120, 123})
"""All sound off and all notes off say nothing by their value, which is 0 (MIDI 1.0)."""


def set_from_controller(parameters: Parameters, name: str, position: int) -> Change | None:
    """Set a parameter from a controller's position 0..127; None if nothing changes (a trigger that is released)."""
    parameter = CONTROLLABLE[name]
    return _SETTERS[parameter.kind](parameter, parameters, position)


def set_from_program(parameters: Parameters, program: int) -> Change | None:
    """Set the style from a program 0..127; None if the bundle has fewer."""
    if program >= len(parameters.style):
        return None
    style = tuple(float(index == program) for index in range(len(parameters.style)))
    return changed(COMMANDS["style"], parameters, style)


def position_of(message: ControlChange) -> int:
    """Return where a controller stands, 0..127."""
    return HIGHEST_POSITION if message.number in ALWAYS_ON else message.value


def _set_number(parameter: Parameter, parameters: Parameters, position: int) -> Change:
    return changed(parameter, parameters, parameter.at_controller(position))


def _set_whole(parameter: Parameter, parameters: Parameters, position: int) -> Change:
    return changed(parameter, parameters, max(int(parameter.low), int(parameter.at_controller(position))))


def _set_temperature(parameter: Parameter, parameters: Parameters, position: int) -> Change:
    head = parameter.head if parameter.kind == "head" else None
    return Change(with_temperature(parameters, parameter.at_controller(position), head))


def _set_lowest(_: Parameter, parameters: Parameters, position: int) -> Change:
    return Change(replace(parameters, register=(position, max(position, parameters.register[1]))))


def _set_highest(_: Parameter, parameters: Parameters, position: int) -> Change:
    return Change(replace(parameters, register=(min(position, parameters.register[0]), position)))


def _set_morph(parameter: Parameter, parameters: Parameters, position: int) -> Change:
    return Change(replace(parameters, style=_morphed(parameters.style, parameter.at_controller(position))))


def _morphed(style: tuple[float, ...], share: float) -> tuple[float, ...]:
    """Between the first two styles that have been asked for, or the first two of the bundle."""
    if len(style) == 1:
        return style
    named = [index for index, weight in enumerate(style) if weight > 0]
    first, second = named[:2] if len(named) > 1 else (0, 1)
    return tuple(1 - share if index == first else share if index == second else 0.0 for index in range(len(style)))


def _set_switch(parameter: Parameter, parameters: Parameters, position: int) -> Change:
    return changed(parameter, parameters, position >= SWITCH)


def _set_bars(parameter: Parameter, parameters: Parameters, position: int) -> Change | None:
    """As many places of the controller as there are numbers of bars."""
    bars = parameter.bars[position * len(parameter.bars) // (HIGHEST_POSITION + 1)]
    change = changed(parameter, parameters, bars)
    return None if change.parameters == parameters else change


def _set_trigger(parameter: Parameter, parameters: Parameters, position: int) -> Change | None:
    return pressed(parameter, parameters) if position >= SWITCH else None


_SETTERS: Final[Mapping[Kind, Callable[[Parameter, Parameters, int], Change | None]]] = {
    "number": _set_number,
    "whole": _set_whole,
    "temperature": _set_temperature,
    "head": _set_temperature,
    "lowest pitch": _set_lowest,
    "highest pitch": _set_highest,
    "morph": _set_morph,
    "switch": _set_switch,
    "bars": _set_bars,
    "trigger": _set_trigger,
}
"""How a kind of parameter is set from a controller's position."""
