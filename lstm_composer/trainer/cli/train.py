"""`lstm-composer train`: a folder of music in, a run directory out."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from lstm_composer.runtime.cli.options import OneLineParser, given_path, given_text, shown
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.cli.train_extra import check_tensorflow, loaded_for
from lstm_composer.trainer.commands.early_checks import check_new, check_resumed
from lstm_composer.trainer.runs.request import KINDS, TrainingRequest
from lstm_composer.trainer.runs.settings import FINE_TUNING, FROM_NOTHING, PRESETS, TrainingSettings, check_style_name
from lstm_composer.trainer.text.ranges import converted

RUNS = Path("runs")
SIZES = ("units", "layers", "head_units", "style_units")
_DEFAULTS = TrainingSettings(name="", source="")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; errors the user can cure are raised as `ComposerError`."""
    if (asked := _sweep(sys.argv[1:] if argv is None else argv)) is not None:
        check_tensorflow("training")
        from lstm_composer.trainer.sweep.sweep import run_sweep  # noqa: PLC0415 - few need it

        return run_sweep(asked.sweep, asked.run_dir or RUNS / asked.sweep.stem)
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(is_dry="--dry-run" in given).parse_args(given)
    if arguments.dry_run:
        return _dry_run(arguments)
    if arguments.json:
        raise InputError("--json says what --dry-run finds: give both, or neither")
    check_style_name(arguments.name)
    request = TrainingRequest(**{field: getattr(arguments, field) for field in TrainingRequest.__struct_fields__})
    return train_run(request, arguments.run_dir or RUNS / request.name, resume=arguments.resume)


def _dry_run(arguments: argparse.Namespace) -> int:
    with loaded_for("reading scores"):
        from lstm_composer.trainer.commands.dry_run import dry_run  # noqa: PLC0415 - few need it
    return dry_run(arguments.folder, leave_out_untidy=arguments.leave_out_untidy, as_json=arguments.json)


def train_run(request: TrainingRequest, path: Path, *, resume: bool) -> int:
    """Train what is asked for in a new run directory, or go on with the run that is there; returns the exit code.

    Raises:
        ComposerError: If something is wrong that the user can cure.

    """
    (check_resumed if resume else check_new)(request, path)
    with loaded_for("training"):
        from lstm_composer.trainer.training.initial_settings import initial_settings  # noqa: PLC0415 - loads onnx

        settings = initial_settings(request, resume=resume)
        from lstm_composer.trainer.commands.train import resume_training, start_training  # noqa: PLC0415 - slow, and --help should not be
    if resume:
        return resume_training(
            settings,
            path,
            last_epoch=request.epochs,
            patience=request.patience,
            minutes=request.minutes,
            threads=request.threads,
        )
    return start_training(settings, path, threads=request.threads)


def _parser(*, is_dry: bool = False) -> argparse.ArgumentParser:
    parser = OneLineParser(prog="lstm-composer train", description="Learn a style from a folder of music.")
    parser.add_argument(
        "folder", type=given_text, metavar="FOLDER", help="MIDI, MusicXML, kern or ABC files; or music21:bach"
    )
    parser.add_argument("--name", required=not is_dry, metavar="STYLE", help="what the style will be called")
    dry = "only read FOLDER: say what would be learned from, and what is left out and why"
    parser.add_argument("--dry-run", action="store_true", help=dry)
    parser.add_argument("--json", action="store_true", help="print what it finds for programs to read")
    parser.add_argument("--run-dir", type=given_path, metavar="DIR", help="where the run goes (default: runs/STYLE)")
    parser.add_argument("--epochs", type=_number("epochs"), metavar="N", help=_help("the last epoch", "epochs"))
    parser.add_argument(
        "--save-every", type=_number("save-every"), metavar="N", help=_help("epochs between saves", "save_every")
    )
    patience = "epochs without a better one after which it ends early"
    parser.add_argument("--patience", type=_number("patience"), metavar="N", help=_help(patience, "patience"))
    minutes = "minutes of training after which it ends with the epoch that is being trained"
    parser.add_argument("--minutes", type=_number("minutes"), metavar="N", help=minutes)
    parser.add_argument("--preset", default=_DEFAULTS.preset, choices=PRESETS)
    parser.add_argument(
        "--from", dest="base", type=given_text, metavar="BUNDLE_OR_RUN", help="start from a trained network"
    )
    parser.add_argument("--one-style", action="store_true", help="do not take sub-folders for styles")
    untidy = "leave out pieces that do not keep the time they write down"
    parser.add_argument("--leave-out-untidy", action="store_true", help=untidy)
    parser.add_argument("--no-transposition", action="store_true", help="train on every piece in its own key only")
    own = "epochs at the end in which every piece is heard in its own key (default: 0)"
    parser.add_argument("--own-keys-last", type=_number("own-keys-last"), metavar="N", help=own)
    board = "write the history for TensorBoard as well, into the run directory"
    parser.add_argument("--tensorboard", action="store_true", help=board)
    parser.add_argument("--resume", action="store_true", help="go on from the run's last checkpoint, as it began")
    many = "train all runs of a file, on Ray, into the folder --run-dir (default: runs/FILE); with no other flag"
    parser.add_argument("--sweep", type=given_path, metavar="FILE.toml", help=many)
    parser.add_argument("--seed", type=_number("seed"))
    parser.add_argument("--threads", type=_number("threads"), metavar="N", help="processor cores to use (default: all)")
    _add_recipe(parser.add_argument_group("recipe"))
    return parser


def _add_recipe(size: argparse._ArgumentGroup) -> None:
    for field in SIZES:
        default = f"(default: {getattr(_DEFAULTS.network, field)}, or the base's)"
        flag = field.replace("_", "-")
        size.add_argument(f"--{flag}", type=_number(flag), metavar="N", help=default)
    size.add_argument("--input-dropout", type=_number("input-dropout"))
    size.add_argument("--dropout", type=_number("dropout"))
    size.add_argument("--head-dropout", type=_number("head-dropout"))
    size.add_argument(
        "--learning-rate", type=_number("learning-rate"), metavar="R", help=_help("the highest", "learning_rate")
    )
    size.add_argument("--weight-decay", type=_number("weight-decay"))
    size.add_argument(
        "--batch-steps", type=_number("batch-steps"), metavar="N", help=_help("notes in a batch", "batch_steps")
    )
    size.add_argument("--window", type=_number("window"))


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


def _number(flag: str) -> Callable[[str], float]:
    """Return a reader of a flag's number; it raises argparse.ArgumentTypeError for one that is not allowed."""

    def read(text: str) -> float:
        try:
            number: float = converted(text, KINDS[flag])
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{shown(text)} is not allowed: give {error}") from error
        return number

    return read


if __name__ == "__main__":
    sys.exit(in_words(main))
