from dataclasses import replace

import pytest

from lstm_composer.runtime.music.key_estimation import KEYS
from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.pieces.key_of_piece import KEY_CLASSES, NOT_CLEAR, key_class, key_shares
from lstm_composer.trainer.pieces.piece import Piece, make_piece

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11, 12), (0, 2, 3, 5, 7, 8, 11, 12)


def scale(tonic: int, steps: tuple[int, ...]) -> Piece:
    """A scale that dwells on its tonic and its fifth."""
    return make_piece(
        "scale.mid",
        [Note(24 * index, tonic + step, 48 if step in (0, 7, 12) else 24, 78) for index, step in enumerate(steps)],
    )


@pytest.mark.parametrize("tonic", range(12))
def test_major_keys_then_minor_keys_from_c(tonic: int) -> None:
    assert key_class(scale(48 + tonic, MAJOR)) == tonic
    assert key_class(scale(48 + tonic, MINOR)) == 12 + tonic


def test_classes() -> None:
    assert (len(KEYS), NOT_CLEAR, KEY_CLASSES) == (24, 24, 25)


@pytest.mark.parametrize("pitches", [range(60, 72), [60, 61, 62, 66, 67, 68], [60, 62, 64, 66, 68, 70]])
def test_without_a_key(pitches: list[int]) -> None:
    chromatic = make_piece("c.mid", [Note(24 * index, pitch, 24, 78) for index, pitch in enumerate(pitches)])
    assert key_class(chromatic) == NOT_CLEAR


@pytest.mark.parametrize(("pitches", "expected"), [([0, 2, 4, 7], NOT_CLEAR), ([0, 2, 4, 7, 0, 7, 0], 0)])
def test_two_keys_that_fit_alike(pitches: list[int], expected: int) -> None:
    """C major and G major share these; more of its tonic and fifth and it is C major."""
    notes = [Note(24 * index, 60 + pitch, 24, 78) for index, pitch in enumerate(pitches)]
    assert key_class(make_piece("both.mid", notes)) == expected


def test_shares_count_notes_of_pieces_in_a_clear_key() -> None:
    chromatic = make_piece("chromatic.mid", [Note(24 * index, 60 + index, 24, 78) for index in range(12)])
    twice = make_piece("twice.mid", [note for at in (0, 480) for note in _later(scale(50, MINOR), at)])
    shares = key_shares([scale(60, MAJOR), twice, chromatic])
    assert shares is not None
    assert {key: share for key, share in enumerate(shares) if share} == {0: 0.333, 14: 0.667}
    assert key_shares([chromatic]) is None


def test_shares_add_up() -> None:
    for count in range(1, 13):
        shares = key_shares([scale(60 + tonic, MAJOR) for tonic in range(count)])
        assert shares is not None
        assert len(shares) == len(KEYS)
        assert sum(shares) == pytest.approx(1, abs=1e-9)
        assert max(shares[:count]) - min(shares[:count]) < 0.0011


def _later(piece: Piece, ticks: int) -> list[Note]:
    return [replace(note, onset=note.onset + ticks) for note in piece.notes]
