import random
from collections.abc import Callable

import pytest

from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.pieces.dynamics import dynamics_of, dynamics_of_style
from lstm_composer.trainer.pieces.piece import Piece, make_piece

NOTES = 96
draw = random.Random(1)


def piece(velocity: Callable[[int], int]) -> Piece:
    """Eighths, each with the velocity of its number."""
    notes = [Note(12 * index, 60 + index % 7, 12, velocity(index)) for index in range(NOTES)]
    return make_piece("piece.mid", notes)


PLAYED = piece(lambda _: draw.randrange(30, 100))
CRESCENDO = piece(lambda index: 40 + index // 6 * 4)
FORTE_AND_PIANO = piece(lambda index: (90, 50, 70, 90)[index // 24])
EVEN = piece(lambda _: 78)
TERRACES = piece(lambda index: 90 if index < NOTES // 2 else 50)
BEATS = piece(lambda index: 105 if index % 8 == 0 else 95 if index % 2 == 0 else 80)
SLIPS = piece(lambda index: 78 if index % 24 else 100)


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        (PLAYED, "performed"),
        (CRESCENDO, "engraved"),
        (FORTE_AND_PIANO, "engraved"),
        (EVEN, "absent"),
        (TERRACES, "engraved"),
        (BEATS, "engraved"),
        (SLIPS, "absent"),
    ],
)
def test_a_piece(music: Piece, expected: str) -> None:
    assert dynamics_of(music) == expected


def test_few_velocities_are_not_a_performance() -> None:
    assert dynamics_of(piece(lambda _: draw.choice([50, 70, 90]))) == "engraved"


def test_one_note() -> None:
    assert dynamics_of(make_piece("one.mid", [Note(0, 60, 24, 100)])) == "absent"


def test_a_style_is_what_most_of_its_notes_are() -> None:
    assert dynamics_of_style([PLAYED, EVEN, SLIPS]) == "absent"
    assert dynamics_of_style([PLAYED, PLAYED, EVEN]) == "performed"
    longer = make_piece("longer.mid", [Note(index, 60, 1, 40 + index // 40) for index in range(400)])
    assert dynamics_of_style([PLAYED, EVEN, longer]) == "engraved"
    assert dynamics_of_style([EVEN, PLAYED]) == dynamics_of_style([PLAYED, EVEN])
