from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.measures.copy_detection import NGRAM, CopyMeasures, compare, index_pieces

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def even(*pitches: int, delta: int = 12, duration: int = 12) -> list[Note]:
    return [Note(delta * i, pitch, duration, 64) for i, pitch in enumerate(pitches)]


def moved(notes: list[Note], semitones: int, ticks: int = 0) -> list[Note]:
    return [replace(note, pitch=note.pitch + semitones, onset=note.onset + ticks) for note in notes]


def longest_by_hand(pieces: list[list[Note]], excerpt: list[Note]) -> int:
    """Compare every start with every start."""

    def steps(notes: list[Note]) -> list[tuple[int, int]]:
        return [(b.onset - a.onset, b.pitch - a.pitch) for a, b in pairwise(notes)]

    def common(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> int:
        return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))

    query = steps(excerpt)
    lengths = [
        common(query[start:], training[place:])
        for training in map(steps, pieces)
        for start in range(len(query))
        for place in range(len(training))
    ]
    return 1 + max(lengths, default=0)


# Few different steps, so that much is shared by chance.
music = st.lists(st.tuples(st.integers(0, 1), st.integers(60, 62)), min_size=1, max_size=60).map(
    lambda steps: [Note(12 * sum(d for d, _ in steps[: i + 1]), p, 12, 64) for i, (_, p) in enumerate(steps)]
)


@pytest.mark.parametrize(
    ("excerpt", "longest", "piece"),
    [
        (even(*SCALE), 8, "scale"),
        (moved(even(*SCALE), 5, 100), 8, "scale"),
        (even(*SCALE, duration=3), 8, "scale"),
        (even(*SCALE, delta=6), 1, ""),
        (even(50, 52, 54, 55, 20), 4, "scale"),
        (even(60, 61, 60, 61), 2, "scale"),
        (even(60, 72, 50, 62), 2, "leap"),
        (even(60), 1, ""),
        ([], 0, ""),
    ],
    ids=["same", "transposed", "staccato", "other rhythm", "part", "a half tone", "elsewhere", "one note", "nothing"],
)
def test_longest_match(excerpt: list[Note], longest: int, piece: str) -> None:
    index = index_pieces({"scale": even(*SCALE), "leap": even(60, 72)})
    assert compare(index, excerpt) == CopyMeasures(longest, 0.0, piece)


def test_share_of_copied_ngrams() -> None:
    training = even(*(50 + 7 * i % 23 for i in range(14)))
    unknown = even(*range(20, 35))
    excerpt = training + moved(unknown, 0, 12 * 14)
    found = compare(index_pieces({"a": training}), excerpt)
    assert found.longest_match == 14
    assert found.copied_ngram_share == pytest.approx((14 - NGRAM + 1) / (len(excerpt) - NGRAM + 1))


def test_no_match_crosses_the_end_of_a_piece() -> None:
    index = index_pieces({"one": even(60, 61, 63), "two": even(63, 66, 70)})
    assert compare(index, even(60, 61, 63, 66, 70)).longest_match == 3


def test_no_pieces() -> None:
    assert compare(index_pieces({}), even(*SCALE)) == CopyMeasures(0, 0.0, "")


def test_pieces_of_one_note() -> None:
    assert compare(index_pieces({"a": even(60), "b": even(61)}), even(*SCALE)) == CopyMeasures(1, 0.0, "")


def test_a_work_is_left_out_with_all_its_versions() -> None:
    pieces = {"theme": even(*SCALE), "in D": moved(even(*SCALE), 2), "other": even(60, 62, 64, 60)}
    index = index_pieces(pieces, {"theme": 7, "in D": 7, "other": 3})
    assert compare(index, even(*SCALE)).longest_match == 8
    assert compare(index, even(*SCALE), without_work=7) == CopyMeasures(3, 0.0, "other")
    assert compare(index, even(*SCALE), without_work=3).longest_match == 8


def test_the_only_work_left_out() -> None:
    assert compare(index_pieces({"a": even(*SCALE)}), even(*SCALE), without_work=0) == CopyMeasures(1, 0.0, "")


def test_long_passages_and_repeats() -> None:
    """Longer than the blocks of comparison, and equal for longer than the sorting's first rounds."""
    drone = even(*[60] * 500)
    index = index_pieces({"drone": drone, "again": drone})
    assert compare(index, drone[:400]).longest_match == 400
    assert compare(index, moved(drone[:400], 3)).copied_ngram_share == 1.0


@given(st.lists(music, min_size=1, max_size=4), music)
def test_same_as_by_hand(pieces: list[list[Note]], excerpt: list[Note]) -> None:
    index = index_pieces({str(i): piece for i, piece in enumerate(pieces)})
    found = compare(index, excerpt)
    assert found.longest_match == longest_by_hand(pieces, excerpt)
    if found.piece:
        assert longest_by_hand([pieces[int(found.piece)]], excerpt) == found.longest_match
    for i in range(len(pieces)):
        others = pieces[:i] + pieces[i + 1 :]
        assert compare(index, excerpt, without_work=i).longest_match == longest_by_hand(others, excerpt)


@given(st.lists(music, min_size=1, max_size=4), music, st.integers(-40, 40), st.integers(0, 100))
def test_transposing_changes_nothing(pieces: list[list[Note]], excerpt: list[Note], semitones: int, ticks: int) -> None:
    index = index_pieces({str(i): piece for i, piece in enumerate(pieces)})
    assert compare(index, moved(excerpt, semitones, ticks)) == compare(index, excerpt)


@given(st.lists(music, min_size=1, max_size=4), st.data())
def test_what_is_cut_from_a_piece_matches_whole(pieces: list[list[Note]], data: st.DataObject) -> None:
    piece = data.draw(st.sampled_from(pieces))
    start = data.draw(st.integers(0, len(piece) - 1))
    excerpt = piece[start : data.draw(st.integers(start + 1, len(piece)))]
    found = compare(index_pieces({str(i): piece for i, piece in enumerate(pieces)}), excerpt)
    assert found.longest_match == len(excerpt)
    assert found.copied_ngram_share == (1.0 if len(excerpt) >= NGRAM else 0.0)
