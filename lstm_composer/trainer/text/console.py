"""What the commands of trainer and export say on the terminal, in which texts of others are shown and never obeyed."""

from typing import Any

from rich.console import Console
from rich.progress import TextColumn
from rich.text import Text

from lstm_composer.runtime.system.visible_text import visible


class PlainConsole(Console):
    """A console on which a text is what it is: no colours by [red], no :smile:, no escape sequences, one line.

    Args:
        options: Those of `rich.console.Console`, such as `stderr`.

    """

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, soft_wrap=True, **options)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts, each on one line, or what Rich has laid out; the cells of a table are made by `cell`."""
        super().print(*(visible(thing) if isinstance(thing, str) else thing for thing in objects), **options)


def cell(text: str) -> Text:
    """A text as a cell of a table."""
    return Text(visible(text))


def described() -> TextColumn:
    """The column of a progress bar that shows its task's description, which may be a file's name."""
    return TextColumn("{task.description}", markup=False)
