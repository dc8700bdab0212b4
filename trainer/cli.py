"""`lstm-composer train`: a folder of music in, a run directory out."""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime.arguments import OneLineParser
from runtime.errors import ComposerError, InputError, MissingError
from trainer.network_config import NetworkConfig
from trainer.quiet import quiet_tensorflow
from trainer.settings import TrainingSettings, check_style_name

PRESETS = ("stream", "article", "skuldur")
RUNS = Path("runs")
SEEDS = 2**32
"""Keras takes no larger ones."""
_DEFAULTS = TrainingSettings(name="", source="")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; errors the user can cure are raised as `ComposerError`."""
    arguments = _parser().parse_args(argv)
    settings = _settings(arguments)
    path = arguments.run_dir or RUNS / arguments.name
    try:
        with quiet_tensorflow():
            from trainer.command import resume_training, start_training  # noqa: PLC0415 - slow, and --help should not be
    except ModuleNotFoundError as error:
        raise MissingError(f'training needs {error.name}: pip install "lstm-composer[train]"') from error
    if arguments.resume:
        return resume_training(settings, path, last_epoch=arguments.epochs, threads=arguments.threads)
    return start_training(settings, path, threads=arguments.threads)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="lstm-composer train", description="Learn a style from a folder of music.")
    parser.add_argument("source", metavar="FOLDER", help="MIDI, MusicXML, kern or ABC files; or music21:bach")
    parser.add_argument("--name", required=True, metavar="STYLE", help="what the style will be called")
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="where the run goes (default: runs/STYLE)")
    parser.add_argument("--epochs", type=_whole, metavar="N", help=f"the last epoch (default: {_DEFAULTS.epochs})")
    parser.add_argument("--save-every", type=_whole, default=_DEFAULTS.save_every, metavar="EPOCHS")
    parser.add_argument("--preset", default=_DEFAULTS.preset, choices=PRESETS)
    parser.add_argument("--from", dest="base", metavar="BUNDLE_OR_RUN", help="start from a trained network")
    parser.add_argument("--resume", action="store_true", help="go on from the run's last checkpoint, as it began")
    parser.add_argument("--seed", type=_seed, default=_DEFAULTS.seed)
    parser.add_argument("--threads", type=_whole, metavar="N", help="processor cores to use (default: all)")
    size = parser.add_argument_group("recipe")
    size.add_argument("--units", type=_whole, default=_DEFAULTS.network.units)
    size.add_argument("--layers", type=_whole, default=_DEFAULTS.network.layers)
    size.add_argument("--head-units", type=_whole, default=_DEFAULTS.network.head_units)
    size.add_argument("--input-dropout", type=_share, default=_DEFAULTS.network.input_dropout)
    size.add_argument("--dropout", type=_share, default=_DEFAULTS.network.dropout)
    size.add_argument("--head-dropout", type=_share, default=_DEFAULTS.network.head_dropout)
    size.add_argument("--learning-rate", type=_positive, default=_DEFAULTS.learning_rate)
    size.add_argument("--weight-decay", type=_share, default=_DEFAULTS.weight_decay)
    size.add_argument("--batch-steps", type=_whole, default=_DEFAULTS.batch_steps)
    size.add_argument("--window", type=_whole, default=_DEFAULTS.window)
    return parser


def _settings(arguments: argparse.Namespace) -> TrainingSettings:
    if arguments.preset != "stream" or arguments.base:
        asked = f"--preset {arguments.preset}" if arguments.preset != "stream" else "--from"
        raise InputError(f"{asked} is not there yet: train with --preset stream and without --from")
    check_style_name(arguments.name)
    return TrainingSettings(
        name=arguments.name,
        source=arguments.source,
        preset=arguments.preset,
        epochs=arguments.epochs or _DEFAULTS.epochs,
        save_every=arguments.save_every,
        seed=arguments.seed,
        batch_steps=arguments.batch_steps,
        window=arguments.window,
        learning_rate=arguments.learning_rate,
        weight_decay=arguments.weight_decay,
        network=NetworkConfig(
            units=arguments.units,
            layers=arguments.layers,
            head_units=arguments.head_units,
            input_dropout=arguments.input_dropout,
            dropout=arguments.dropout,
            head_dropout=arguments.head_dropout,
        ),
    )


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not allowed: give a whole number from 1")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= SEEDS:
        raise argparse.ArgumentTypeError(f"{text} is not allowed: give a whole number from 0 to {SEEDS - 1}")
    return int(text)


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not allowed: give a number from 0 to below 1")
    return value


def _positive(text: str) -> float:
    value = _number(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not allowed: give a number above 0, at most 1")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ComposerError as problem:
        print(f"lstm-composer: {problem}", file=sys.stderr)  # noqa: T201 - what runtime.cli does for the installed command
        sys.exit(2)
