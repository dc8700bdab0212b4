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
    """Read a path.

    Raises:
        argparse.ArgumentTypeError: If it is empty, which Python would take for the current folder.

    """
    if not text:
        raise argparse.ArgumentTypeError("an empty name is not allowed: name a file or a folder")
    return Path(text)


def given_text(text: str) -> str:
    """Read a text, such as a name, or a path that may also be a name.

    Raises:
        argparse.ArgumentTypeError: If it is empty.

    """
    if not text:
        raise argparse.ArgumentTypeError("an empty name is not allowed: write what is meant")
    return text
