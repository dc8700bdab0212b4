import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.music.event_encoding import DELTA_CLASSES, DURATION_CLASSES, PITCHES
from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.dataset.training_piece import EncodedPiece, encode_piece
from lstm_composer.trainer.evaluation.markov_baseline import WittenBell, fit, nll_per_note
from lstm_composer.trainer.pieces.piece import make_piece

MakeSequences = Callable[[int], tuple[EncodedPiece, ...]]
CLASSES = 5
symbols = st.lists(st.integers(0, CLASSES - 1), max_size=40)


def contexts_of(past: list[int]) -> list[int]:
    """Hashes of the last 0, 1 and 2 symbols."""
    return [hash(("context", *past[len(past) - length :])) for length in range(min(2, len(past)) + 1)]


def model_of(text: list[int]) -> WittenBell:
    model = WittenBell(CLASSES)
    for index, symbol in enumerate(text):
        model.add(contexts_of(text[:index]), symbol)
    return model


@given(symbols, st.lists(st.integers(0, CLASSES - 1), max_size=3))
def test_probabilities_in_a_context_add_up_to_1(text: list[int], past: list[int]) -> None:
    model = model_of(text)
    probabilities = [model.probability(contexts_of(past), symbol) for symbol in range(CLASSES)]
    assert sum(probabilities) == pytest.approx(1)
    assert min(probabilities) > 0


def test_nothing_seen_is_uniform() -> None:
    assert WittenBell(CLASSES).probability(contexts_of([1, 2]), 3) == 1 / CLASSES


def test_witten_and_bell_by_hand() -> None:
    """After one context came `b` three times and `c` once: 4 seen, 2 kinds, so a third is left to the shorter one."""
    a, b, c = 0, 1, 2
    model = WittenBell(CLASSES)
    for symbol in (b, b, b, c):
        model.add([10, 11], symbol)
    model.add([10, 12], a)
    shorter = {symbol: (seen + 3 / CLASSES) / (5 + 3) for symbol, seen in ((a, 1), (b, 3), (c, 1))}
    for symbol, seen in ((a, 0), (b, 3), (c, 1)):
        assert model.probability([10, 11], symbol) == pytest.approx((seen + 2 * shorter[symbol]) / (4 + 2))


def test_what_always_follows_is_learned() -> None:
    model = model_of([0, 1, 2] * 50)
    assert model.probability(contexts_of([0, 1]), 2) > 0.95
    assert model.probability(contexts_of([0, 1]), 0) < 0.01


def figure(bars: int, higher: int = 0) -> EncodedPiece:
    """The same four notes again and again."""
    pitches = [60, 64, 67, 64] * bars
    return encode_piece(make_piece("figure", [Note(24 * i, pitch + higher, 24, 78) for i, pitch in enumerate(pitches)]))


def test_a_repeated_figure_is_learned_in_all_keys() -> None:
    models = fit([figure(50)])
    known, moved = (nll_per_note(models, [figure(20, higher)]) for higher in (0, 5))
    assert known["nll_delta"] < 0.4  # most of it the end of the piece
    assert known["nll_pitch"] < 0.3
    assert known["nll_duration"] < 0.1
    assert known["nll_velocity"] < 0.1
    assert moved["nll_pitch"] < known["nll_pitch"] + 0.3  # only the first note is new


def test_what_was_learned_is_likelier_than_by_chance(make_sequences: MakeSequences) -> None:
    pieces = make_sequences(4)
    found = nll_per_note(fit(pieces), pieces)
    assert found["loss"] == pytest.approx(
        sum(found[f"nll_{head}"] for head in ("delta", "pitch", "duration", "velocity"))
    )
    assert found["nll_delta"] < math.log(DELTA_CLASSES)
    assert found["nll_pitch"] < math.log(2 * PITCHES)
    assert found["nll_duration"] < math.log(DURATION_CLASSES)
    assert found["loss"] < nll_per_note(fit(pieces[:1]), pieces)["loss"]


def test_nothing_learned_is_chance(make_sequences: MakeSequences) -> None:
    pieces = make_sequences(1)
    found = nll_per_note(fit([]), pieces)
    assert found["nll_pitch"] == pytest.approx(math.log(2 * PITCHES))
    assert found["nll_delta"] == pytest.approx(math.log(DELTA_CLASSES) * pieces[0].steps / pieces[0].notes)
