"""Names for the ports of several programs at once: "LSTM Composer", "LSTM Composer 2", "LSTM Composer 3" ..."""

from collections.abc import Collection, Iterator
from itertools import count
from typing import Final

DEFAULT_NAME: Final = "LSTM Composer"
MAX_NAME_BYTES: Final = 63
"""JACK's limit for a client's name, the shortest of all systems."""


def numbered(name: str) -> Iterator[str]:
    """Return a name, and then those to take if it is taken, each of at most MAX_NAME_BYTES."""
    yield name
    for number in count(2):
        ending = f" {number}"
        yield name.encode()[: MAX_NAME_BYTES - len(ending)].decode(errors="ignore").rstrip() + ending


def first_free(name: str, port_names: Collection[str]) -> str:
    """Return the first name that no port has, whether its system writes "NAME" or "CLIENT:NAME 128:0"."""
    taken = {port_name.partition(":")[0] for port_name in port_names}
    return next(candidate for candidate in numbered(name) if candidate not in taken)
