import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.event_encoding import METERS, SILENT
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.dataset.training_piece import (
    ARRAYS,
    EncodedPiece,
    encode_piece,
    transposed,
    transposition_range,
)
from lstm_composer.trainer.pieces.piece import make_piece

UNKNOWN, EVEN = 32, 19


def small_piece() -> EncodedPiece:
    """A bar of 3/4 and the beginning of one in 2/4."""
    notes = [Note(0, 60, 24, 78), Note(0, 64, 48, 78), Note(24, 67, 72, 78), Note(72, 60, 24, 78)]
    return encode_piece(make_piece("small", notes, [MeterChange(0, Meter(3, 4)), MeterChange(72, Meter(2, 4))]))


def test_a_piece_as_a_table() -> None:
    piece = small_piece()
    start, end = [106, 128, 105, UNKNOWN], [105, 128, 105, UNKNOWN]
    # Class 60 of the ladder is 72 ticks.
    events = [[0, 60, 24, EVEN], [0, 64, 48, EVEN], [24, 67, 60, EVEN], [48, 60, 24, EVEN]]
    assert piece.event.tolist() == [start, *events]
    assert piece.target.tolist() == [*events, end]
    assert piece.position.tolist() == [0, 0, 0, 24, 0]
    assert piece.next_position.tolist() == [0, 0, 24, 0, 0]
    assert [METERS[index] for index in piece.meter] == ["3/4", "3/4", "3/4", "3/4", "2/4"]
    assert (piece.steps, piece.notes) == (5, 4)
    assert piece.bar.tolist() == [0, 0, 0, 0, 1]


def test_ticks_that_pitches_still_sound() -> None:
    remaining = small_piece().remaining
    assert remaining.shape == (5, 128)
    assert remaining[:, [60, 64, 67]].tolist() == [
        [SILENT, SILENT, SILENT],
        [24, SILENT, SILENT],
        [24, 48, SILENT],
        [0, 24, 72],
        [24, -24, 24],
    ]
    others = np.delete(remaining, [60, 64, 67], axis=1)
    assert (others == SILENT).all()


def test_velocities_are_kept() -> None:
    notes = [Note(24 * index, 60, 24, 40 + 8 * index) for index in range(8)]
    piece = encode_piece(make_piece("played", notes))
    assert piece.target[:, 3].tolist() == [10, 12, 14, 16, 18, 20, 22, 24, UNKNOWN]
    assert piece.event[0, 3] == UNKNOWN


scores = st.lists(  # no interval leads out of the keyboard, where the past would suggest nothing in one key only
    st.builds(Note, st.integers(0, 500), st.integers(45, 75), st.integers(1, 200), st.integers(1, 127)),
    min_size=1,
    max_size=12,
)


@given(scores, st.integers(-5, 6))
def test_a_transposed_sequence_is_the_sequence_of_the_transposed_piece(notes: list[Note], semitones: int) -> None:
    higher = [Note(note.onset, note.pitch + semitones, note.duration, note.velocity) for note in notes]
    moved, expected = transposed(encode_piece(make_piece("a", notes)), semitones), encode_piece(make_piece("a", higher))
    for sequence in (moved, expected):  # the first note has no interval before it that could be taken again
        sequence.candidates[1, 1, 1] = 0
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(moved, name), getattr(expected, name), err_msg=name)
        assert getattr(moved, name).dtype == getattr(expected, name).dtype
    assert moved.key == expected.key


def test_transposing_leaves_the_original_alone() -> None:
    piece = small_piece()
    before = {name: getattr(piece, name).copy() for name in ARRAYS}
    transposed(piece, 3)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(piece, name), before[name])


@pytest.mark.parametrize(
    ("pitches", "expected"),
    [
        ((60, 72), range(-5, 7)),
        ((3, 60), range(-3, 7)),
        ((60, 125), range(-5, 3)),
        ((0, 127), range(1)),
    ],
)
def test_keys_that_keep_all_pitches_on_the_keyboard(pitches: tuple[int, int], expected: range) -> None:
    notes = [Note(24 * index, pitch, 24, 78) for index, pitch in enumerate(pitches)]
    assert transposition_range(encode_piece(make_piece("a", notes))) == expected
