"""Ctrl-C and SIGTERM in a long training: the first finishes the epoch, the second stops at once."""

import signal
import sys
from types import FrameType, TracebackType
from typing import Self


class Interruption:
    """While entered, turns the first SIGINT or SIGTERM into a wish that the training loop reads.

    The second raises KeyboardInterrupt; what was saved before stays.

    Attributes:
        asked: Whether the user wants the training to end after the present epoch.

    """

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # what signal() gave back

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("\nfinishing this epoch and saving it; once more stops at once", file=sys.stderr)  # noqa: T201 - a command's word
