"""The JSB chorales benchmark: nats a note, and a cell of the grid, on the test part of the file's own split.

The file is Jsb16thSeparated.json (229 / 76 / 77 chorales), see `trainer.formats.jsb_reader`. Trained is on its training
part with the recipe of docs/training.md; the validation part chooses the epoch among those saved; the test part is
looked at once at the end. A cell is one voice for one sixteenth. The network is asked for notes, not for cells, and its
nats over the whole test part are divided by the cells, so that it can stand beside models that are asked for every
cell.

Run: python benchmarks/training/jsb.py FILE [--epochs N] [--threads N] [--compare-transposition]
A training that was interrupted goes on where it was. `--run DIR` measures a run of `lstm-composer train` instead.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.common.tables import machine, print_table
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.event_encoding import HEADS
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow

with quiet_tensorflow():
    import tensorflow as tf

    from lstm_composer.trainer.corpus.corpus import read_corpus
    from lstm_composer.trainer.dataset.dataset import Dataset, build_dataset
    from lstm_composer.trainer.evaluation import markov_baseline
    from lstm_composer.trainer.evaluation.keras_nll import evaluate
    from lstm_composer.trainer.network.stream_network import StreamNetwork
    from lstm_composer.trainer.network.trained_network import load_network
    from lstm_composer.trainer.runs.network_config import NetworkConfig
    from lstm_composer.trainer.runs.run_directory import RunDirectory
    from lstm_composer.trainer.runs.settings import TrainingSettings
    from lstm_composer.trainer.training.interruption import Interruption
    from lstm_composer.trainer.training.loop import Row, TrainingCallbacks, train
    from lstm_composer.trainer.training.stream_learner import StreamLearner

RECIPE = TrainingSettings(
    name="jsb",
    source="",
    epochs=100,
    save_every=5,
    batch_steps=2048,
    learning_rate=3e-3,
    weight_decay=0.05,
    network=NetworkConfig(units=320, head_units=256, input_dropout=0.15, dropout=0.4, head_dropout=0.35),
)
RUNS = Path("runs")
KEYS = {True: "all keys", False: "own keys"}
"""By whether pieces are transposed: what a run is called in the table."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run has on the test part: nats a note in total (`loss`) and per head, and what the run was."""

    name: str
    epoch: int
    epochs: int
    seconds: float
    figures: Mapping[str, float]


def cells_of(path: Path) -> int:
    """Cells of the test part: the voices of every sixteenth, silent or not."""
    return sum(len(voices) for piece in json.loads(path.read_bytes())["test"] for voices in piece)


def trained(settings: TrainingSettings, run: RunDirectory, material: Dataset) -> None:
    """Train a run to its end, from its last checkpoint if it has one; Ctrl-C ends the script, and loses little."""
    resume = run.config_path.exists()
    if resume:
        settings = msgspec.structs.replace(run.read_settings(), epochs=settings.epochs)
    else:
        run.create()
    run.write_json("config.json", settings)

    def on_epoch(_network: StreamNetwork, rows: Sequence[Row], saved: bool) -> None:  # noqa: FBT001 - a callback
        if saved:
            row = rows[-1]
            figures = f"{row['loss']:.3f} in training, {row['val_loss']:.3f} held out, {row['seconds']:.0f} s"
            print(f"{run.path}: epoch {row['epoch']} of {settings.epochs}: {figures}", file=sys.stderr, flush=True)

    with Interruption() as interruption:
        train(
            StreamLearner(settings, material, run),
            settings,
            run,
            interruption,
            TrainingCallbacks(on_epoch=on_epoch),
            resume=resume,
        )
    if interruption.asked:
        sys.exit("stopped; the same command goes on from there")


def measured(run: RunDirectory, material: Dataset) -> Result:
    """Measure the saved epoch of a run that is best on the validation part on the test part."""
    settings, saved = run.read_settings(), set(run.saved_epochs())
    if settings.preset != "stream" or not saved:
        raise InputError(f"{run.path} is no run of preset stream with a checkpoint: train it first")
    history = run.read_history()
    epoch = int(min((row for row in history if row["epoch"] in saved), key=lambda row: row["val_loss"])["epoch"])
    seconds = sum(row["seconds"] for row in history)
    return Result(
        f"{settings.network.layers} x {settings.network.units}, {KEYS[settings.transpose]}",
        epoch,
        len(history),
        seconds,
        evaluate(load_network(run, epoch), material.test),
    )


def print_results(results: Sequence[Result], material: Dataset, cells: int) -> None:
    """Print the table, the Markov model last."""
    notes = sum(sequence.notes for sequence in material.test)
    heads = [head for head in HEADS if any(result.figures[f"nll_{head}"] for result in results)]
    baseline = Result(
        "Markov, order 3", 0, 0, 0.0, markov_baseline.nll_per_note(markov_baseline.fit(material.train), material.test)
    )
    print(f"{len(material.test)} pieces, {notes:,} notes, {cells:,} cells; {machine()}\n")
    rows = []
    for result in (*results, baseline):
        loss = result.figures["loss"]
        parts = [f"{result.figures[f'nll_{head}']:.3f}" for head in heads]
        training = [f"{result.epoch} of {result.epochs}", f"{result.seconds / 60:.0f}"] if result.epochs else ["", ""]
        rows.append([result.name, f"{loss:.3f}", *parts, f"{loss * notes / cells:.3f}", *training])
    print_table(["nats", "a note", *heads, "a cell", "epoch", "minutes"], rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="The JSB chorales benchmark.")
    parser.add_argument("file", type=Path, help="Jsb16thSeparated.json")
    parser.add_argument("--run", type=Path, metavar="DIR", action="append", help="measure this run; train nothing")
    parser.add_argument("--run-dir", type=Path, default=RUNS, metavar="DIR", help="where new runs go (default: runs)")
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs, metavar="N")
    parser.add_argument("--units", type=int, default=RECIPE.network.units, metavar="N", help="cells in an LSTM layer")
    parser.add_argument("--seed", type=int, default=RECIPE.seed, metavar="N")
    parser.add_argument("--threads", type=int, metavar="N", help="processor cores to use (default: all)")
    both = "train a second time with every piece in its own key only"
    parser.add_argument("--compare-transposition", action="store_true", help=both)
    return parser


def _benchmark(arguments: argparse.Namespace) -> None:
    if arguments.threads:
        tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
        tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    material = build_dataset(read_corpus(str(arguments.file)), RECIPE.seed)
    runs = [RunDirectory(path) for path in arguments.run or ()]
    for transpose in () if runs else (True, False) if arguments.compare_transposition else (True,):
        network = msgspec.convert({**RECIPE.network.as_dict(), "units": arguments.units}, NetworkConfig)
        name = f"jsb-{KEYS[transpose].replace(' ', '-')}"
        settings = msgspec.structs.replace(
            RECIPE, name=name, source=str(arguments.file), epochs=arguments.epochs, seed=arguments.seed,
            network=network, transpose=transpose,
        )  # fmt: skip
        runs.append(RunDirectory(arguments.run_dir / name))
        trained(settings, runs[-1], material)
    results = [measured(run, material) for run in runs]
    print_results(results, material, cells_of(arguments.file))
    if arguments.compare_transposition and len(results) > 1:
        moved, own = (result.figures["loss"] for result in results[:2])
        print(f"\nwith transposition {moved:.3f}, without {own:.3f} nats a note: {1 - moved / own:.1%} better")


def main() -> int:
    """Train and measure what is asked for."""
    _benchmark(_parser().parse_args())
    return 0


if __name__ == "__main__":
    sys.exit(in_words(main))
