"""How this program is installed: into an environment of Python's by some tool, or as the app, which has its own Python.

It follows how the program starts itself, and how what is left out is added.
"""

import sys
from pathlib import Path
from typing import Final

import msgspec

COMMANDS_FOR_TRAINING: Final = ("train", "advise", "evaluate", "export")
"""Subcommands of the packages that the app leaves out."""
TRAINING_ELSEWHERE: Final = (
    "the app plays styles and cannot train them: that takes LSTM Composer for Python 3.11 to 3.13, "
    'pip install "lstm-composer[train,panel]"; a style that its panel exports is found by the app too'
)
_NAME: Final = "lstm-composer"


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


def adding(extra: str, environment: Path | None = None) -> str:
    """Return the command that adds an extra, of the tool that made the installation.

    Args:
        extra: Such as "panel".
        environment: Where the program is installed; None for the environment that runs.

    """
    if is_app():
        return how_to_install(f'"{_NAME}[{extra}]"')
    folder = Path(sys.prefix) if environment is None else environment
    if folder.parent.name == "venvs" and (folder / "pipx_metadata.json").exists():
        return f'pipx inject {_NAME} "{_NAME}[{extra}]"'
    receipt = folder / "uv-receipt.toml"
    if receipt.exists():
        return _uv_command(receipt, extra)
    return f'pip install "{_NAME}[{extra}]"'


class _Requirement(msgspec.Struct):
    name: str
    extras: list[str] = []
    path: str = _NAME


class _Tool(msgspec.Struct):
    requirements: list[_Requirement]


class _Receipt(msgspec.Struct):
    tool: _Tool


def _uv_command(receipt: Path, extra: str) -> str:
    """A tool of uv's has no pip: it is installed anew, from where it came, with the extras that it has and one more."""
    try:
        requirements = msgspec.toml.decode(receipt.read_bytes(), type=_Receipt).tool.requirements
    except (OSError, msgspec.MsgspecError):
        requirements = []
    present = next((one for one in requirements if one.name == _NAME), _Requirement(_NAME))
    extras = ",".join(dict.fromkeys([*present.extras, extra]))
    return f'uv tool install "{present.path}[{extras}]"'
