"""What a subcommand says on standard output."""

import sys
from pathlib import Path

from lstm_composer.runtime.system.visible_text import visible


def say(text: str) -> None:
    """Print lines."""
    sys.stdout.write(f"{text}\n")


def say_of(output: Path, text: str) -> None:
    """Say something of a file that was written: not among its bytes, where these go to standard output."""
    from lstm_composer.runtime.system.pipes import is_standard_output  # noqa: PLC0415 - only the commands that write a file need it

    line = f"{visible(text)}\n"
    (sys.stderr if is_standard_output(output) else sys.stdout).write(line)
