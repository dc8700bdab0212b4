"""Does each style sound like itself? A classifier that knows only human music names the style of what a network plays.

A forest of decision trees learns the style of excerpts of the real training pieces, from the features of
style_features.py. Then it names the style of held-out real excerpts and of generated ones, 32 a style, made as `play`
makes them by default, and cut as the human ones are: a third of them are beginnings of pieces, the others come from
further on. What counts is the share that it names right among the generated ones, beside that among the real
ones: some styles cannot be told apart, by whoever plays them. Every style counts as much as every other.

Run: python benchmarks/training/style_recognition.py RUN [--epoch N] [--sampling FILE.json] [--json]
RUN is a run of `lstm-composer train` with several styles.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.common.style_features import features
from benchmarks.common.tables import print_table
from lstm_composer.runtime.bundle.schema import SamplingCard
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.event_encoding import quantise
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow

with quiet_tensorflow():
    from rich.console import Console

    from lstm_composer.trainer.commands.music import material_of
    from lstm_composer.trainer.dataset.dataset import Dataset
    from lstm_composer.trainer.evaluation.epoch_choice import EXCERPTS
    from lstm_composer.trainer.evaluation.gates import cut_excerpts
    from lstm_composer.trainer.evaluation.per_style import as_played, by_style, sampled_by
    from lstm_composer.trainer.network.excerpts import SteppedNetwork, controls_of, make_excerpts, stepped
    from lstm_composer.trainer.network.trained_network import load_network
    from lstm_composer.trainer.pieces.piece import Piece
    from lstm_composer.trainer.runs.run_directory import RunDirectory

NOTES = 128
"""Notes in an excerpt: hymns and tunes have hardly more."""
PARTS = 3
"""Generated pieces are as many excerpts long; each of them gives one."""
MOST_OF_A_STYLE = 400
"""Training excerpts of a style; the classifier weighs small styles up."""
TREES = 400

Excerpts = dict[str, list[Sequence[Note]]]
"""By style."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What came of it.

    Attributes:
        real: By style, the share of its held-out excerpts that were named right; styles without any are missing.
        generated: By style, the share of the generated ones.
        taken_for: By style, what its generated excerpts were taken for most often.

    """

    real: Mapping[str, float]
    generated: Mapping[str, float]
    taken_for: Mapping[str, str]

    @property
    def ratio(self) -> float:
        """How often generated excerpts are named right for each real one, over the styles that have both."""
        return fmean(self.generated[style] for style in self.real) / fmean(self.real.values())


def cut(pieces: Sequence[Piece], seed: int = 0) -> list[Sequence[Note]]:
    """Excerpts of NOTES notes of some pieces, on the grid; at most MOST_OF_A_STYLE, drawn."""
    on_grid = [replace(piece, notes=tuple(quantise(piece.notes))) for piece in pieces]
    found: list[Sequence[Note]] = [notes for _, notes in cut_excerpts(on_grid, NOTES, seed)]
    chosen = np.random.default_rng(seed).permutation(len(found))[:MOST_OF_A_STYLE]
    return [found[index] for index in sorted(chosen)]


def generated(
    player: SteppedNetwork, apart: Mapping[str, Dataset], own_sampling: Mapping[str, SamplingCard]
) -> Excerpts:
    """EXCERPTS excerpts of each style, with the seeds 0 and up, as `play` would make them."""
    found: Excerpts = {}
    for name, own in apart.items():
        meter = Meter.parse(own.summary()["meter"])
        number = own.train[0].style
        controls = as_played(controls_of(len(own.styles), number, meter=meter), own.styles[number])
        if name in own_sampling:
            controls = sampled_by(controls, own_sampling[name])
        pieces = make_excerpts(player, range(EXCERPTS), PARTS * NOTES, [controls] * EXCERPTS)
        starts = [number % PARTS * NOTES for number in range(EXCERPTS)]
        found[name] = [piece[start : start + NOTES] for piece, start in zip(pieces, starts, strict=True)]
    return found


def recognise(training: Excerpts, held_out: Excerpts, played: Excerpts) -> Recognised:
    """Train the classifier on one set of excerpts and let it name the style of two others."""
    forest = RandomForestClassifier(
        TREES, class_weight="balanced_subsample", min_samples_leaf=2, random_state=0, n_jobs=1
    )
    forest.fit(*_table_of(training))
    answers = {
        name: list(forest.predict(np.stack([features(notes) for notes in excerpts])))
        for name, excerpts in played.items()
    }
    real = {
        name: list(forest.predict(np.stack([features(notes) for notes in excerpts])))
        for name, excerpts in held_out.items()
        if excerpts
    }
    return Recognised(
        real={name: given.count(name) / len(given) for name, given in real.items()},
        generated={name: given.count(name) / len(given) for name, given in answers.items()},
        taken_for={name: max(sorted(set(given)), key=given.count) for name, given in answers.items()},
    )


def _table_of(excerpts: Excerpts) -> tuple[Any, list[str]]:
    rows = [(features(notes), name) for name, some in excerpts.items() for notes in some]
    return np.stack([row for row, _ in rows]), [name for _, name in rows]


def measured(run: RunDirectory, epoch: int | None, own_sampling: Mapping[str, SamplingCard]) -> Recognised:
    """Do all of it for a checkpoint of a run, by default the best; some styles may have defaults of their own.

    Raises:
        InputError: If it has one style only, or no such checkpoint.

    """
    settings = run.read_settings()
    if len(settings.style_names) < 2:
        raise InputError(f"{run.path} has one style, {settings.name}: there is nothing to tell apart")
    network = load_network(run, run.best_epoch() if epoch is None else epoch)
    apart = by_style(material_of(run, settings, Console(stderr=True)))
    return recognise(
        {name: cut(own.split.train) for name, own in apart.items()},
        {name: cut([*own.split.validation, *own.split.test]) for name, own in apart.items()},
        generated(stepped(network), apart, own_sampling),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("--epoch", type=int)
    parser.add_argument("--sampling", type=Path, metavar="FILE.json", help="what recipes/choose_sampling.py chose")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    own = arguments.sampling.read_bytes() if arguments.sampling else b"{}"
    own_sampling = msgspec.json.decode(own, type=dict[str, SamplingCard])
    found = measured(RunDirectory(arguments.run), arguments.epoch, own_sampling)
    if arguments.json:
        whole = {"real": found.real, "generated": found.generated, "taken_for": found.taken_for, "ratio": found.ratio}
        print(json.dumps(whole, indent=2))
        return 0
    shown = {name: f"{share:.0%}" for name, share in found.real.items()}
    rows = [
        (name, shown.get(name, ""), f"{share:.0%}", found.taken_for[name]) for name, share in found.generated.items()
    ]
    print_table(("style", "real", "generated", "most often taken for"), rows)
    real = fmean(found.real.values())
    print(f"\nreal {real:.1%}, generated {real * found.ratio:.1%}, ratio {found.ratio:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(in_words(main))
