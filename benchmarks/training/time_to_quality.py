"""Time to quality: `stream` and the article's network after so many minutes of training on the same music.

After each of the marks (5, 15 and 60 minutes) the clock stops, and the best network so far is measured: best on the
validation part, on which each is tried after every epoch and at every mark, with the clock standing still. With
`--together` the minutes are those of one processor core, whatever else runs on the machine.

- next onset: of all onsets of the test part, the share whose pitches it names, told all that came before. The
  article's network gives its likeliest token, the name of a note or chord. `stream` is told the time of the onset, as
  the other is not asked for it, and gives the likeliest note after note until it moves on (next_onset.py). Right is
  what has the name of the true one, for both the same name.
- with its time: the same, where `stream` is asked for the time of the onset as well.
- next pitch: the share of the notes of the test part whose pitch `stream` names, told also the chord so far; not to be
  compared with the others.
- gates: of 32 excerpts, how many neither go round in circles nor copy (trainer/evaluation/gates.py); the article's
  tokens are played as half beats.

Each learns from scratch with its own recipe: the article's network at a constant rate, `stream` with its rate falling
over the longest of the marks, so that the earlier marks are measured in the middle of a longer training. To give both
the same music, the article's network gets a token for each onset of all parts (onset_tokens.py);
`--as-the-article-reads` gives it what music21 and the article's rules make of the files instead (their first part), and
the onsets that it is asked for are then others.

Run: python benchmarks/training/time_to_quality.py FOLDER [--minutes 5 15 60] [--together] [--json FILE]
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.common.tables import machine, print_table
from benchmarks.common.timed_training import Batches, Figures, Learner, learn
from lstm_composer.runtime.errors import CorpusError
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow

if TYPE_CHECKING:
    from lstm_composer.trainer.article.windows import TokenMaterial
    from lstm_composer.trainer.corpus.corpus import Corpus
    from lstm_composer.trainer.dataset.dataset import Dataset
    from lstm_composer.trainer.evaluation.epoch_choice import Evaluator

PRESETS = ("stream", "article")
EXCERPT_SEEDS = range(32)
MARKS = (5.0, 15.0, 60.0)


def stream_learner(material: "Dataset", evaluator: "Evaluator", units: int) -> Learner:
    """`stream` with its recipe."""
    import keras  # noqa: PLC0415

    from benchmarks.training.next_onset import onset_accuracy  # noqa: PLC0415
    from lstm_composer.trainer.dataset.batches import TrainingSet, dataset  # noqa: PLC0415
    from lstm_composer.trainer.evaluation.epoch_choice import sample_excerpts  # noqa: PLC0415
    from lstm_composer.trainer.evaluation.keras_nll import evaluate  # noqa: PLC0415
    from lstm_composer.trainer.network.excerpts import stepped  # noqa: PLC0415
    from lstm_composer.trainer.network.stream_network import StreamNetwork  # noqa: PLC0415
    from lstm_composer.trainer.network.trained_network import CLIP_NORM  # noqa: PLC0415
    from lstm_composer.trainer.runs.settings import TrainingSettings  # noqa: PLC0415
    from lstm_composer.trainer.training.stream_learner import FINAL_RATE  # noqa: PLC0415

    recipe = TrainingSettings(name="stream", source="")
    keras.utils.set_random_seed(recipe.seed)
    network = StreamNetwork({**recipe.network.as_dict(), "units": units})
    optimizer = keras.optimizers.AdamW(
        recipe.learning_rate, weight_decay=recipe.weight_decay, global_clipnorm=CLIP_NORM
    )
    network.compile(optimizer=optimizer, jit_compile=False)
    pieces = TrainingSet(material.train, 1, recipe.batch_steps, recipe.window, recipe.seed)
    player = stepped(network)

    def rate(share: float) -> float:
        warm = min(1.0, (float(network.optimizer.iterations) + 1) / max(1, len(pieces.epoch(0))))
        falling = FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * min(1.0, share))) / 2
        return recipe.learning_rate * min(warm, falling)

    def measure() -> Figures:
        figures, onsets = evaluate(network, material.test), onset_accuracy(player, material.test)
        return {
            "next_onset": onsets.pitches,
            "with_its_time": onsets.time_and_pitches,
            "next_pitch": round(figures["accuracy_pitch"], 4),
            "onsets": onsets.onsets,
            "test_loss": round(figures["loss"], 4),
            **_heard(evaluator, sample_excerpts(evaluator, player), material),
        }

    def validate() -> float:
        return evaluate(network, material.validation)["loss"] if material.validation else 0.0

    def notes(batches: Batches) -> int:
        return sum(w.steps - (w.stop == w.sequence.steps) for windows in batches for w in windows)

    return Learner(network, pieces.epoch, lambda batches: dataset(batches, 1), notes, rate, validate, measure)


def article_learner(tokens: "TokenMaterial", material: "Dataset", evaluator: "Evaluator") -> Learner:
    """The article's network, as it was."""
    import keras  # noqa: PLC0415

    from lstm_composer.runtime.music.token_encoding import TokenControls  # noqa: PLC0415
    from lstm_composer.trainer.article.network import new_network  # noqa: PLC0415
    from lstm_composer.trainer.article.sampling import make_token_excerpts, runner_of  # noqa: PLC0415
    from lstm_composer.trainer.article.windows import BATCH, Windows, dataset, encoding_of  # noqa: PLC0415
    from lstm_composer.trainer.network.excerpts import MIN_P, TEMPERATURE  # noqa: PLC0415

    keras.utils.set_random_seed(0)
    network = new_network("article", len(tokens.vocabulary))
    train, encoding = tokens.train, encoding_of(tokens, "article")
    # The first onsets of a part need a window before them as well.
    before, run = train.tokens[-train.length :], runner_of(network)
    validation, test = (
        Windows(np.concatenate([before, part.tokens]), train.classes, train.length)
        for part in (tokens.validation, tokens.test)
    )

    def epoch(number: int) -> Batches:
        order = train.order(0, number)
        return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]

    def validate() -> float:
        return float(network.evaluate(dataset(validation), verbose=0)[0]) if len(validation) else 0.0

    def measure() -> Figures:
        figures = network.evaluate(dataset(test), verbose=0, return_dict=True)
        controls = TokenControls(TEMPERATURE[1], MIN_P)
        excerpts = make_token_excerpts(run, encoding, EXCERPT_SEEDS, evaluator.gates.notes, controls)
        return {
            "next_onset": round(float(figures["accuracy"]), 4),
            "onsets": len(test),
            "test_loss": round(float(figures["loss"]), 4),
            **_heard(evaluator, excerpts, material),
        }

    def serve(batches: Batches) -> Any:
        return dataset(train, np.concatenate(batches))

    return Learner(network, epoch, serve, lambda batches: sum(map(len, batches)), None, validate, measure)


def _heard(evaluator: "Evaluator", excerpts: Sequence[Any], material: "Dataset") -> Figures:
    """What the gates say of excerpts."""
    played = any(piece.performed for piece in material.split.train)
    loop, copy, longest, likeness, _ = evaluator.evaluate(
        [notes[: evaluator.gates.notes] for notes in excerpts], played=played
    )
    return {
        "loop_gate": {"passed": loop.passed, "inside": loop.inside, "reasons": list(loop.reasons)},
        "copy_gate": {"passed": copy.passed, "inside": copy.inside, "reasons": list(copy.reasons)},
        "excerpts": len(excerpts),
        "longest_match": longest,
        "likeness": likeness,
    }


def _tokens(corpus: "Corpus", material: "Dataset", *, as_read: bool) -> "TokenMaterial":
    from benchmarks.common.onset_tokens import token_corpus  # noqa: PLC0415
    from lstm_composer.trainer.article.tokens import read_tokens  # noqa: PLC0415
    from lstm_composer.trainer.article.windows import lay_out  # noqa: PLC0415
    from lstm_composer.trainer.corpus.corpus import find_files  # noqa: PLC0415

    tokens = read_tokens(find_files(corpus.source).files, corpus.source) if as_read else token_corpus(corpus)
    return lay_out(tokens, material.split)


def work(arguments: argparse.Namespace) -> None:
    """Train one network in this process; prints a line of JSON after each mark."""
    with quiet_tensorflow():
        from lstm_composer.trainer.corpus.corpus import read_corpus  # noqa: PLC0415
        from lstm_composer.trainer.dataset.dataset import build_dataset  # noqa: PLC0415
        from lstm_composer.trainer.evaluation.epoch_choice import make_evaluator  # noqa: PLC0415
        from lstm_composer.trainer.network.trained_network import load_network  # noqa: F401, PLC0415 - loads TensorFlow while it is quiet
    corpus = read_corpus(arguments.source)
    material = build_dataset(corpus, seed=0)
    if not material.test:
        raise CorpusError(f"{arguments.source} has too few pieces for a test part: give more")
    evaluator = make_evaluator(material, 1)
    if arguments.worker == "stream":
        learner = stream_learner(material, evaluator, arguments.units)
    else:
        tokens = _tokens(corpus, material, as_read=arguments.as_the_article_reads)
        learner = article_learner(tokens, material, evaluator)
    clock = time.process_time if arguments.together else time.monotonic
    for figures in learn(learner, [60 * minutes for minutes in arguments.minutes], clock):
        print(json.dumps({"preset": arguments.worker, **figures}), flush=True)


def start(preset: str, threads: int | None) -> "subprocess.Popen[str]":
    """Start a process that trains one network."""
    count = {"TF_NUM_INTRAOP_THREADS": str(threads), "TF_NUM_INTEROP_THREADS": str(threads)} if threads else {}
    command = [sys.executable, __file__, *sys.argv[1:], "--worker", preset]
    return subprocess.Popen(command, env={**os.environ, **count}, stdout=subprocess.PIPE, text=True)


def results_of(processes: Sequence["subprocess.Popen[str]"]) -> Iterator[Figures]:
    """What processes print, one after the other; an interrupted or failed one ends this one."""
    for process in processes:
        for line in process.stdout or ():
            yield json.loads(line)
        if process.wait():
            sys.exit(process.returncode)


def row_of(result: Mapping[str, Any]) -> tuple[str, ...]:
    """A row of the table."""

    def share(name: str) -> str:
        return f"{result[name]:.1%}" if name in result else ""

    def gate(name: str) -> str:
        return f"{result[name]['inside']} of {result['excerpts']}{'' if result[name]['passed'] else ', fails'}"

    return (
        result["preset"], f"{result['minutes']:.1f}", f"{result['best_epoch']} of {result['epochs']}",
        f"{result['targets']:,}",
        share("next_onset"), share("with_its_time"), share("next_pitch"), gate("loop_gate"), gate("copy_gate"),
        f"{result['likeness']:.3f}",
    )  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="stream and the article's network after minutes of training.")
    parser.add_argument("source", help="folder of music, file or corpus")
    parser.add_argument("--minutes", type=float, nargs="+", default=list(MARKS), metavar="M", help="rising")
    parser.add_argument("--only", choices=PRESETS, help="train this one alone")
    together = "both at once, a thread each, by the processor's time; else one after the other, by the clock"
    parser.add_argument("--together", action="store_true", help=together)
    parser.add_argument("--threads", type=int, metavar="N", help="processor cores to use (default: all)")
    parser.add_argument("--units", type=int, default=160, metavar="N", help="cells in an LSTM layer of stream")
    as_read = "give the article's network the tokens of music21 and the article's rules"
    parser.add_argument("--as-the-article-reads", action="store_true", help=as_read)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results so far to this file")
    parser.add_argument("--worker", choices=PRESETS, help=argparse.SUPPRESS)
    return parser


def _benchmark(arguments: argparse.Namespace) -> None:
    presets = [arguments.only] if arguments.only else list(PRESETS)
    threads = 1 if arguments.together else arguments.threads
    titles = (
        "preset", "minutes", "best epoch", "notes or tokens", "next onset", "with its time", "next pitch", "loop gate",
        "copy gate", "likeness",
    )  # fmt: skip
    results: list[Figures] = []
    for group in [presets] if arguments.together else [[preset] for preset in presets]:
        for result in results_of([start(preset, threads) for preset in group]):
            results.append(result)
            print(f"{result['preset']} after {result['minutes']:.1f} minutes measured", file=sys.stderr)
            if arguments.json:
                page = {"source": arguments.source, "machine": machine(), "results": results}
                arguments.json.write_text(json.dumps(page, indent=2) + "\n", encoding="utf-8")
    together = "both at once, a thread each" if arguments.together else "one after the other"
    print(f"{arguments.source}, {results[-1]['onsets']:,} onsets in the test part; {together}; {machine()}\n")
    print_table(titles, [row_of(result) for result in results])


def main() -> int:
    """Train both, or one; or be one of the processes that do."""
    arguments = _parser().parse_args()
    work(arguments) if arguments.worker else _benchmark(arguments)
    return 0


if __name__ == "__main__":
    sys.exit(in_words(main))
