"""What a trial says when something is not as it should be, and waiting for what another program does."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

Found = TypeVar("Found")
PATIENCE_SECONDS: Final = 60.0
"""Long enough for a busy machine."""
BETWEEN_LOOKS_SECONDS: Final = 0.05


class TrialError(Exception):
    """Something is not as it should be."""


def wait_for(look: Callable[[], Found | None], what: str) -> Found:
    """Look until something is there, and return it.

    Args:
        look: Returns it, or something that counts as false.
        what: What is waited for, in words.

    Raises:
        TrialError: If it does not come.

    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        if time.monotonic() > end:
            raise TrialError(f"{what} did not come in {PATIENCE_SECONDS:g} s")
        time.sleep(BETWEEN_LOOKS_SECONDS)
    return found
