"""The copy model: worth much to a model that knows nothing, nothing to one that knows all."""

import numpy as np
import pytest

from benchmarks.training.copy_model import expected, gain
from lstm_composer.runtime.music.event_encoding import DELTA_CLASSES, DURATION_CLASSES, PITCHES
from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.dataset.training_piece import EncodedPiece, encode_piece
from lstm_composer.trainer.pieces.piece import make_piece

CHANCE = -np.log([DELTA_CLASSES, PITCHES, DURATION_CLASSES, 32])


def piece(seed: int, *, repeats: bool) -> EncodedPiece:
    """64 notes, a phrase of 16 four times, or never the same."""
    rng = np.random.default_rng(seed)
    rows = rng.integers([48, 1], [84, 8], (16 if repeats else 64, 2))
    rows = np.tile(rows, (4, 1)) if repeats else rows
    notes = [Note(12 * index, int(pitch), int(length) * 6, 78) for index, (pitch, length) in enumerate(rows)]
    return encode_piece(make_piece(f"piece {seed}", notes))


def by_chance(sequence: EncodedPiece, nats: float = 1.0) -> np.ndarray:
    rows = np.tile(CHANCE * nats, (sequence.steps, 1))
    rows[-1, 1:] = 0  # the end says nothing of them
    return rows


def test_what_a_match_expects() -> None:
    sequence = piece(1, repeats=True)
    found, _ = expected(sequence)
    assert np.isnan(found[0]).all()
    assert (found[18:32, :, 0] > 0.9).all()  # the second time every note is known


@pytest.mark.parametrize(("repeats", "least", "most"), [(True, 7, 12), (False, -0.1, 3)])
def test_what_copying_is_worth_to_chance(*, repeats: bool, least: float, most: float) -> None:
    pieces = [piece(seed, repeats=repeats) for seed in range(6)]
    assert least < gain([by_chance(one) for one in pieces], pieces) < most


def test_who_knows_all_gains_nothing() -> None:
    pieces = [piece(seed, repeats=True) for seed in range(6)]
    assert -0.05 < gain([by_chance(one, 0.001) for one in pieces], pieces) <= 0.01
