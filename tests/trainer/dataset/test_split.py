import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.dataset.split import near_duplicates, split_pieces
from lstm_composer.trainer.pieces.piece import Piece, make_piece
from tests.support.quick import examples


def tune(seed: int, name: str | None = None, length: int = 60) -> Piece:
    """A random melody of quarter notes over a bass on every fourth."""
    draw = random.Random(seed)
    notes = [Note(24 * step, draw.randrange(60, 80), 24, 78) for step in range(length)]
    notes += [Note(96 * step, draw.randrange(36, 48), 96, 78) for step in range(length // 4)]
    return make_piece(name or f"{seed:03}.mid", notes)


def changed(piece: Piece, name: str, **fields: Callable[[Note], int]) -> Piece:
    """The same music under another name, each note with `fields` worked out from it."""
    notes = [replace(note, **{key: of(note) for key, of in fields.items()}) for note in piece.notes]
    return make_piece(name, notes)


def names(pieces: Sequence[Piece]) -> set[str]:
    return {piece.name for piece in pieces}


ORIGINAL = tune(0, "original.mid")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(changed(ORIGINAL, "other.mid"), True, id="copy"),
        pytest.param(changed(ORIGINAL, "other.mid", pitch=lambda note: note.pitch - 5), True, id="transposed"),
        pytest.param(changed(ORIGINAL, "other.mid", onset=lambda note: note.onset * 2), True, id="half as fast"),
        pytest.param(changed(ORIGINAL, "other.mid", onset=lambda note: note.onset + note.onset % 7), True, id="rubato"),
        pytest.param(make_piece("other.mid", ORIGINAL.notes[:40]), True, id="first half"),
        pytest.param(make_piece("other.mid", [n for n in ORIGINAL.notes if n.pitch < 50]), False, id="a bass hidden"),
        pytest.param(tune(2, "other.mid"), False, id="another piece"),
    ],
)
def test_near_duplicates(other, same):
    groups = near_duplicates([ORIGINAL, tune(3), other])
    assert ({"original.mid", "other.mid"} in [names(group) for group in groups]) is same


def test_duplicates_of_duplicates_are_one_group() -> None:
    longer = [*ORIGINAL.notes, *(replace(note, onset=note.onset + 24 * 60) for note in tune(5).notes)]
    both = make_piece("both.mid", longer)
    groups = near_duplicates([ORIGINAL, tune(5), both, tune(6)])
    assert sorted(map(len, groups)) == [1, 3]


def test_repeated_notes_and_scales_do_not_make_pieces_alike() -> None:
    scale = make_piece("scale.mid", [Note(24 * step, 40 + 2 * step, 24, 78) for step in range(30)])
    drone = make_piece("drone.mid", [Note(24 * step, 60, 24, 78) for step in range(30)])
    tail = [Note(24 * 60 + 24 * step, 30 + 2 * step, 24, 78) for step in range(12)]
    with_scale = make_piece("with.mid", [*ORIGINAL.notes, *tail])
    assert len(near_duplicates([scale, drone, with_scale])) == 3
    assert len(near_duplicates([drone, replace(drone, name="double.mid")])) == 1


pieces_lists = st.lists(
    st.tuples(st.integers(0, 40), st.integers(20, 200)), min_size=1, max_size=12, unique_by=lambda item: item[0]
).map(lambda items: [tune(seed, length=length) for seed, length in items])


@settings(deadline=None, max_examples=examples(50))
@given(pieces_lists, st.integers(0, 5), st.randoms(use_true_random=False))
def test_every_piece_is_in_one_part_whatever_the_order(
    pieces: Sequence[Piece], seed: int, shuffler: random.Random
) -> None:
    split = split_pieces(pieces, seed=seed)
    shuffled = list(pieces)
    shuffler.shuffle(shuffled)
    parts = (split.train, split.validation, split.test)
    assert sorted(piece.name for part in parts for piece in part) == sorted(piece.name for piece in pieces)
    assert split_pieces(shuffled, seed=seed) == split
    assert split.train
    assert bool(split.validation) is (len(pieces) >= 2)
    assert bool(split.test) is (len(pieces) >= 3)


def test_near_duplicates_stay_together() -> None:
    pieces = [tune(seed) for seed in range(20)]
    doubles = [changed(piece, f"double {piece.name}", pitch=lambda note: note.pitch + 1) for piece in pieces]
    split = split_pieces(pieces + doubles)
    for part in (split.train, split.validation, split.test):
        assert {name.removeprefix("double ") for name in names(part)} == {n for n in names(part) if "double" not in n}
        assert len(part) % 2 == 0


def test_the_seed_draws() -> None:
    pieces = [tune(seed) for seed in range(20)]
    assert len({split_pieces(pieces, seed=seed).validation for seed in range(8)}) > 4


def test_shares_count_notes() -> None:
    pieces = [tune(seed, length=20 + 15 * seed) for seed in range(40)]
    split = split_pieces(pieces, shares=(0.6, 0.3, 0.1))
    total = sum(len(piece.notes) for piece in pieces)
    shares = [sum(len(piece.notes) for piece in part) / total for part in (split.train, split.validation, split.test)]
    assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.05)


def test_no_share_no_pieces() -> None:
    pieces = [tune(seed) for seed in range(10)]
    assert split_pieces(pieces, shares=(1, 0, 0)).train == tuple(pieces)
    split = split_pieces(pieces, shares=(0.5, 0, 0.5))
    assert (len(split.train), len(split.validation), len(split.test)) == (5, 0, 5)


def test_a_source_with_a_split_of_its_own_keeps_it() -> None:
    given_parts = ["train", "validation", "test", "test"]
    pieces = [replace(tune(0, f"{index}.mid"), part=part) for index, part in enumerate(given_parts)]
    split = split_pieces(pieces)
    assert (names(split.train), names(split.validation), names(split.test)) == (
        {"0.mid"},
        {"1.mid"},
        {"2.mid", "3.mid"},
    )


@pytest.mark.parametrize(("count", "shares"), [(0, (0.8, 0.1, 0.1)), (3, (0.8, 0.1, 0.2)), (3, (1.2, -0.1, -0.1))])
def test_wrong_use(count: int, shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="sum 1"):
        split_pieces([tune(seed) for seed in range(count)], shares=shares)


def style_of(piece: Piece) -> str:
    return piece.name.split("/")[0]


def test_every_style_has_pieces_in_every_part() -> None:
    pieces = [tune(seed, f"many/{seed}.mid") for seed in range(20)] + [tune(50 + i, f"few/{i}.mid") for i in range(3)]
    for seed in range(5):
        split = split_pieces(pieces, seed=seed, style_of=style_of)
        parts = (split.train, split.validation, split.test)
        assert [{style_of(piece) for piece in part} for part in parts] == [{"many", "few"}] * 3
        assert sorted(piece.name for part in parts for piece in part) == sorted(names(pieces))


def test_duplicates_in_two_styles_are_on_one_side_and_the_smaller_style_keeps_its_own() -> None:
    pieces = [tune(seed, f"many/{seed}.mid") for seed in range(20)]
    few = changed(pieces[0], "few/0.mid", pitch=lambda note: note.pitch + 2)
    for seed in range(5):
        split = split_pieces([*pieces, few], seed=seed, style_of=style_of)
        assert {"few/0.mid", "many/0.mid"} <= names(split.train)


def test_near_duplicates_of_a_piece_with_a_given_part_go_with_it() -> None:
    pieces = [tune(seed) for seed in range(20)]
    pieces[3] = replace(pieces[3], part="test")
    pieces[4] = replace(pieces[4], part="train")
    pieces[5] = replace(pieces[5], part="validation")
    doubles = [changed(pieces[at], f"double {at}.mid", pitch=lambda note: note.pitch + 1) for at in (3, 4, 5)]
    for seed in range(5):
        split = split_pieces([*pieces, *doubles], seed=seed)
        assert {"003.mid", "double 3.mid"} <= names(split.test)
        assert {"004.mid", "double 4.mid"} <= names(split.train)
        assert {"005.mid", "double 5.mid"} <= names(split.validation)


def test_between_pieces_of_different_parts_a_near_duplicate_is_held_out() -> None:
    parts = {0: "train", 1: "validation", 2: "test"}
    pieces = [replace(changed(ORIGINAL, f"{at}.mid"), part=part) for at, part in parts.items()]
    split = split_pieces([*pieces, changed(ORIGINAL, "free.mid")])
    assert (names(split.train), names(split.validation), names(split.test)) == (
        {"0.mid"},
        {"1.mid"},
        {"2.mid", "free.mid"},
    )


def test_the_others_fill_up_the_shares() -> None:
    pieces = [replace(tune(seed), part="test" if seed < 4 else None) for seed in range(40)]
    for seed in range(5):
        split = split_pieces(pieces, seed=seed)
        assert names(split.test) == {"000.mid", "001.mid", "002.mid", "003.mid"}
        assert len(split.validation) == 4


def test_what_is_given_counts_in_its_own_style() -> None:
    pieces = [replace(tune(seed, f"a/{seed}.mid"), part="test" if seed < 4 else None) for seed in range(20)]
    pieces += [tune(50 + seed, f"b/{seed}.mid") for seed in range(20)]
    split = split_pieces(pieces, style_of=style_of)
    assert len([piece for piece in split.test if style_of(piece) == "a"]) == 4
    assert len([piece for piece in split.test if style_of(piece) == "b"]) == 2


def test_with_a_given_test_part_two_others_are_enough() -> None:
    split = split_pieces([replace(tune(0), part="test"), tune(1), tune(2)])
    assert (len(split.train), len(split.validation), names(split.test)) == (1, 1, {"000.mid"})
