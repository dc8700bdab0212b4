from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.music.event_encoding import DELTA_END, SILENT
from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.dataset.batches import (
    FORGETFUL,
    LENGTH_STEP,
    TrainingSet,
    Window,
    batches_of,
    dataset,
    pack,
    whole_pieces,
    windows_of,
)
from lstm_composer.trainer.dataset.training_piece import EncodedPiece, encode_piece
from lstm_composer.trainer.pieces.key_of_piece import transposed_key
from lstm_composer.trainer.pieces.piece import make_piece
from lstm_composer.trainer.pieces.recollection import NOTHING

MakeSequences = Callable[[int], tuple[EncodedPiece, ...]]


def scale(notes: int, *, style: int = 0) -> EncodedPiece:
    return encode_piece(make_piece("scale", [Note(24 * i, 40 + i % 40, 24, 78) for i in range(notes)]), style)


def training_set(sequences: tuple[EncodedPiece, ...], seed: int = 1) -> TrainingSet:
    return TrainingSet(sequences, styles=1, batch_steps=128, window=24, seed=seed)


def epoch(source: TrainingSet, number: int) -> list[list[tuple[str, int, int, int]]]:
    return [[(w.sequence.name, w.start, w.stop, w.semitones) for w in batch] for batch in source.epoch(number)]


@given(st.integers(1, 200), st.integers(1, 64), st.integers(0, 63))
def test_windows_cover_every_step_once(notes: int, length: int, offset: int) -> None:
    piece = scale(notes)
    windows = windows_of(piece, length, offset % length)
    assert [step for window in windows for step in range(window.start, window.stop)] == list(range(piece.steps))
    assert all(1 <= window.steps <= length for window in windows)


def test_the_first_window_has_the_length_of_the_offset() -> None:
    assert [(window.start, window.stop) for window in windows_of(scale(49), 20, 7)] == [
        (0, 7),
        (7, 27),
        (27, 47),
        (47, 50),
    ]


def test_padding_weighs_nothing() -> None:
    long, short = Window(scale(40), 0, 41), Window(scale(9), 0, 10)
    inputs, target, weights = pack([long, short], styles=1)
    assert target.shape == weights.shape == (2, 2 * LENGTH_STEP, 4)
    assert weights[0, :40].tolist() == [[1, 1, 1, 1]] * 40
    assert weights[0, 40].tolist() == [1, 0, 0, 0]  # the end of the piece is a delta and nothing else
    assert not weights[0, 41:].any()
    assert weights[1].sum(axis=0).tolist() == [10, 9, 9, 9]
    assert not weights[1, 10:].any()
    assert (inputs["remaining"][1, 10:] == SILENT).all()
    np.testing.assert_array_equal(inputs["target"], target)


def test_velocities_weigh_as_the_notes_do(make_sequences: MakeSequences) -> None:
    [played] = make_sequences(1)
    _, target, weights = pack([Window(played, 0, played.steps)], styles=1)
    notes = (target[0, : played.steps, 0] != DELTA_END).astype(np.float32)
    np.testing.assert_array_equal(weights[0, : played.steps, 3], notes)


def test_a_window_holds_its_part_of_the_piece_in_its_key() -> None:
    piece = scale(40)
    inputs, target, _ = pack([Window(piece, 10, 30, semitones=2)], styles=1)
    np.testing.assert_array_equal(target[0, :20, 1], piece.target[10:30, 1] + 2)
    np.testing.assert_array_equal(inputs["event"][0, :20, 1], piece.event[10:30, 1] + 2)
    np.testing.assert_array_equal(inputs["remaining"][0, :20, 2:], piece.remaining[10:30, :-2])
    np.testing.assert_array_equal(inputs["next_position"][0, :20], piece.next_position[10:30])


def test_a_forgetful_window_suggests_nothing_from_the_past() -> None:
    piece = scale(40)
    inputs, target, _ = pack([Window(piece, 10, 30), Window(piece, 10, 30, forgetful=True)], styles=1)
    np.testing.assert_array_equal(inputs["candidates"][0, :20], piece.candidates[10:30])
    assert (inputs["candidates"][1] == NOTHING).all()
    assert not inputs["times"][1].any()
    np.testing.assert_array_equal(target[0], target[1])


def test_a_tenth_of_all_windows_forgets(make_sequences: MakeSequences) -> None:
    source = training_set(make_sequences(6))
    windows = [window for number in range(60) for batch in source.epoch(number) for window in batch]
    assert 0.5 * FORGETFUL < np.mean([window.forgetful for window in windows]) < 1.5 * FORGETFUL
    assert not any(window.forgetful for group in whole_pieces(make_sequences(3)) for window in group)


def test_the_key_moves_with_the_piece() -> None:
    piece = scale(40)
    inputs, _, _ = pack([Window(piece, 0, 30), Window(piece, 0, 30, semitones=5)], styles=1)
    assert inputs["key"].tolist() == [piece.key, transposed_key(piece.key, 5)]


def test_the_style_of_each_piece() -> None:
    inputs, _, _ = pack([Window(scale(3), 0, 4), Window(scale(3, style=2), 0, 4)], styles=3)
    assert inputs["style"].tolist() == [[1, 0, 0], [0, 0, 1]]


def test_an_epoch_follows_from_seed_and_number(make_sequences: MakeSequences) -> None:
    sequences = make_sequences(6)
    first = epoch(training_set(sequences), 1)
    assert epoch(training_set(sequences), 1) == first
    assert epoch(training_set(sequences), 2) != first
    assert epoch(training_set(sequences, seed=2), 1) != first


@pytest.mark.parametrize("number", range(5))
def test_an_epoch_holds_every_step_of_every_piece_once_in_one_key(make_sequences: MakeSequences, number: int) -> None:
    sequences = make_sequences(6)
    windows = [window for batch in training_set(sequences).epoch(number) for window in batch]
    counts = Counter((w.sequence.name, step) for w in windows for step in range(w.start, w.stop))
    assert counts == Counter((piece.name, step) for piece in sequences for step in range(piece.steps))
    assert len({(window.sequence.name, window.semitones) for window in windows}) == len(sequences)


def test_keys_change_from_epoch_to_epoch(make_sequences: MakeSequences) -> None:
    source = training_set(make_sequences(1))
    assert {window.semitones for number in range(100) for batch in source.epoch(number) for window in batch} == set(
        range(-5, 7)
    )


def test_without_transposition_all_is_the_same_but_the_keys(make_sequences: MakeSequences) -> None:
    moved = training_set(make_sequences(6))
    own = replace(moved, transpose=False)
    keys = {key for number in range(5) for batch in epoch(own, number) for *_, key in batch}
    assert keys == {0}
    assert any(key for batch in epoch(moved, 1) for *_, key in batch)
    for number in range(5):
        assert [[cut[:3] for cut in batch] for batch in epoch(own, number)] == [
            [cut[:3] for cut in batch] for batch in epoch(moved, number)
        ]


def test_the_last_epochs_may_be_in_their_own_keys(make_sequences: MakeSequences) -> None:
    moved = training_set(make_sequences(6))
    source = replace(moved, own_keys_from=3)
    assert [epoch(source, number) for number in (1, 2)] == [epoch(moved, number) for number in (1, 2)]
    assert [epoch(source, number) for number in (3, 4)] == [
        epoch(replace(moved, transpose=False), number) for number in (3, 4)
    ]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_batches_hold_all_windows_in_order_and_no_more_than_fits(lengths: list[int]) -> None:
    piece = scale(60)
    windows = [Window(piece, 0, length) for length in lengths]
    groups = batches_of(windows, batch_steps=100)
    assert [window for group in groups for window in group] == windows
    for group in groups:
        assert len(group) == 1 or len(group) * max(window.steps for window in group) <= 100


def test_whole_pieces_are_whole_and_in_their_own_keys(make_sequences: MakeSequences) -> None:
    sequences = make_sequences(5)
    windows = [window for group in whole_pieces(sequences, batch_steps=70) for window in group]
    assert {(w.sequence.name, w.start, w.stop, w.semitones) for w in windows} == {
        (piece.name, 0, piece.steps, 0) for piece in sequences
    }


def test_the_dataset_serves_the_batches_in_order(make_sequences: MakeSequences) -> None:
    groups = whole_pieces(make_sequences(4), batch_steps=70)
    served = dataset(groups, styles=1)
    assert served.cardinality() == len(groups)
    for group, (inputs, target, weights) in zip(groups, served, strict=True):
        expected_inputs, expected_target, expected_weights = pack(group, styles=1)
        assert inputs.keys() == expected_inputs.keys()
        for name, values in expected_inputs.items():
            np.testing.assert_array_equal(inputs[name], values)
        np.testing.assert_array_equal(target, expected_target)
        np.testing.assert_array_equal(weights, expected_weights)
