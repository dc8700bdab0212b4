"""The commands that set parameters: one a line, on standard input.

Such as::

    temperature 0.8         temperature pitch 0.5      min-p 0.05          density 0.4
    register 40 84          key F# minor               key off             swing 0.5
    velocity 70             velocity off               velocity-range 0.5  humanise 0.4
    accents 0.5             returns 0.3
    style bach              style bach:0.7,ragtime:0.3  style-strength 1.5
    new                     mute on
    hold 2                  hold off                   variation 0.3       panic
    volume 0.8

What can be let go is let go by off, 0 and false alike, as buttons send them: key, velocity, mute and hold. To new and
panic, which are over when they have been said, they say nothing.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.event_encoding import HEADS
from lstm_composer.runtime.music.scales import pitch_classes
from lstm_composer.runtime.parameters.parameters import Parameters, with_temperature, with_value
from lstm_composer.runtime.parameters.style_mix import read_mix
from lstm_composer.runtime.parameters.table import COMMANDS, Kind, Parameter, TakesEffect

_LET_GO: Final = frozenset({"off", "false", "no"})
_PRESSED: Final = frozenset({"on", "true", "yes"})


@dataclass(frozen=True, slots=True)
class Change:
    """What a command asks for.

    Attributes:
        parameters: Their values after the change.
        takes_effect: When the change is heard.
        new_piece: Whether a new piece begins with the next bar.
        panic: Whether everything that sounds is to be ended at once.

    """

    parameters: Parameters
    takes_effect: TakesEffect = TakesEffect.IMMEDIATELY
    new_piece: bool = False
    panic: bool = False


def parse_command(line: str, parameters: Parameters, styles: Sequence[str]) -> Change:
    """Parse a command.

    Args:
        line: See the head of this module.
        parameters: Their values before.
        styles: Names of the styles that the bundle holds.

    Raises:
        InputError: If the line is no command, or a value is not allowed.

    """
    word, _, rest = line.strip().partition(" ")
    parameter = COMMANDS.get(word.lower())
    if parameter is None:
        raise InputError(f"command {word!r} is unknown: {', '.join(COMMANDS)}")
    if parameter.kind == "style":
        return changed(parameter, parameters, _style(rest, styles))
    return _READERS[parameter.kind](parameter, rest.strip(), parameters)


def changed(parameter: Parameter, parameters: Parameters, value: object) -> Change:
    """Return what it is to set a parameter to a value."""
    return Change(with_value(parameters, parameter.field, value), parameter.takes_effect)


def pressed(trigger: Parameter, parameters: Parameters) -> Change:
    """Return what it is to press a trigger."""
    is_new, is_panic = trigger.name == "new", trigger.name == "panic"
    return Change(parameters, trigger.takes_effect, new_piece=is_new, panic=is_panic)


def _read_number(parameter: Parameter, text: str, parameters: Parameters) -> Change:
    return changed(parameter, parameters, _number(parameter, text))


def _read_temperature(parameter: Parameter, text: str, parameters: Parameters) -> Change:
    head, _, value = text.rpartition(" ")
    if head and head not in HEADS:
        raise InputError(f"temperature {text}: {head!r} is none of {', '.join(HEADS)}")
    return Change(with_temperature(parameters, _number(parameter, value), head or None))


def _read_register(parameter: Parameter, text: str, parameters: Parameters) -> Change:
    words = text.split()
    if len(words) != 2:
        raise InputError(f"register {text}: give the lowest and the highest pitch, such as register 48 84")
    lowest, highest = (int(_number(parameter, word)) for word in words)
    if lowest > highest:
        raise InputError(f"register {lowest} {highest}: the lowest comes first")
    return changed(parameter, parameters, (lowest, highest))


def _read_key(parameter: Parameter, text: str, parameters: Parameters) -> Change:
    if _switch(text) is False:
        return changed(parameter, parameters, None)
    pitch_classes(text)
    return changed(parameter, parameters, text)


def _read_whole(parameter: Parameter, text: str, parameters: Parameters) -> Change:
    value = None if parameter.can_be_off and _switch(text) is False else int(_number(parameter, text))
    return changed(parameter, parameters, value)


def _read_switch(parameter: Parameter, text: str, parameters: Parameters) -> Change:
    value = _switch(text)
    if value is None:
        raise InputError(f"{parameter.name} {text}: on or off")
    return changed(parameter, parameters, value)


def _read_bars(parameter: Parameter, text: str, parameters: Parameters) -> Change:
    is_word = text.lower() in _LET_GO | _PRESSED
    number = float(text.lower() in _PRESSED) if is_word else _float(text)
    if number not in parameter.bars:
        allowed = ", ".join(str(bars) for bars in parameter.bars if bars)
        raise InputError(f"{parameter.name} {text}: off, or a number of bars: {allowed}")
    return changed(parameter, parameters, int(number))


def _read_trigger(parameter: Parameter, text: str, parameters: Parameters) -> Change:
    """Press it, unless it is let go."""
    is_pressed = _switch(text) if text else True
    if is_pressed is None:
        raise InputError(f"{parameter.name} {text}: say {parameter.name} alone")
    return pressed(parameter, parameters) if is_pressed else Change(parameters)


def _switch(text: str) -> bool | None:
    """Return what a switch is set to, by a word or a number; None for what is neither."""
    if text.lower() in _LET_GO | _PRESSED:
        return text.lower() in _PRESSED
    number = _float(text)
    return None if math.isnan(number) else number != 0


def _style(text: str, styles: Sequence[str]) -> tuple[float, ...]:
    mix: Mapping[str, float] = read_mix(text)
    unknown = [name for name in mix if name not in styles]
    if unknown:
        raise InputError(f"style {unknown[0]!r} is not in this bundle, which holds {', '.join(styles)}")
    return tuple(mix.get(name, 0.0) for name in styles)


def _number(parameter: Parameter, text: str) -> float:
    value = _float(text)
    if not parameter.low <= value <= parameter.high:
        allowed = f"{parameter.low:g} to {parameter.high:g}"
        raise InputError(f"{parameter.name} {text}: give a number from {allowed}")
    return value


def _float(text: str) -> float:
    """Read a number; what is none is no number in floats as well."""
    try:
        return float(text)
    except ValueError:
        return math.nan


_READERS: Final[Mapping[Kind, Callable[[Parameter, str, Parameters], Change]]] = {
    "number": _read_number,
    "temperature": _read_temperature,
    "register": _read_register,
    "key": _read_key,
    "whole": _read_whole,
    "switch": _read_switch,
    "bars": _read_bars,
    "trigger": _read_trigger,
}
"""How the value of a kind of parameter is read off a command line; `parse_command` itself knows the styles."""
