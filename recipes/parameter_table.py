"""Write the table of parameters in docs/playing.md anew, from lstm_composer/runtime/parameters/table.py.

python recipes/parameter_table.py
"""

from pathlib import Path
from typing import Final

from lstm_composer.runtime.parameters.controllers import ALWAYS_ON, SWITCH
from lstm_composer.runtime.parameters.table import HIGHEST_POSITION, PARAMETERS, Parameter

PAGE: Final = Path(__file__).parents[1] / "docs" / "playing.md"
HEADING: Final = "| parameter | values | what it does | controller |"
MIDI_NAMES: Final = {1: "modulation", 7: "volume", 11: "expression"}
"""Of controllers that say by their number what they are for (MIDI 1.0)."""


def with_table(page: str) -> str:
    """Return the page with the table as it should be; raises ValueError if it has none."""
    lines = page.split("\n")
    first = lines.index(HEADING)
    after = next((at for at in range(first, len(lines)) if not lines[at].startswith("|")), len(lines))
    return "\n".join([*lines[:first], HEADING, "|---|---|---|---|", *map(_row, PARAMETERS), *lines[after:]])


def _row(parameter: Parameter) -> str:
    return f"| `{parameter.name}` | {_values(parameter)} | {parameter.help} | {_controllers(parameter)} |"


def _values(parameter: Parameter) -> str:
    span = f"{parameter.low:g} to {parameter.high:g}"
    others = {
        "whole": f"{span}, or off" if parameter.can_be_off else span,
        "register": f"two pitches, {span}",
        "key": "such as F# minor, or off",
        "style": "such as bach, or bach:0.7,ragtime:0.3",
        "switch": "on or off",
        "bars": f"{', '.join(str(bars) for bars in parameter.bars if bars)}, or off",
        "trigger": "",
    }
    return others.get(parameter.kind, span)


def _controllers(parameter: Parameter) -> str:
    numbers = ", ".join(
        f"{number} ({MIDI_NAMES[number]})" if number in MIDI_NAMES else f"{number}" for number in parameter.controllers
    )
    return ": ".join(part for part in (numbers, _travel(parameter)) if part)


def _travel(parameter: Parameter) -> str:
    """What a controller does from 0 to 127, where it does not simply go through all values."""
    if parameter.controller_range is not None and parameter.controller_range != (0, HIGHEST_POSITION):
        low, high = parameter.controller_range
        return f"{low:g} to {high:g}"
    match parameter.kind:
        case "switch":
            return f"on from {SWITCH}"
        case "trigger" if not ALWAYS_ON.issuperset(parameter.controllers):
            return f"from {SWITCH}"
        case "bars":
            return "off, then one after the other"
    return ""


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
