"""The words that turn the knobs: one command a line, on standard input.

Such as::

    temperature 0.8         temperature pitch 0.5      min-p 0.05          density 0.4
    register 40 84          key F# minor               key off             swing 0.5
    velocity 70             velocity off               velocity-range 0.5  humanise 0.4
    style bach              style bach:0.7,joplin:0.3  style-strength 1.5
    new                     mute on
    hold 2                  hold off                   variation 0.3       panic
    volume 0.8
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from runtime.bundle import MOST_STRENGTH
from runtime.encoding import HEADS, PITCHES
from runtime.errors import InputError
from runtime.steering.knobs import Knobs, with_temperature
from runtime.steering.scales import pitch_classes
from runtime.style_mix import read_mix

HELD_BARS: Final = (0, 1, 2, 4, 8)
"""How many bars can be held; 0 lets go."""


class When(Enum):
    """When a change is heard."""

    SOON = "as soon as the notes that are already on their way have been played"
    BAR = "from the next bar line"


@dataclass(frozen=True, slots=True)
class Change:
    """What a command asks for.

    Attributes:
        knobs: Where the knobs stand now.
        when: When that is heard.
        new_idea: Whether a new piece begins with the next bar.
        panic: Whether everything that sounds is to be ended at once.

    """

    knobs: Knobs
    when: When = When.SOON
    new_idea: bool = False
    panic: bool = False


def obey(line: str, knobs: Knobs, styles: Sequence[str]) -> Change:
    """Read a command.

    Args:
        line: See the head of this module.
        knobs: Where they stood before.
        styles: Names of the styles that the bundle holds.

    Raises:
        InputError: If the line is no command, or a value is not allowed.

    """
    word, _, rest = line.strip().partition(" ")
    if word.lower() not in _COMMANDS:
        raise InputError(f"command {word!r} is unknown: {', '.join(_COMMANDS)}")
    if word.lower() == "style":
        return Change(replace(knobs, style=_style(rest, styles)), When.BAR)
    return _COMMANDS[word.lower()](rest.strip(), knobs)


def _temperature(text: str, knobs: Knobs) -> Change:
    head, _, value = text.rpartition(" ")
    if head and head not in HEADS:
        raise InputError(f"temperature {text}: {head!r} is none of {', '.join(HEADS)}")
    return Change(with_temperature(knobs, _number("temperature", value, 0, 5), head or None))


def _register(text: str, knobs: Knobs) -> Change:
    words = text.split()
    if len(words) != 2:
        raise InputError(f"register {text}: give the lowest and the highest pitch, such as register 48 84")
    lowest, highest = (int(_number("register", word, 0, PITCHES - 1)) for word in words)
    if lowest > highest:
        raise InputError(f"register {lowest} {highest}: the lowest comes first")
    return Change(replace(knobs, register=(lowest, highest)))


def _key(text: str, knobs: Knobs) -> Change:
    if text.lower() == "off":
        return Change(replace(knobs, key=None))
    pitch_classes(text)
    return Change(replace(knobs, key=text))


def _velocity(text: str, knobs: Knobs) -> Change:
    value = None if text.lower() == "off" else int(_number("velocity", text, 1, 127))
    return Change(replace(knobs, velocity=value))


def _velocity_range(text: str, knobs: Knobs) -> Change:
    return Change(replace(knobs, velocity_range=_number("velocity-range", text, 0, 2)))


def _mute(text: str, knobs: Knobs) -> Change:
    if text.lower() not in ("on", "off"):
        raise InputError(f"mute {text}: on or off")
    return Change(replace(knobs, mute=text.lower() == "on"))


def _hold(text: str, knobs: Knobs) -> Change:
    if text.lower() not in ("off", *map(str, HELD_BARS[1:])):
        raise InputError(f"hold {text}: off, or a number of bars: {', '.join(map(str, HELD_BARS[1:]))}")
    return Change(replace(knobs, hold=0 if text.lower() == "off" else int(text)), When.BAR)


def _style(text: str, styles: Sequence[str]) -> tuple[float, ...]:
    mix: Mapping[str, float] = read_mix(text)
    unknown = [name for name in mix if name not in styles]
    if unknown:
        raise InputError(f"style {unknown[0]!r} is not in this bundle, which holds {', '.join(styles)}")
    return tuple(mix.get(name, 0.0) for name in styles)


def _number(name: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise InputError(f"{name} {text}: give a number from {low:g} to {high:g}")
    return value


_COMMANDS: dict[str, Callable[[str, Knobs], Change]] = {
    "temperature": _temperature,
    "min-p": lambda text, knobs: Change(replace(knobs, min_p=_number("min-p", text, 0, 1))),
    "density": lambda text, knobs: Change(replace(knobs, density=_number("density", text, -1, 1))),
    "register": _register,
    "key": _key,
    "velocity": _velocity,
    "velocity-range": _velocity_range,
    "style-strength": lambda text, knobs: Change(
        replace(knobs, style_strength=_number("style-strength", text, 0, MOST_STRENGTH))
    ),
    "swing": lambda text, knobs: Change(replace(knobs, swing=_number("swing", text, 0, 1))),
    "humanise": lambda text, knobs: Change(replace(knobs, humanise=_number("humanise", text, 0, 1))),
    "mute": _mute,
    "hold": _hold,
    "variation": lambda text, knobs: Change(replace(knobs, variation=_number("variation", text, 0, 1))),
    "volume": lambda text, knobs: Change(replace(knobs, volume=_number("volume", text, 0, 1))),
    "new": lambda _, knobs: Change(knobs, When.BAR, new_idea=True),
    "panic": lambda _, knobs: Change(knobs, panic=True),
    "style": lambda _, knobs: Change(knobs),  # handled by `obey`, which knows the styles
}
