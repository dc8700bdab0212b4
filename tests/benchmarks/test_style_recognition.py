"""The classifier that says whether generated music sounds like its style."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.common.style_features import SIZE, features
from benchmarks.training.style_recognition import Recognised, cut, recognise
from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.pieces.piece import make_piece

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def _scale(seed: int, step: int, length: int, notes: int = 128) -> list[Note]:
    """A walk up and down C major, at a pace of its own."""
    draw = random.Random(seed)
    degrees, place, found = (0, 2, 4, 5, 7, 9, 11), 14, []
    for number in range(notes):
        place = min(27, max(7, place + draw.choice((-1, 0, 1)) * step))
        found.append(Note(number * length, 48 + 12 * (place // 7 - 1) + degrees[place % 7], length, 80))
    return found


@given(st.integers(-20, 20))
def test_another_key_changes_nothing_but_the_register(semitones: int) -> None:
    there = [Note(note.onset, note.pitch + semitones, note.duration, 80) for note in _scale(3, 1, 12)]
    one, other = features(_scale(3, 1, 12)), features(there)
    assert one.shape == (SIZE,)
    register = slice(SIZE - 6, SIZE - 2)
    assert np.allclose(np.delete(one, register), np.delete(other, register))
    moved = (other - one)[register] * 128
    assert np.allclose(moved, [semitones, 0, semitones, semitones])


def _set(seeds: Sequence[int], **kinds: tuple[int, int]) -> dict[str, list[Sequence[Note]]]:
    return {name: [_scale(seed, *kind) for seed in seeds] for name, kind in kinds.items()}


def test_it_tells_slow_from_fast_and_hears_who_plays_the_other() -> None:
    kinds = {"slow": (1, 48), "fast": (1, 6)}
    swapped = {"slow": (1, 6), "fast": (1, 48)}
    training, held_out = _set(range(20), **kinds), _set(range(20, 30), **kinds)
    good = recognise(training, held_out, _set(range(30, 40), **kinds))
    assert (good.real, good.generated, good.ratio) == ({"slow": 1, "fast": 1}, {"slow": 1, "fast": 1}, 1)
    bad = recognise(training, held_out, _set(range(30, 40), **swapped))
    assert (bad.generated, bad.taken_for) == ({"slow": 0, "fast": 0}, {"slow": "fast", "fast": "slow"})


def test_a_style_with_nothing_held_out_does_not_count() -> None:
    found = Recognised({"a": 0.8, "b": 0.4}, {"a": 0.4, "b": 0.4, "alone": 1.0}, {})
    assert found.ratio == pytest.approx(0.4 / 0.6)


def test_long_pieces_are_cut_and_short_ones_left_out() -> None:
    pieces = [make_piece("long", _scale(1, 1, 12, 300)), make_piece("short", _scale(2, 1, 12, 100))]
    excerpts = cut(pieces)
    assert len(excerpts) >= 2
    assert {len(notes) for notes in excerpts} == {128}
