"""Ctrl-C, and every other signal that ends a program, in a long training.

The first finishes the epoch, the second stops at once.
"""

import sys
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Self

from lstm_composer.runtime.system.process_exit import ending_signals, handled_by


class Interruption:
    """While entered, turns the first signal that would end the program into a wish that the training loop reads.

    The second raises KeyboardInterrupt; what was saved before stays.

    Attributes:
        asked: Whether the user wants the training to end after the present epoch.

    """

    def __init__(self) -> None:
        self.asked = False
        self._handlers = ExitStack()

    def __enter__(self) -> Self:
        self._handlers.enter_context(handled_by(self._ask, ending_signals()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handlers.close()

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("\nfinishing this epoch and saving it; once more stops at once", file=sys.stderr)  # noqa: T201 - a command's word
