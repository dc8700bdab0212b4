"""Clocks for tests: they wait for nobody."""

import threading
from collections.abc import Callable
from typing import Final

STEP_SECONDS: Final = 0.02
"""The longest step of a scripted clock: as often as a thread looks that waits for something."""


class FakeClock:
    """A clock that waits for nothing: a wait jumps to its deadline."""

    def __init__(self, start_seconds: float = 0.0) -> None:
        self._now = start_seconds

    def now(self) -> float:
        """Return the seconds that jumps and waits have led to."""
        return self._now

    def jump(self, seconds: float) -> None:
        """Move forward, as if the machine had been busy with something else.

        Raises:
            ValueError: If `seconds` is negative, since time does not go back.

        """
        if seconds < 0.0:
            raise ValueError(f"a clock cannot jump {seconds} seconds: 0 or more are allowed")
        self._now += seconds

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        """Jump to the deadline at once, unless `stop` is set; see `Clock.wait_until`."""
        if stop.is_set():
            return False
        self._now = max(self._now, deadline_seconds)
        return True


class ScriptedClock(FakeClock):
    """A clock whose waits go by in small steps, in which things happen as a script says."""

    def __init__(self, each_step: Callable[[], None], start_seconds: float = 0.0) -> None:
        """Begin without a script.

        Args:
            each_step: Called before each step; time stands still meanwhile.
            start_seconds: The time at first.

        """
        super().__init__(start_seconds)
        self._each_step = each_step
        self._script: list[tuple[float, Callable[[], object]]] = []

    def at(self, seconds: float, *actions: Callable[[], object]) -> None:
        """Have something happen at a time; at one time, in the order in which this was called."""
        self._script += [(seconds, action) for action in actions]
        self._script.sort(key=lambda one: one[0])

    def wait_until(self, deadline_seconds: float, stop: threading.Event) -> bool:
        """Go to the deadline step by step, or to the moment at which `stop` is set; see `Clock.wait_until`."""
        while True:
            self._each_step()
            happens = self._script[0][0] if self._script else float("inf")
            step = min(deadline_seconds, happens, self.now() + STEP_SECONDS)
            self.jump(max(0.0, step - self.now()))
            if happens <= self.now():
                self._script.pop(0)[1]()
            if stop.is_set():
                return False
            if self.now() >= deadline_seconds:
                self._each_step()
                return super().wait_until(deadline_seconds, stop)
