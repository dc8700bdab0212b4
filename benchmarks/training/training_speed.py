"""Training speed: `stream` beside the article's two networks, on the same corpus in the same run.

They take turns: some seconds of one, then of the next, several rounds; the medians count, so that what the machine does
besides hits all alike. A turn is training as `lstm-composer train` does it, with batches made on the way. Of `stream`
are counted the notes (each is four predictions), of the article's networks the targets, one for each window. In one
process everything runs on one core, in another on two.

Without SOURCE the music is made up: chorales of random notes, since the values do not matter for the time.

Run: python benchmarks/training/training_speed.py [SOURCE] [--profile]
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.common.tables import machine, print_table
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow
from lstm_composer.trainer.runs.settings import FROM_NOTHING, TrainingSettings

if TYPE_CHECKING:
    from lstm_composer.trainer.corpus.corpus import Corpus
    from lstm_composer.trainer.dataset.dataset import Dataset

ARTICLE = ("article", "skuldur")
PIECES, STEPS, VOICES = 120, 60, 4
DISTINCT = 4
"""Batches of `stream` that are served again and again: XLA compiles each shape anew, and must have met them all."""
PROFILED = 12


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to train `stream`."""

    name: str
    jit: bool = False
    steps_per_execution: int = 1


VARIANTS = (
    Variant("stream"),
    Variant("stream, 8 steps at once", steps_per_execution=8),
    Variant("stream, compiled by XLA", jit=True),
)


@dataclass(frozen=True, slots=True)
class Trainee:
    """A network that takes turns.

    Attributes:
        name: Of its row.
        network: Compiled.
        batches: A `tf.data.Dataset` that never ends.
        targets: Notes, or windows, in each of its batches until they come again.
        warm_up: Batches to train before the first turn.

    """

    name: str
    network: Any
    batches: Any
    targets: tuple[int, ...]
    warm_up: int


@dataclass(frozen=True, slots=True)
class Speed:
    """What a trainee has reached: targets a second in each round, and the seconds of its warm-up."""

    name: str
    rounds: tuple[float, ...]
    warm_up_seconds: float


def made_up_corpus() -> "Corpus":
    """Chorales of random notes."""
    from lstm_composer.runtime.music.notes import Note  # noqa: PLC0415 - a process that only asks others needs none of this
    from lstm_composer.trainer.corpus.corpus import Corpus  # noqa: PLC0415
    from lstm_composer.trainer.pieces.piece import make_piece  # noqa: PLC0415

    draw, pieces = random.Random(1), []
    for number in range(PIECES):
        length = draw.randrange(STEPS // 2, 2 * STEPS)
        voices = [(tick, 48 + 8 * voice + draw.randrange(12)) for tick in range(length) for voice in range(VOICES)]
        sounding = [voice for voice in voices if draw.random() < 0.8]
        pieces.append(make_piece(f"made/{number}", (Note(24 * tick, pitch, 24, 78) for tick, pitch in sounding)))
    return Corpus(tuple(pieces), (), "made up")


def stream_trainee(variant: Variant, material: "Dataset", settings: TrainingSettings) -> Trainee:
    """`stream` as it is trained, or a variant of it."""
    from lstm_composer.trainer.dataset.batches import TrainingSet, dataset  # noqa: PLC0415
    from lstm_composer.trainer.training.stream_learner import new_network  # noqa: PLC0415

    served = TrainingSet(material.train, 1, settings.batch_steps, settings.window, settings.seed).epoch(1)[:DISTINCT]
    network = new_network(settings, len(served))
    network.compile(
        optimizer=network.optimizer, jit_compile=variant.jit, steps_per_execution=variant.steps_per_execution
    )
    # A piece of N notes has N + 1 steps, of which the last predicts its end.
    notes = tuple(sum(w.steps - (w.stop == w.sequence.steps) for w in windows) for windows in served)
    warm_up = len(served) if variant.jit else 2 * variant.steps_per_execution
    return Trainee(variant.name, network, dataset(served, 1).repeat(), notes, warm_up)


def article_trainee(preset: str, corpus: "Corpus", material: "Dataset") -> Trainee:
    """One of the article's networks, at its own size."""
    from benchmarks.common.onset_tokens import token_corpus  # noqa: PLC0415
    from lstm_composer.trainer.article.network import new_network  # noqa: PLC0415
    from lstm_composer.trainer.article.windows import BATCH, dataset, lay_out  # noqa: PLC0415

    tokens = lay_out(token_corpus(corpus), material.split)
    whole = tokens.train.order(0, 1)[: len(tokens.train) // BATCH * BATCH]
    batches = dataset(tokens.train, whole).repeat()
    return Trainee(preset, new_network(preset, len(tokens.vocabulary)), batches, (BATCH,), 2)


def train_for(trainee: Trainee, goes_on: Callable[[int], bool]) -> int:
    """Train while `goes_on(batches done)` says so; returns the batches done."""
    import keras  # noqa: PLC0415

    done = 0

    def tell(batch: int, **_: object) -> None:
        nonlocal done
        done = batch + 1
        trainee.network.stop_training = not goes_on(done)

    callback = keras.callbacks.LambdaCallback(on_train_batch_end=tell)
    trainee.network.fit(trainee.batches, steps_per_epoch=1_000_000, shuffle=False, verbose=0, callbacks=[callback])
    return done


def turn(trainee: Trainee, seconds: float) -> float:
    """Targets a second over a turn of so many seconds, or a batch where that takes longer."""
    began = time.perf_counter()
    batches = train_for(trainee, lambda _: time.perf_counter() - began < seconds)
    passed = time.perf_counter() - began
    return sum(trainee.targets[batch % len(trainee.targets)] for batch in range(batches)) / passed


def measure(trainees: Sequence[Trainee], seconds: float, rounds: int) -> list[Speed]:
    """Let trainees take turns."""
    warm_ups = []
    for trainee in trainees:
        began = time.perf_counter()
        train_for(trainee, lambda done, trainee=trainee: done < trainee.warm_up)  # type: ignore[misc] # a default binds it
        warm_ups.append(time.perf_counter() - began)
    turns = [[turn(trainee, seconds) for trainee in trainees] for _ in range(rounds)]
    return [
        Speed(trainee.name, found, warm_up)
        for trainee, found, warm_up in zip(trainees, zip(*turns, strict=True), warm_ups, strict=True)
    ]


def settings_of(arguments: argparse.Namespace) -> TrainingSettings:
    """The recipe of `stream`, but for its size."""
    plain = TrainingSettings(name="speed", source=arguments.source or "", batch_steps=arguments.batch_steps)
    network = {**plain.network.as_dict(), "units": arguments.units}
    return msgspec.structs.replace(plain, network=msgspec.convert(network, type(plain.network)))


def read(arguments: argparse.Namespace) -> "tuple[Corpus, Dataset]":
    """The corpus that is asked for, and its parts."""
    from lstm_composer.trainer.corpus.corpus import read_corpus  # noqa: PLC0415
    from lstm_composer.trainer.dataset.dataset import build_dataset  # noqa: PLC0415

    corpus = read_corpus(arguments.source) if arguments.source else made_up_corpus()
    return corpus, build_dataset(corpus, seed=0)


def work(arguments: argparse.Namespace) -> None:
    """Measure in this process, which was given its cores; prints the speeds as JSON."""
    with quiet_tensorflow():
        corpus, material = read(arguments)
        wanted = arguments.only or [variant.name for variant in VARIANTS] + list(ARTICLE)
        trainees = [stream_trainee(v, material, settings_of(arguments)) for v in VARIANTS if v.name in wanted]
        trainees += [article_trainee(preset, corpus, material) for preset in ARTICLE if preset in wanted]
        found = measure(trainees, arguments.seconds, arguments.rounds)
    print(json.dumps([msgspec.to_builtins(speed) for speed in found]))


def profile(arguments: argparse.Namespace) -> None:
    """Say where the time of `stream` goes, on one core so that the times of the operations add up."""
    from benchmarks.training.training_profile import print_profile, profiled  # noqa: PLC0415

    keep_to(1)
    with quiet_tensorflow():
        _, material = read(arguments)
        trainee = stream_trainee(VARIANTS[0], material, settings_of(arguments))
        train_for(trainee, lambda done: done < trainee.warm_up)
        found = profiled(lambda: train_for(trainee, lambda done: done < PROFILED))
    print(f"{arguments.source or 'made-up chorales'}; {PROFILED} batches on one core; {machine()}\n")
    print_profile(found)


def ask(cores: int, argv: Sequence[str]) -> list[Speed]:
    """Measure in a process of its own on so many cores."""
    threads = {"TF_NUM_INTRAOP_THREADS": str(cores), "TF_NUM_INTEROP_THREADS": str(cores), "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, __file__, "--worker", str(cores), *argv]
    done = subprocess.run(command, env={**os.environ, **threads}, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed")
    return msgspec.convert(json.loads(done.stdout.splitlines()[-1]), list[Speed])


def keep_to(cores: int) -> None:
    """Leave this process so many cores, where the system lets it choose."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def row_of(speed: Speed, cores: int, article: Speed | None) -> tuple[str, ...]:
    """A row of the table; the ratio is the median of that in each round."""
    ratio = ""
    if article:
        ratio = f"{statistics.median(a / b for a, b in zip(speed.rounds, article.rounds, strict=True)):.1f}"
    middle = f"{statistics.median(speed.rounds):,.0f}"
    return (
        speed.name, str(cores), middle, f"{min(speed.rounds):,.0f} to {max(speed.rounds):,.0f}", ratio,
        f"{speed.warm_up_seconds:.0f}",
    )  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Training speed of stream and the article's networks.")
    parser.add_argument("source", nargs="?", help="folder of music, file or corpus (default: music made for it)")
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S", help="of a turn (default: 3)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--units", type=int, default=TrainingSettings(name="", source="").network.units, metavar="N")
    parser.add_argument("--batch-steps", type=int, default=FROM_NOTHING.batch_steps, metavar="N")
    names = [variant.name for variant in VARIANTS] + list(ARTICLE)
    parser.add_argument("--only", action="append", choices=names, help="measure this one (can be repeated)")
    parser.add_argument("--profile", action="store_true", help="say where the time of stream goes instead")
    parser.add_argument("--worker", type=int, metavar="CORES", help=argparse.SUPPRESS)
    return parser


def main() -> None:
    """Measure on one core and on two, or say where the time goes."""
    arguments = _parser().parse_args()
    if arguments.worker:
        keep_to(arguments.worker)
        work(arguments)
        return
    if arguments.profile:
        profile(arguments)
        return
    rows = []
    for cores in arguments.cores:
        found = ask(cores, sys.argv[1:])
        article = next((speed for speed in found if speed.name == "article"), None)
        rows += [row_of(speed, cores, article) for speed in found]
    rounds = f"{arguments.rounds} rounds of {arguments.seconds:g} s"
    print(f"{arguments.source or 'made-up chorales'}; {rounds}; {machine()}\n")
    print_table(("notes or targets a second", "cores", "median", "rounds", "times article", "warm-up, s"), rows)


if __name__ == "__main__":
    main()
