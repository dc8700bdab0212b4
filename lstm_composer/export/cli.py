"""`lstm-composer export`: one epoch of a run becomes a bundle."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lstm_composer.export.exported_run import ExportSettings, read_exported_run
from lstm_composer.runtime.cli.options import OneLineParser, as_whole, given_path, given_text, shown
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.cli.train_extra import loaded_for
from lstm_composer.trainer.runs.settings import check_style_name

RUNS = Path("runs")
MODELS = Path("models")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; errors the user can cure are raised as `ComposerError`."""
    arguments = _parser().parse_args(argv)
    if arguments.name is not None:
        check_style_name(arguments.name)
    settings = ExportSettings(
        run=arguments.run,
        epoch=arguments.epoch,
        output=arguments.output,
        name=arguments.name,
        weights=arguments.weights,
        data=arguments.data,
        licence=arguments.licence,
        sampling=arguments.sampling,
        leave_out=tuple(arguments.leave_out),
    )
    exported = read_exported_run(settings)
    with loaded_for("exporting"):
        from lstm_composer.export.command import run_export  # noqa: PLC0415 - slow, and what is wrong is told before
    return run_export(settings, exported)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="lstm-composer export", description="Make a bundle that plays from one epoch of a run.")
    parser.add_argument("--run", type=given_path, metavar="DIR", help="the run (default: the newest in runs/)")
    parser.add_argument("--epoch", type=_epoch, required=True, metavar="N|best", help="which checkpoint")
    parser.add_argument(
        "-o", "--output", type=given_path, default=MODELS, metavar="DIR", help="where it goes (default: models/)"
    )
    parser.add_argument(
        "--name", metavar="STYLE", help="name of the bundle and of the style that bears the run's (default: the run's)"
    )
    parser.add_argument("--weights", choices=("float16", "float32"), default="float16", help="how weights are stored")
    parser.add_argument(
        "--data", type=given_path, metavar="FILE.json", help="sources, licences, attributions for the card"
    )
    own = "temperature and min-p for styles that want others than the rest"
    parser.add_argument("--sampling", type=given_path, metavar="FILE.json", help=own)
    left_out = "a style that is not to be in the bundle; repeat it for more"
    parser.add_argument("--leave-out", type=given_text, action="append", default=[], metavar="STYLE", help=left_out)
    parser.add_argument("--licence", type=given_text, default="not stated", help="licence of the bundle")
    return parser


def _epoch(text: str) -> int | None:
    """Read a number of an epoch, or None for "best"."""
    if text == "best":
        return None
    epoch = as_whole(text)
    if not epoch:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not an epoch: give a number from 1, or best")
    return epoch


if __name__ == "__main__":
    sys.exit(in_words(main))
