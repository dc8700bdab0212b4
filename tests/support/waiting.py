"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import Final

PATIENCE_SECONDS: Final = 20.0
"""Long enough for a busy machine."""
BETWEEN_LOOKS_SECONDS: Final = 0.02


def wait_for(condition: Callable[[], object], what: str) -> float:
    """Look until a condition holds, and return the time (monotonic, seconds) when it did; fails if it never does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what} did not come in {PATIENCE_SECONDS} s"
        time.sleep(BETWEEN_LOOKS_SECONDS)
    return time.monotonic()
