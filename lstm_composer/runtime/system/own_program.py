"""What this program is: a package of a Python, or the app, which brings a Python of its own and starts no other."""

import sys
from typing import Final

COMMANDS_FOR_TRAINING: Final = ("train", "advise", "evaluate", "export")
"""Subcommands of the packages that the app leaves out."""
TRAINING_ELSEWHERE: Final = (
    "the app plays styles and cannot train them: that takes LSTM Composer for Python 3.11 to 3.13, "
    'pip install "lstm-composer[train,panel]"; a style that its panel exports is found by the app too'
)


def is_app() -> bool:
    """Tell whether this is the app, as PyInstaller makes it."""
    return bool(getattr(sys, "frozen", False))


def own_program() -> tuple[str, ...]:
    """Return the words that start `lstm-composer` as a process of its own, to which its arguments are added."""
    return (sys.executable,) if is_app() else (sys.executable, "-m", "lstm_composer")


def how_to_install(packages: str) -> str:
    """Say how packages are installed that are left out, as pip is told their names."""
    command = f"pip install {packages}"
    return f"LSTM Composer for Python, not this app, and there {command}" if is_app() else command
