"""Whether what the panel needs is installed."""

from importlib.util import find_spec
from typing import Final

_NEEDED: Final = ("starlette", "uvicorn", "websockets")


def missing_packages() -> tuple[str, ...]:
    """Return the names of the packages that the panel needs and that are not installed."""
    return tuple(name for name in _NEEDED if find_spec(name) is None)
