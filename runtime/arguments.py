"""What the command lines of all three packages share."""

import argparse
from pathlib import Path
from typing import Never

from runtime.errors import InputError


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaint is one line, like every other of the program.

    Raises:
        InputError: From `parse_args`, where argparse would print its usage and exit.

    """

    def error(self, message: str) -> Never:
        """Raise the complaint instead of printing it."""
        raise InputError(f"{message}; see {self.prog} --help")


def given_path(text: str) -> Path:
    """A path as an argument; nothing at all, which Python takes for the current folder, is none.

    Raises:
        argparse.ArgumentTypeError: If it is empty.

    """
    return Path(given_text(text))


def given_text(text: str) -> str:
    """An argument that is not empty: the name of something, or a path that may also be a name.

    Raises:
        argparse.ArgumentTypeError: If it is empty.

    """
    if not text.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is empty: give a name or a path; . is the current folder")
    return text
