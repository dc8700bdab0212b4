"""The user's map as a file: `--map FILE.toml`, or map.toml in the user's configuration folder.

Such as::

    default = true        # other controllers do what they do by default; false: nothing but what is named here

    [controllers]
    21 = "temperature"
    22 = {knob = "density", low = -0.5, high = 0.5, channel = 3}
    23 = {knob = "temperature-pitch", low = 1.5, high = 0.5}     # turned up, it cools
    24 = [{knob = "swing", channel = 1}, {knob = "morph", channel = 2}]
    74 = "off"            # turns nothing, whatever it does by default

    [notes]               # a note that begins says a command line; so does a program change
    36 = "new"
    37 = {say = "key C minor", channel = 10}

    [programs]
    5 = "style bach:0.5,ragtime:0.5"

Without a channel, messages on all channels count. `low` and `high` are where the knob stands with the controller at 0
and at 127, in the units of its command. A program that is not named is a style, as usual. With `default = false` the
panic of 120 and 123 has to be named as well.

The program only reads this file. What is learnt while playing is kept in another (`runtime.parameters.learnt_file`);
version 0.1 kept it here, in a table `[learnt]` that is written like `[controllers]` and goes before it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.parameters.commands import parse_command
from lstm_composer.runtime.parameters.midi_map import OFF, Binding, Bound, ControlMap, Slot, binding
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.table import HIGHEST_POSITION
from lstm_composer.runtime.system.foreign_files import read_foreign_toml
from lstm_composer.runtime.system.user_folders import user_config_dir
from lstm_composer.runtime.system.visible_text import shortened, visible

CHANNELS: Final = 16
_MOST_SHOWN: Final = 600
"""Characters of what is wrong: it quotes the file, whose words may have any length."""
LARGEST: Final = 1e6
"""No parameter goes that far; beyond it TOML has whole numbers that no float can hold."""
LEARNT: Final = "learnt"
"""The table of what controllers were taught."""


def default_path() -> Path:
    """Where the map is looked for without --map."""
    return user_config_dir() / "map.toml"


def read_map(path: Path, parameters: Parameters, styles: Sequence[str]) -> ControlMap:
    """Read a map.

    Args:
        path: The file.
        parameters: Any, to try the command lines on.
        styles: Names of the styles that the bundle holds.

    Raises:
        InputError: If it cannot be read, or something in it is not allowed; names the file and the key.

    """
    with naming(f"map {visible(str(path))}"):
        return _control_map(_content(path), parameters, styles)


@contextmanager
def naming(file: str) -> Iterator[None]:
    """Put the name of a file before what is found wrong with it."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{file}: {shortened(str(error), _MOST_SHOWN)}") from error
    except ValueError as error:  # hexadecimal numbers may be longer than Python can show
        raise InputError(f"{file}: a number in it is too long: mend it") from error


def _content(path: Path) -> dict[str, Any]:
    try:
        return read_foreign_toml(path)
    except InputError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise InputError("there is no such file; to learn into a new one, make an empty one first") from error
        raise InputError(f"it {error}: mend it, or name another file") from error


def _control_map(content: Mapping[str, Any], parameters: Parameters, styles: Sequence[str]) -> ControlMap:
    refuse_unknown(content, ("default", "controllers", "notes", "programs", LEARNT))
    default = content.get("default", True)
    if not isinstance(default, bool):
        raise InputError(f"default: {default!r} is not allowed: give true or false")

    def line(value: Any) -> str:
        return _read_line(value, parameters, styles)

    return ControlMap(
        learnt=read_bindings(content, LEARNT, parameters, styles),
        controllers=read_bindings(content, "controllers", parameters, styles),
        notes=dict(_slots(content, "notes", line)),
        programs=dict(_slots(content, "programs", line)),
        default=default,
    )


def read_bindings(
    content: Mapping[str, Any], table: str, parameters: Parameters, styles: Sequence[str]
) -> dict[Slot, Binding]:
    """Read a table that says what controllers turn.

    Args:
        content: Of the file, as TOML gives it; it need not have the table.
        table: Its name.
        parameters: Any, to try the bindings on.
        styles: Names of the styles that the bundle holds.

    Raises:
        InputError: If something in it is not allowed; names the key.

    """
    return dict(_slots(content, table, lambda value: _read_binding(value, parameters, styles)))


def _slots(content: Mapping[str, Any], table: str, read: Callable[[Any], Bound]) -> Iterator[tuple[Slot, Bound]]:
    """Read the lines of a table, each with one value or, for several channels, a list of them."""
    lines = content.get(table, {})
    if not isinstance(lines, dict):
        raise InputError(f"{table}: {lines!r} is not allowed: write [{table}] and a line for each number below it")
    for key, values in lines.items():
        try:
            number = _whole(key, "", 0, HIGHEST_POSITION)
            for value in values if isinstance(values, list) else [values]:
                yield (number, _channel(value)), read(value)
        except InputError as error:
            raise InputError(f"{table}.{key}: {error}") from error


def _channel(value: Any) -> int | None:
    if not isinstance(value, dict) or "channel" not in value:
        return None
    return _whole(value["channel"], "channel ", 1, CHANNELS)


def _whole(value: Any, name: str, lowest: int, highest: int) -> int:
    text = str(value)  # a key is text, whatever it says; of the other values true and 1.0 do not look like digits
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and lowest <= int(text) <= highest):
        raise InputError(f"{name}{value!r} is not allowed: give a whole number from {lowest} to {highest}")
    return int(text)


def _read_binding(value: Any, parameters: Parameters, styles: Sequence[str]) -> Binding:
    entry = {"knob": value} if isinstance(value, str) else value
    if not isinstance(entry, dict) or not isinstance(entry.get("knob"), str):
        raise InputError(f'{value!r} is not allowed: write "density", say, or {{knob = "density", channel = 3}}')
    refuse_unknown(entry, ("knob", "low", "high", "channel"))
    return Binding(OFF) if entry["knob"] == OFF else binding(entry["knob"], _travel(entry), parameters, styles)


def _travel(entry: Mapping[str, Any]) -> tuple[float, float] | None:
    if "low" not in entry and "high" not in entry:
        return None
    if "low" not in entry or "high" not in entry:
        raise InputError("low and high go together: give both")
    return _number(entry, "low"), _number(entry, "high")


def _number(entry: Mapping[str, Any], name: str) -> float:
    value = entry[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise InputError(f"{name} {value!r} is not allowed: give a number that the knob can stand at")
    return float(value)


def _read_line(value: Any, parameters: Parameters, styles: Sequence[str]) -> str:
    entry = {"say": value} if isinstance(value, str) else value
    if not isinstance(entry, dict) or not isinstance(entry.get("say"), str):
        raise InputError(f'{value!r} is not allowed: write a command line, such as "new" or "key C minor"')
    refuse_unknown(entry, ("say", "channel"))
    parse_command(entry["say"], parameters, styles)
    return str(entry["say"])


def refuse_unknown(entry: Mapping[str, Any], known: Sequence[str]) -> None:
    """Refuse a table that has other keys than those known.

    Raises:
        InputError: If it has.

    """
    for name in entry:
        if name not in known:
            raise InputError(f"{name!r} is unknown: choose one of {', '.join(known)}")
