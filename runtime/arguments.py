"""What the command lines of all three packages share."""

import argparse
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
