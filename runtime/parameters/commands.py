"""The commands that set parameters: one a line, on standard input.

Such as::

    temperature 0.8         temperature pitch 0.5      min-p 0.05          density 0.4
    register 40 84          key F# minor               key off             swing 0.5
    velocity 70             velocity off               velocity-range 0.5  humanise 0.4
    accents 0.5             returns 0.3
    style bach              style bach:0.7,joplin:0.3  style-strength 1.5
    new                     mute on
    hold 2                  hold off                   variation 0.3       panic
    volume 0.8

What can be let go is let go by off, 0 and false alike, as buttons send them: key, velocity, mute and hold. To new and
panic, which are over when they have been said, they say nothing.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from runtime.errors import InputError
from runtime.music.event_encoding import HEADS, PITCHES
from runtime.music.scales import pitch_classes
from runtime.parameters.parameters import MOST_STRENGTH, Parameters, with_temperature
from runtime.parameters.style_mix import read_mix

HELD_BARS: Final = (0, 1, 2, 4, 8)
"""How many bars can be held; 0 lets go."""
_LET_GO: Final = frozenset({"off", "false", "no"})
_PRESSED: Final = frozenset({"on", "true", "yes"})


class TakesEffect(Enum):
    """When a change takes effect."""

    IMMEDIATELY = "as soon as the notes that are already on their way have been played"
    NEXT_BAR = "from the next bar line"


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
    if word.lower() not in _COMMANDS:
        raise InputError(f"command {word!r} is unknown: {', '.join(_COMMANDS)}")
    if word.lower() == "style":
        return Change(replace(parameters, style=_style(rest, styles)), TakesEffect.NEXT_BAR)
    return _COMMANDS[word.lower()](rest.strip(), parameters)


def _temperature(text: str, parameters: Parameters) -> Change:
    head, _, value = text.rpartition(" ")
    if head and head not in HEADS:
        raise InputError(f"temperature {text}: {head!r} is none of {', '.join(HEADS)}")
    return Change(with_temperature(parameters, _number("temperature", value, 0, 5), head or None))


def _register(text: str, parameters: Parameters) -> Change:
    words = text.split()
    if len(words) != 2:
        raise InputError(f"register {text}: give the lowest and the highest pitch, such as register 48 84")
    lowest, highest = (int(_number("register", word, 0, PITCHES - 1)) for word in words)
    if lowest > highest:
        raise InputError(f"register {lowest} {highest}: the lowest comes first")
    return Change(replace(parameters, register=(lowest, highest)))


def _key(text: str, parameters: Parameters) -> Change:
    if _switch(text) is False:
        return Change(replace(parameters, key=None))
    pitch_classes(text)
    return Change(replace(parameters, key=text))


def _velocity(text: str, parameters: Parameters) -> Change:
    value = None if _switch(text) is False else int(_number("velocity", text, 1, 127))
    return Change(replace(parameters, velocity=value))


def _velocity_range(text: str, parameters: Parameters) -> Change:
    return Change(replace(parameters, velocity_range=_number("velocity-range", text, 0, 2)))


def _mute(text: str, parameters: Parameters) -> Change:
    mute = _switch(text)
    if mute is None:
        raise InputError(f"mute {text}: on or off")
    return Change(replace(parameters, mute=mute))


def _hold(text: str, parameters: Parameters) -> Change:
    switch = _switch(text)
    number = float(switch) if switch is not None and text.lower() in _LET_GO | _PRESSED else _float(text)
    if number not in HELD_BARS:
        raise InputError(f"hold {text}: off, or a number of bars: {', '.join(map(str, HELD_BARS[1:]))}")
    return Change(replace(parameters, hold=int(number)), TakesEffect.NEXT_BAR)


def _new(text: str, parameters: Parameters) -> Change:
    return Change(parameters, TakesEffect.NEXT_BAR, new_piece=True) if _is_pressed("new", text) else Change(parameters)


def _panic(text: str, parameters: Parameters) -> Change:
    return Change(parameters, panic=_is_pressed("panic", text))


def _is_pressed(name: str, text: str) -> bool:
    """Tell whether a trigger is meant: one that is let go is none."""
    pressed = _switch(text) if text else True
    if pressed is None:
        raise InputError(f"{name} {text}: say {name} alone")
    return pressed


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


def _number(name: str, text: str, low: float, high: float) -> float:
    value = _float(text)
    if not low <= value <= high:
        raise InputError(f"{name} {text}: give a number from {low:g} to {high:g}")
    return value


def _float(text: str) -> float:
    """Read a number; what is none is no number in floats as well."""
    try:
        return float(text)
    except ValueError:
        return math.nan


_COMMANDS: dict[str, Callable[[str, Parameters], Change]] = {
    "temperature": _temperature,
    "min-p": lambda text, parameters: Change(replace(parameters, min_p=_number("min-p", text, 0, 1))),
    "density": lambda text, parameters: Change(replace(parameters, density=_number("density", text, -1, 1))),
    "register": _register,
    "key": _key,
    "velocity": _velocity,
    "velocity-range": _velocity_range,
    "style-strength": lambda text, parameters: Change(
        replace(parameters, style_strength=_number("style-strength", text, 0, MOST_STRENGTH))
    ),
    "accents": lambda text, parameters: Change(replace(parameters, accents=_number("accents", text, 0, 1))),
    "swing": lambda text, parameters: Change(replace(parameters, swing=_number("swing", text, 0, 1))),
    "humanise": lambda text, parameters: Change(replace(parameters, humanise=_number("humanise", text, 0, 1))),
    "mute": _mute,
    "hold": _hold,
    "variation": lambda text, parameters: Change(replace(parameters, variation=_number("variation", text, 0, 1))),
    "returns": lambda text, parameters: Change(replace(parameters, returns=_number("returns", text, -1, 1))),
    "volume": lambda text, parameters: Change(replace(parameters, volume=_number("volume", text, 0, 1))),
    "new": _new,
    "panic": _panic,
    "style": lambda _, parameters: Change(parameters),  # handled by `parse_command`, which knows the styles
}
