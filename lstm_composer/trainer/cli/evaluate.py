"""`lstm-composer evaluate`: how well a checkpoint or a bundle knows some music."""

import argparse
import sys
from collections.abc import Sequence

from lstm_composer.runtime.cli.options import OneLineParser, as_whole, given_text, shown
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.cli.train_extra import loaded_for


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; errors the user can cure are raised as `ComposerError`."""
    arguments = _parser().parse_args(argv)
    with loaded_for("evaluating"):
        from lstm_composer.trainer.commands.evaluate import evaluate_command  # noqa: PLC0415 - slow, and --help should not be
    return evaluate_command(
        arguments.what, arguments.epoch, arguments.folder, as_json=arguments.json, each_style=arguments.by_style
    )


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="lstm-composer evaluate",
        description="Measure a checkpoint or a bundle: nats a note, accuracy, gates, likeness to the music.",
    )
    parser.add_argument(
        "what", type=given_text, metavar="RUN_OR_BUNDLE", help="a run directory, a style, or the path of a bundle"
    )
    parser.add_argument(
        "folder",
        type=given_text,
        nargs="?",
        metavar="FOLDER",
        help="music to measure on (default: the run's test part)",
    )
    parser.add_argument("--epoch", type=_epoch, metavar="N", help="which checkpoint of a run (default: the best)")
    apart = "measure each style for itself; FOLDER is then one of styles"
    parser.add_argument("--by-style", action="store_true", help=apart)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


def _epoch(text: str) -> int:
    epoch = as_whole(text)
    if not epoch:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not an epoch: give a number from 1")
    return epoch


if __name__ == "__main__":
    sys.exit(in_words(main))
