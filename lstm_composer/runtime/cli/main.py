"""The command line: `lstm-composer SUBCOMMAND`.

The subcommands of this package are modules beside this one, listed in COMMANDS. Every other (`train`, `export`) is
found by its entry point in the group `lstm_composer.commands`, so that this package never imports the trainer.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Final, Protocol

from lstm_composer import __version__
from lstm_composer.runtime.cli import doctor, monitor, panel, play, render, styles, write
from lstm_composer.runtime.cli.options import OneLineParser
from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.system.installation import COMMANDS_FOR_TRAINING, TRAINING_ELSEWHERE, is_app
from lstm_composer.runtime.system.process_exit import EXIT_DONE, in_words, loading

COMMANDS_GROUP: Final = "lstm_composer.commands"


class Subcommand(Protocol):
    """A module that is a subcommand. What only its `run` needs it imports there: `play` must start at once."""

    @property
    def HELP(self) -> str:  # noqa: N802 - a constant of the module
        """What it does, in a line."""
        ...

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add its flags."""
        ...

    def run(self, arguments: argparse.Namespace) -> None:
        """Do it.

        Raises:
            ComposerError: If that cannot be done; the message is told in a line.

        """
        ...


COMMANDS: Final[Mapping[str, Subcommand]] = {
    "play": play,
    "write": write,
    "render": render,
    "panel": panel,
    "styles": styles,
    "doctor": doctor,
    "monitor": monitor,
}
"""The subcommands by name, in the order in which `--help` lists them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand and return the exit code: 0 done, 2 something the user can cure; a bug raises."""
    given = list(sys.argv[1:] if argv is None else argv)
    return in_words(lambda: _run(given))


def composer_play() -> int:
    """`composer-play`: short for `lstm-composer play`."""
    return main(["play", *sys.argv[1:]])


def composer_train() -> int:
    """`composer-train`: short for `lstm-composer train`."""
    return main(["train", *sys.argv[1:]])


def composer_export() -> int:
    """`composer-export`: short for `lstm-composer export`."""
    return main(["export", *sys.argv[1:]])


def _run(argv: list[str]) -> int:
    if is_app() and argv and argv[0] in COMMANDS_FOR_TRAINING:
        raise MissingError(f"there is no {argv[0]}: {TRAINING_ELSEWHERE}")
    external = _external_commands()
    if argv and argv[0] in external:
        with loading():
            run_external = external[argv[0]]()
        return run_external(argv[1:])
    arguments = _parser(sorted(external)).parse_args(argv)
    run: Callable[[argparse.Namespace], None] = arguments.run
    run(arguments)
    return EXIT_DONE


def _external_commands() -> dict[str, Callable[[], Callable[[list[str]], int]]]:
    """Subcommands of other packages by name, each to be loaded when it is asked for."""
    return {entry.name: entry.load for entry in entry_points(group=COMMANDS_GROUP)}


def _parser(external: list[str]) -> argparse.ArgumentParser:
    more = f"also: {', '.join(external)} (each with --help of its own)" if external else ""
    parser = OneLineParser(prog="lstm-composer", description="A network improvises in a style you choose.", epilog=more)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        one = commands.add_parser(name, help=command.HELP)
        command.add_arguments(one)
        one.set_defaults(run=command.run)
    return parser
