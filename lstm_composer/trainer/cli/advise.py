"""`lstm-composer advise`: which epoch of a run to take, and why."""

import argparse
import sys
from collections.abc import Sequence

from lstm_composer.runtime.cli.options import OneLineParser, given_path
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.cli.train_extra import loaded_for


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; errors the user can cure are raised as `ComposerError`."""
    arguments = _parser().parse_args(argv)
    with loaded_for("advising"):
        from lstm_composer.trainer.commands.advise import advise_run  # noqa: PLC0415 - slow, and --help should not be
    return advise_run(arguments.run)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="lstm-composer advise",
        description="Hear every saved epoch of a run, and say which neither loops nor copies and learned most.",
    )
    parser.add_argument("run", type=given_path, metavar="RUN", help="the run directory")
    return parser


if __name__ == "__main__":
    sys.exit(in_words(main))
