"""The command that adds an extra to the installation that runs, by the tool that made it."""

import sys
from pathlib import Path
from typing import Final

import msgspec

_NAME: Final = "lstm-composer"


def adding(extra: str, environment: Path | None = None) -> str:
    """Return the command that adds an extra.

    Args:
        extra: Such as "panel".
        environment: Where the program is installed; None for the environment that runs.

    """
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
