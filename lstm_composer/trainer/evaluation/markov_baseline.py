"""The baseline: an order-3 Markov model over the same events, smoothed by Witten and Bell's interpolation (1991).

It predicts delta, pitch, duration and velocity of an event in turn from the three events before it and what of the
event is known. Pitches count from the previous note's, so that every transposition of a piece is learned at once, as
the network learns it by training in all keys.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.event_encoding import (
    DELTA_CLASSES,
    DELTA_END,
    DURATION_CLASSES,
    HEADS,
    PITCHES,
    VELOCITY_BINS,
)
from lstm_composer.trainer.dataset.training_piece import EncodedPiece

ORDER: Final = 3
_CLASSES: Final = {
    "delta": DELTA_CLASSES,
    "pitch": 2 * PITCHES,
    "duration": DURATION_CLASSES,
    "velocity": VELOCITY_BINS,
}
_START: Final = (-1, 0, -1, -1)

Row = tuple[int, int, int, int]


class WittenBell:
    """Counts of symbols after contexts of every length, and the probability interpolated over them."""

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._counts: dict[int, int] = defaultdict(int)
        self._totals: dict[int, int] = defaultdict(int)
        self._kinds: dict[int, int] = defaultdict(int)

    def add(self, contexts: Iterable[int], symbol: int) -> None:
        """Count a symbol after each of its contexts (hashes)."""
        for context in contexts:
            key = hash((context, symbol))
            self._kinds[context] += self._counts[key] == 0
            self._counts[key] += 1
            self._totals[context] += 1

    def probability(self, contexts: Iterable[int], symbol: int) -> float:
        """Probability of a symbol after its contexts, from the shortest to the longest."""
        probability = 1.0 / self._classes
        for context in contexts:
            total = self._totals.get(context, 0)
            if not total:
                break
            kinds = self._kinds[context]
            probability = (self._counts.get(hash((context, symbol)), 0) + kinds * probability) / (total + kinds)
        return probability


def fit(pieces: Sequence[EncodedPiece]) -> dict[str, WittenBell]:
    """Count the events of the training pieces; one model per head."""
    models = {head: WittenBell(_CLASSES[head]) for head in HEADS}
    for piece in pieces:
        for head, contexts, symbol in _predictions(piece):
            models[head].add(contexts, symbol)
    return models


def nll_per_note(models: dict[str, WittenBell], pieces: Sequence[EncodedPiece]) -> dict[str, float]:
    """Negative log-likelihood in nats a note, per head and in total ("loss"), as the network's is measured."""
    totals = np.sum([log_probabilities(models, piece).sum(axis=0) for piece in pieces], axis=0)
    notes = max(1, sum(piece.notes for piece in pieces))
    per_head = {f"nll_{head}": -float(total) / notes for head, total in zip(HEADS, totals, strict=True)}
    return {"loss": sum(per_head.values()), **per_head}


def log_probabilities(models: dict[str, WittenBell], piece: EncodedPiece) -> NDArray[np.float64]:
    """Log-probabilities in nats of what a piece does, [steps, 4]; 0 of what its end does not say."""
    found = np.zeros((piece.steps, len(HEADS)))
    step = -1
    for head, contexts, symbol in _predictions(piece):
        step += head == HEADS[0]
        found[step, HEADS.index(head)] = math.log(models[head].probability(contexts, symbol))
    return found


def _predictions(piece: EncodedPiece) -> Iterator[tuple[str, list[int], int]]:
    """What is to be predicted of a piece: head, hashes of its contexts from short to long, and the symbol."""
    past: list[Row] = [_START] * ORDER
    previous_pitch = PITCHES // 2
    for delta, pitch, duration, velocity in piece.target.tolist():
        row = (delta, pitch - previous_pitch + PITCHES, duration, velocity)
        known: tuple[int, ...] = ()
        for head, symbol in zip(HEADS, row, strict=True):
            yield head, _contexts(head, known, past), symbol
            if delta == DELTA_END:
                return
            known = (*known, symbol)
        past = [*past[1:], row]
        previous_pitch = pitch


def _contexts(head: str, known: tuple[int, ...], past: list[Row]) -> list[int]:
    lengths = range(ORDER + 1)
    return [hash((head, ()))] + [hash((head, known, tuple(past[ORDER - length :]))) for length in lengths]
