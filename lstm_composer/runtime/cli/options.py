"""What the command lines of all three packages share."""

import argparse
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Never

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.parameters.table import COMMANDS
from lstm_composer.runtime.system.visible_text import shortened, visible

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MOST_DIGITS: Final = 20
_MOST_SHOWN: Final = 60


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaint is one line, like every other of the program.

    Raises:
        InputError: From `parse_args`, where argparse would print its usage and exit.

    """

    def error(self, message: str) -> Never:
        """Raise the complaint instead of printing it."""
        raise InputError(f"{message}; see {self.prog} --help")

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """Return the value of an argument: of `--flag=--` two dashes, where argparse finds none at all."""
        if action.option_strings and action.nargs in (None, argparse.OPTIONAL) and arg_strings == ["--"]:
            value = self._get_value(action, "--")
            self._check_value(action, value)
            return value
        return super()._get_values(action, arg_strings)


def given_path(text: str) -> Path:
    """Read a path.

    Raises:
        argparse.ArgumentTypeError: If it is empty, which Python would take for the current folder, or no file can be
            called so.

    """
    if not text:
        raise argparse.ArgumentTypeError("an empty name is not allowed: name a file or a folder")
    try:
        is_possible = b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        is_possible = False
    if not is_possible:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not allowed: no file can be called so")
    return Path(text)


def given_text(text: str) -> str:
    """Read a text, such as a name, or a path that may also be a name.

    Raises:
        argparse.ArgumentTypeError: If it is empty.

    """
    if not text:
        raise argparse.ArgumentTypeError("an empty name is not allowed: write what is meant")
    return text


def number(lowest: float, highest: float) -> Callable[[str], float]:
    """Return a reader of numbers between two, both allowed; it raises argparse.ArgumentTypeError for all others."""

    def read(given: str) -> float:
        value = as_number(given)
        if not lowest <= value <= highest:
            raise argparse.ArgumentTypeError(
                f"{shown(given)} is not allowed: give a number from {lowest:g} to {highest:g}"
            )
        return value

    return read


def number_of(parameter: str) -> Callable[[str], float]:
    """Return a reader of a parameter's values; it raises argparse.ArgumentTypeError for all others."""
    return number(COMMANDS[parameter].low, COMMANDS[parameter].high)


def range_of(parameter: str) -> str:
    """Return what a parameter can be set to, in words such as 0..5."""
    return f"{COMMANDS[parameter].low:g}..{COMMANDS[parameter].high:g}"


def help_of(parameter: str) -> str:
    """Return what a parameter can be set to, and what it does."""
    return f"{range_of(parameter)}: {COMMANDS[parameter].help}"


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a reader of whole numbers, none below 0; it raises argparse.ArgumentTypeError for all others."""

    def read(given: str) -> int:
        value = as_whole(given)
        if value is None or not lowest <= value <= highest:
            raise argparse.ArgumentTypeError(
                f"{shown(given)} is not allowed: give a whole number from {lowest} to {highest}"
            )
        return value

    return read


def as_number(given: str) -> float:
    """Read a number in plain digits; NaN where it is none. Python's own reader takes 1_000, nan and ٣ as well."""
    return float(given) if _NUMBER.fullmatch(given.strip(" ")) else math.nan


def as_whole(given: str) -> int | None:
    """Read a whole number, 0 or above, in plain digits; None where it is none, or longer than any that is of use."""
    stripped = given.strip(" ")
    if not (stripped.isascii() and stripped.isdecimal()) or len(stripped.lstrip("0")) > _MOST_DIGITS:
        return None
    return int(stripped.lstrip("0") or "0")


def shown(given: str) -> str:
    """A value as a message repeats it: on one line and not at any length; quoted where it might be overlooked."""
    short = shortened(visible(given), _MOST_SHOWN)
    return short if given.strip() == given and given else f"'{short}'"
