"""What a copy model inside each piece would still add to a network, and to a Markov model, on held-out pieces.

    python benchmarks/training/copy_model.py RUN_OR_BUNDLE [FOLDER] [--epoch N] [--part test] [--styles A,B] [--json
        FILE]

The copy model looks for the longest match, of at most 8 events, of the present context with any earlier place of the
piece, by pitches and by intervals, and expects what followed it. It is mixed with the model's own probability of what
the piece does, for each head, with weights by the lengths of both matches. The weights are fitted by expectation
maximisation on one half of the pieces and used on the other, both ways round. Nats a note of delta, pitch and duration
together. A network that remembers the piece has nothing left to gain; see docs/training.md.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.tables import print_table
from lstm_composer.runtime.music.event_encoding import DELTA_CLASSES, DURATION_CLASSES, PITCHES
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.dataset.training_piece import EncodedPiece
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow
from lstm_composer.trainer.pieces.recollection import MATCHES

with quiet_tensorflow():
    from lstm_composer.trainer.commands.candidates import candidate_of, material_by_style
    from lstm_composer.trainer.evaluation import markov_baseline
    from lstm_composer.trainer.evaluation.onnx_nll import log_probabilities
    from lstm_composer.trainer.evaluation.per_style import by_style, only
    from lstm_composer.trainer.text.console import PlainConsole

Floats = NDArray[np.float64]
CLASSES = (DELTA_CLASSES, PITCHES, DURATION_CLASSES)
LONGEST = 8
"""Events of a match beyond which it counts as no longer."""
MISSED = 0.02
"""Probability that the copy model leaves to all other classes together."""
ROUNDS = 30
"""Of expectation maximisation."""


def expected(sequence: EncodedPiece) -> tuple[Floats, NDArray[np.int64]]:
    """What the copy model thinks of what a piece does.

    Returns:
        Probabilities [steps, 3, MATCHES], of each head by each match, NaN where the match expects nothing; and the
        lengths of the matches joined to one number, [steps].

    """
    found = sequence.candidates[:, :MATCHES].astype(np.int64)
    lengths = np.minimum(found[:, range(MATCHES), [-2, -1]], LONGEST)
    right = found[..., :3] == sequence.target[:, None, :3]
    asked = np.stack([lengths > 0, (lengths > 0) & right[..., 0], (lengths > 0) & right[..., 0] & right[..., 1]], 1)
    hits = np.moveaxis(right, 2, 1)
    others = MISSED / (np.array(CLASSES)[:, None] - 1)
    return np.where(asked, np.where(hits, 1 - MISSED, others), np.nan), lengths @ [1, LONGEST + 1]


def gain(own: Sequence[Floats], sequences: Sequence[EncodedPiece]) -> float:
    """Nats a note that mixing in the copy model takes off, given the model's log-probabilities [steps, 4] of pieces."""
    halves = [[n for n in range(len(sequences)) if n % 2 == half] for half in range(2)]
    copies = [expected(sequence) for sequence in sequences]
    total = 0.0
    for head in range(len(CLASSES)):
        for fitted, used in (halves, halves[::-1]):
            weights = _fit(*_joined(own, copies, head, fitted))
            probability, bucket = _joined(own, copies, head, used)
            total += float(np.log(_mixed(probability, weights[bucket]).sum(axis=1)).sum())
    before = sum(float(rows[:, : len(CLASSES)].sum()) for rows in own)
    return (total - before) / sum(sequence.notes for sequence in sequences)


def _joined(
    own: Sequence[Floats], copies: Sequence[tuple[Floats, NDArray[np.int64]]], head: int, numbers: Sequence[int]
) -> tuple[Floats, NDArray[np.int64]]:
    """Probabilities [steps, 1 + MATCHES] of the model and of the matches, and the bucket of each step, of pieces."""
    if not numbers:
        return np.ones((0, 1 + MATCHES)), np.zeros(0, np.int64)
    rows = [np.column_stack([np.exp(own[n][:, head]), copies[n][0][:, head]]) for n in numbers]
    return np.concatenate(rows), np.concatenate([copies[n][1] for n in numbers])


def _mixed(probability: Floats, weights: Floats) -> Floats:
    """Shares [steps, 1 + MATCHES] of the mixture; what expects nothing has no weight."""
    there = ~np.isnan(probability)
    weights = np.where(there, weights, 0.0)
    mixed: Floats = np.where(there, probability, 0.0) * weights / weights.sum(axis=1, keepdims=True)
    return mixed


def _fit(probability: Floats, bucket: NDArray[np.int64]) -> Floats:
    """Weights [buckets, 1 + MATCHES] by expectation maximisation; with few steps they stay near what they began as."""
    buckets = (LONGEST + 1) ** MATCHES
    weights = np.tile([0.8, *[0.2 / MATCHES] * MATCHES], (buckets, 1))
    prior = weights * 2.0
    for _ in range(ROUNDS):
        shares = _mixed(probability, weights[bucket])
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        sums = prior.copy()
        np.add.at(sums, bucket, shares)
        weights = sums / sums.sum(axis=1, keepdims=True)
    return weights


def main() -> int:
    """Measure the styles of a run or a bundle."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", metavar="RUN_OR_BUNDLE")
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--epoch", type=int)
    parser.add_argument("--part", choices=("validation", "test"), default="test")
    parser.add_argument("--styles", default="")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    candidate = candidate_of(asked.what, asked.epoch, PlainConsole())
    apart = by_style(material_by_style(candidate, asked.folder))
    found: dict[str, dict[str, float]] = {}
    for name in only(apart, asked.styles, "--styles"):
        pieces: Sequence[EncodedPiece] = getattr(apart[name], asked.part)
        if len(pieces) < MATCHES:
            continue  # nothing to fit weights on
        models = markov_baseline.fit(apart[name].train)
        for title, own in (
            ("network", log_probabilities(candidate.player, pieces, candidate.styles)),
            ("markov", [markov_baseline.log_probabilities(models, piece) for piece in pieces]),
        ):
            notes = sum(piece.notes for piece in pieces)
            nats = -sum(float(rows[:, : len(CLASSES)].sum()) for rows in own) / notes
            found.setdefault(name, {"notes": notes}).update({title: nats, f"{title}_gain": gain(own, pieces)})
        print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
    columns = ("network", "network_gain", "markov", "markov_gain")
    rows = [(name, f"{row['notes']:,.0f}", *(f"{row[one]:.3f}" for one in columns)) for name, row in found.items()]
    total = sum(row["notes"] for row in found.values())
    means = [sum(row["notes"] * row[one] for row in found.values()) / total for one in columns]
    print_table(
        ("style", "notes", "network", "copying gains", "Markov", "copying gains"),
        [*rows, ("**all**", f"{total:,.0f}", *(f"{mean:.3f}" for mean in means))],
    )
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(in_words(main))
