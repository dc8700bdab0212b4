"""`lstm-composer train`: a folder of music in, a run directory out."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runtime.cli.options import OneLineParser, as_number, given_path, given_text, shown, whole
from runtime.errors import InputError
from runtime.system.process_exit import in_words
from trainer.cli.train_extra import check_tensorflow, loaded_for
from trainer.runs.network_config import NetworkConfig, check_size
from trainer.runs.settings import (
    FINE_TUNING,
    FROM_NOTHING,
    PRESETS,
    SEEDS,
    TrainingSettings,
    check_style_name,
)
from trainer.text.names import kept_source

if TYPE_CHECKING:
    from trainer.training.fine_tuning import PretrainedNetwork

RUNS = Path("runs")
COUNT = whole(1, 1_000_000)
"""Of epochs, units, notes in a batch and so on: more is a slip of the hand."""
SIZES = ("units", "layers", "head_units", "style_units")
_DEFAULTS = TrainingSettings(name="", source="")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; errors the user can cure are raised as `ComposerError`."""
    if (asked := _sweep(sys.argv[1:] if argv is None else argv)) is not None:
        check_tensorflow("training")
        from trainer.sweep.sweep import run_sweep  # noqa: PLC0415 - few need it

        return run_sweep(asked.sweep, asked.run_dir or RUNS / asked.sweep.stem, _parser())
    arguments = _parser().parse_args(argv)
    check_style_name(arguments.name)
    path = arguments.run_dir or RUNS / arguments.name
    with loaded_for("training"):
        settings = _settings(arguments, _base(arguments))
        from trainer.commands.train import resume_training, start_training  # noqa: PLC0415 - slow, and --help should not be
    if arguments.resume:
        return resume_training(
            settings, path, last_epoch=arguments.epochs, patience=arguments.patience, threads=arguments.threads
        )
    return start_training(settings, path, threads=arguments.threads)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="lstm-composer train", description="Learn a style from a folder of music.")
    parser.add_argument(
        "source", type=given_text, metavar="FOLDER", help="MIDI, MusicXML, kern or ABC files; or music21:bach"
    )
    parser.add_argument("--name", required=True, metavar="STYLE", help="what the style will be called")
    parser.add_argument("--run-dir", type=given_path, metavar="DIR", help="where the run goes (default: runs/STYLE)")
    parser.add_argument("--epochs", type=COUNT, metavar="N", help=_help("the last epoch", "epochs"))
    parser.add_argument("--save-every", type=COUNT, metavar="N", help=_help("epochs between saves", "save_every"))
    patience = "epochs without a better one after which it ends early"
    parser.add_argument("--patience", type=COUNT, metavar="N", help=_help(patience, "patience"))
    parser.add_argument("--preset", default=_DEFAULTS.preset, choices=PRESETS)
    parser.add_argument(
        "--from", dest="base", type=given_text, metavar="BUNDLE_OR_RUN", help="start from a trained network"
    )
    parser.add_argument("--one-style", action="store_true", help="do not take sub-folders for styles")
    untidy = "leave out pieces that do not keep the time they write down"
    parser.add_argument("--leave-out-untidy", action="store_true", help=untidy)
    parser.add_argument("--no-transposition", action="store_true", help="train on every piece in its own key only")
    own = "epochs at the end in which every piece is heard in its own key (default: 0)"
    parser.add_argument("--own-keys-last", type=COUNT, default=_DEFAULTS.own_keys_last, metavar="N", help=own)
    board = "write the history for TensorBoard as well, into the run directory"
    parser.add_argument("--tensorboard", action="store_true", help=board)
    parser.add_argument("--resume", action="store_true", help="go on from the run's last checkpoint, as it began")
    many = "train all runs of a file, on Ray, into the folder --run-dir (default: runs/FILE); with no other flag"
    parser.add_argument("--sweep", type=given_path, metavar="FILE.toml", help=many)
    parser.add_argument("--seed", type=whole(0, SEEDS - 1), default=_DEFAULTS.seed)
    parser.add_argument("--threads", type=COUNT, metavar="N", help="processor cores to use (default: all)")
    size = parser.add_argument_group("recipe")
    for field in SIZES:
        default = f"(default: {getattr(_DEFAULTS.network, field)}, or the base's)"
        size.add_argument(f"--{field.replace('_', '-')}", type=COUNT, metavar="N", help=default)
    size.add_argument("--input-dropout", type=_share, default=_DEFAULTS.network.input_dropout)
    size.add_argument("--dropout", type=_share, default=_DEFAULTS.network.dropout)
    size.add_argument("--head-dropout", type=_share, default=_DEFAULTS.network.head_dropout)
    size.add_argument("--learning-rate", type=_positive, metavar="R", help=_help("the highest", "learning_rate"))
    size.add_argument("--weight-decay", type=_share, default=_DEFAULTS.weight_decay)
    size.add_argument("--batch-steps", type=COUNT, metavar="N", help=_help("notes in a batch", "batch_steps"))
    size.add_argument("--window", type=COUNT, default=_DEFAULTS.window)
    return parser


def _sweep(argv: Sequence[str]) -> argparse.Namespace | None:
    """What is asked for with `--sweep`, which needs neither a folder nor a name; None without it."""
    parser = OneLineParser(prog="lstm-composer train", add_help=False, allow_abbrev=False)
    parser.add_argument("--sweep", type=given_path)
    parser.add_argument("--run-dir", type=given_path)
    asked, rest = parser.parse_known_args(argv)
    if asked.sweep is None or {"-h", "--help"} & set(rest):
        return None
    if rest:
        raise InputError(f"{rest[0]} is not allowed beside --sweep: write it into [common] of {asked.sweep}")
    return asked


def _help(what: str, field: str) -> str:
    nothing, base = getattr(FROM_NOTHING, field), getattr(FINE_TUNING, field)
    return f"{what} (default: {nothing or 'none'}; with --from: {base})"


def _base(arguments: argparse.Namespace) -> "PretrainedNetwork | None":
    """What `--from` names; a run that is resumed holds it already."""
    if arguments.base is None or arguments.resume:
        return None
    if not PRESETS[arguments.preset].is_judged:
        raise InputError(f"--from starts networks of preset stream, not of {arguments.preset}: leave one of them out")
    from trainer.training.fine_tuning import find_pretrained  # noqa: PLC0415 - loads onnx

    return find_pretrained(arguments.base)


def _settings(arguments: argparse.Namespace, base: "PretrainedNetwork | None") -> TrainingSettings:
    recipe = msgspec.to_builtins(FINE_TUNING if base else PRESETS[arguments.preset].recipe)
    asked = {name: getattr(arguments, name) for name in recipe if getattr(arguments, name) is not None}
    return TrainingSettings(
        name=arguments.name,
        source=kept_source(arguments.source),
        preset=arguments.preset,
        seed=arguments.seed,
        window=arguments.window,
        weight_decay=arguments.weight_decay,
        network=_network(arguments, base),
        leave_out_untidy=arguments.leave_out_untidy,
        transpose=not arguments.no_transposition,
        own_keys_last=arguments.own_keys_last,
        tensorboard=arguments.tensorboard,
        styles=(arguments.name,) if arguments.one_style else (),
        base=base.card if base else None,
        **{**recipe, **asked},
    )


def _network(arguments: argparse.Namespace, base: "PretrainedNetwork | None") -> NetworkConfig:
    sizes = {field: getattr(arguments, field) for field in SIZES if getattr(arguments, field) is not None}
    rates = {field: getattr(arguments, field) for field in ("input_dropout", "dropout", "head_dropout")}
    if base is None:
        network = NetworkConfig(**sizes, **rates, memory=_DEFAULTS.network.memory)
        check_size(network)
        return network
    from trainer.training.fine_tuning import matching_config  # noqa: PLC0415 - loaded with the base

    return matching_config(NetworkConfig(**rates), base, sizes)


def _share(text: str) -> float:
    value = as_number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not allowed: give a number from 0 to below 1")
    return value


def _positive(text: str) -> float:
    value = as_number(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not allowed: give a number above 0, at most 1")
    return value


if __name__ == "__main__":
    sys.exit(in_words(main))
