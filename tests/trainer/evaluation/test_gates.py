import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import CorpusError
from lstm_composer.runtime.music.event_encoding import quantise
from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.evaluation.gates import Gates, cut_excerpts, excerpt_length, judge, judge_excerpt, make_gates
from lstm_composer.trainer.evaluation.human_bounds import (
    COMMON_BOUNDS,
    NO_COPY,
    NO_LOOP,
    Bound,
    HumanExcerpt,
    HumanMusic,
    Measures,
)
from lstm_composer.trainer.measures.copy_detection import CopyMeasures
from lstm_composer.trainer.measures.repetition import RepetitionMeasures
from lstm_composer.trainer.pieces.piece import Piece, make_piece

NOTES = 64
EXCERPTS = 32
MakeWalk = Callable[[int, int], Piece]


def transposed(notes: Sequence[Note], semitones: int) -> list[Note]:
    return [replace(note, pitch=note.pitch + semitones) for note in notes]


def excerpts_of(pieces: Sequence[Piece], seed: int = 9) -> list[tuple[Note, ...]]:
    on_grid = [replace(piece, notes=tuple(quantise(piece.notes))) for piece in pieces]
    return [notes for _, notes in cut_excerpts(on_grid, NOTES, seed)]


@pytest.fixture(scope="module")
def training(make_walk: MakeWalk) -> list[Piece]:
    return [make_walk(seed, 150) for seed in range(60)]


@pytest.fixture(scope="module")
def held_out(make_walk: MakeWalk) -> list[Piece]:
    return [make_walk(seed, 150) for seed in range(100, 200)]


@pytest.fixture(scope="module")
def gates(training: list[Piece], held_out: list[Piece]) -> Gates:
    return make_gates(training, held_out, NOTES)


def bound_of(gates: Gates, measure: str) -> Bound:
    bounds = [*gates.bounds.loop, *gates.bounds.copy]
    return next(bound for bound in bounds if bound.measure == measure and bound.is_upper)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [0, 1000])
def test_human_music_passes_both_gates(gates: Gates, make_walk: MakeWalk, held_out: list[Piece], seed: int) -> None:
    """The held-out pieces, cut elsewhere, and pieces that the bounds were not made from."""
    pieces = held_out if seed == 0 else [make_walk(seed + i, 150) for i in range(100)]
    excerpts = excerpts_of(pieces)
    passed = [judge_excerpt(gates, notes).passed for notes in excerpts]
    assert sum(passed) >= 0.95 * len(passed)
    assert judge(gates, random.Random(seed).sample(excerpts, EXCERPTS)).passed
    assert gates.human_share >= 0.95
    assert not any("held-out" in remark for remark in gates.remarks)


def test_a_bot_that_replays_the_training_fails_the_copy_gate(gates: Gates, training: list[Piece]) -> None:
    copies = [transposed(notes, 3) for notes in excerpts_of(training)[:EXCERPTS]]
    verdict = judge(gates, copies)
    assert (verdict.passed, verdict.loop.passed, verdict.copy.passed) == (False, True, False)
    assert (verdict.copy.inside, verdict.copy.excerpts) == (0, EXCERPTS)
    assert verdict.longest_match == f"the longest passage shared with a training piece is {NOTES} notes, of walk0"
    assert f"({NOTES} notes of walk0, human at most" in " ".join(verdict.copy.reasons)


def test_a_bot_that_copies_a_quarter_of_the_time_fails(
    gates: Gates, training: list[Piece], held_out: list[Piece]
) -> None:
    verdict = judge(gates, excerpts_of(training)[:8] + excerpts_of(held_out)[:24])
    assert not verdict.copy.passed
    assert verdict.copy.inside >= 22


@pytest.mark.parametrize("period", [1, 2, 4, 8])
def test_a_bot_that_loops_fails_the_loop_gate(gates: Gates, held_out: list[Piece], period: int) -> None:
    figures = [notes[:period] for notes in excerpts_of(held_out)[:EXCERPTS]]
    loops = [
        [
            Note(48 * period * turn + 48 * i, figure[i].pitch, 12, 64)
            for turn in range(NOTES // period)
            for i in range(period)
        ]
        for figure in figures
    ]
    verdict = judge(gates, loops)
    assert not verdict.loop.passed
    assert verdict.loop.inside == 0


def test_a_reason_says_how_many_how_far_and_what_humans_do(gates: Gates, held_out: list[Piece]) -> None:
    drone = [Note(12 * i, 60, 12, 64) for i in range(NOTES)]
    verdict = judge(gates, [*excerpts_of(held_out)[:28], drone, drone, drone, drone])
    run = bound_of(gates, "longest_run")
    reason = next(reason for reason in verdict.loop.reasons if "repeated" in reason)
    assert reason.startswith("4 of 32 excerpts: one note is repeated for longer than in 99")
    assert reason.endswith(f"human music (longest run {NOTES - 1}, human at most {run.value:.0f})")
    assert not verdict.loop.passed


def test_a_bot_without_rhythm_or_key_is_too_haphazard(make_walk: MakeWalk) -> None:
    """Human pieces that return to their figures, so that there is something to be missed."""
    figures = [make_walk(seed, 12).notes for seed in range(40)]
    pieces = [
        make_piece(str(i), [replace(note, onset=note.onset + 480 * turn) for turn in range(12) for note in figure])
        for i, figure in enumerate(figures)
    ]
    verdict = judge(make_gates(pieces, [], NOTES), excerpts_of([make_walk(500 + i, 150) for i in range(16)]))
    assert not verdict.loop.passed
    assert "figures of 4 notes return less than in" in " ".join(verdict.loop.reasons)


@pytest.mark.thorough
def test_few_held_out_pieces_are_joined_by_training_pieces(training: list[Piece], held_out: list[Piece]) -> None:
    for few in ([], held_out[:2]):
        gates = make_gates(training, few, NOTES)
        assert gates.remarks[0].startswith(f"{len(few)} held-out pieces of {NOTES} notes or more are too few")
        assert bound_of(gates, "longest_match").value < NOTES / 2
        assert judge(gates, excerpts_of(held_out)[:EXCERPTS]).passed
        assert not judge(gates, excerpts_of(training)[:EXCERPTS]).copy.passed


@pytest.mark.thorough
def test_an_arrangement_does_not_set_the_bound(training: list[Piece]) -> None:
    copies = [replace(piece, name=f"{piece.name} in E", notes=tuple(transposed(piece.notes, 4))) for piece in training]
    assert bound_of(make_gates(training, copies, NOTES), "longest_match").value < NOTES / 2


def test_a_single_piece_gets_common_bounds(training: list[Piece]) -> None:
    gates = make_gates(training[:1], [], NOTES)
    assert "too little music to compare" in " ".join(gates.remarks)
    assert {bound.measure: bound.value for bound in gates.bounds.copy} == {
        name: pytest.approx(value, abs=1) for name, value in COMMON_BOUNDS.items()
    }
    assert not judge(gates, excerpts_of(training[:1])).copy.passed


def test_a_corpus_without_repeats_allows_one(gates: Gates) -> None:
    assert bound_of(gates, "longest_run").value >= NO_LOOP["longest_run"]
    assert bound_of(gates, "repeats").value >= NO_LOOP["repeats"]


def test_a_corpus_that_shares_nothing_allows_short_passages(gates: Gates) -> None:
    assert bound_of(gates, "longest_match").value >= NO_COPY["longest_match"]


def test_too_short_pieces(training: list[Piece]) -> None:
    with pytest.raises(CorpusError, match=r"no piece of the corpus has 5000 notes: ask for shorter"):
        make_gates(training, [], 5000)


def test_a_verdict_needs_excerpts(gates: Gates) -> None:
    with pytest.raises(ValueError, match="at least one excerpt"):
        judge(gates, [])


def test_silence_and_a_single_note_are_judged(gates: Gates) -> None:
    verdict = judge(gates, [[], [Note(0, 60, 12, 64)]])
    assert not verdict.loop.passed
    assert verdict.longest_match == "no passage is shared with a training piece"


@pytest.mark.thorough
def test_the_same_seed_gives_the_same_gates(gates: Gates, training: list[Piece], held_out: list[Piece]) -> None:
    assert make_gates(training, held_out, NOTES).bounds == gates.bounds


@given(st.integers(-20, 20), st.integers(0, 99))
def test_transposing_changes_no_verdict(gates: Gates, held_out: list[Piece], semitones: int, which: int) -> None:
    notes = excerpts_of(held_out[which : which + 1])[0]
    assert judge_excerpt(gates, transposed(notes, semitones)) == judge_excerpt(gates, notes)


@pytest.mark.parametrize(("lengths", "expected"), [([300, 400], 200), ([100, 120, 140, 160, 180], 120), ([16], 16)])
def test_excerpt_length(lengths: list[int], expected: int) -> None:
    pieces = [make_piece(str(i), [Note(i, 60, 1, 64) for i in range(length)]) for i, length in enumerate(lengths)]
    assert excerpt_length(pieces) == expected


def test_excerpt_length_needs_pieces() -> None:
    with pytest.raises(ValueError, match="there are none"):
        excerpt_length([])


@given(st.lists(st.integers(1, 40), max_size=5), st.integers(1, 12), st.integers(0, 5))
def test_excerpts_have_their_length_and_are_passages(lengths: list[int], notes: int, seed: int) -> None:
    pieces = [make_piece(str(i), [Note(i, 60, 1, 64) for i in range(length)]) for i, length in enumerate(lengths)]
    excerpts = cut_excerpts(pieces, notes, seed)
    assert {name for name, _ in excerpts} == {piece.name for piece in pieces if len(piece.notes) >= notes}
    for name, excerpt in excerpts:
        start = excerpt[0].onset
        assert excerpt == pieces[int(name)].notes[start : start + notes]
        assert len(excerpt) == notes


def human(work: int, longest_match: int, repeats: float = 0.0) -> HumanExcerpt:
    return HumanExcerpt(
        work, Measures(RepetitionMeasures(repeats, 1, 3.0, 3.0, 1.0, 0.0, 1.0), CopyMeasures(longest_match, 0.0, ""))
    )


@pytest.mark.parametrize(
    ("widening", "longest_match"),
    [(0.0, 95), (0.6, 98), (1.0, 100), (1.5, 100 + 0.5 * 50)],
    ids=["percentile 95", "percentile 98", "the extreme", "beyond"],
)
def test_bounds_move_outward(widening: float, longest_match: float) -> None:
    music = [human(i, i) for i in range(101)]
    bounds = HumanMusic(music, music).bounds(widening)
    assert {bound.measure: bound.value for bound in bounds.copy}["longest_match"] == pytest.approx(longest_match)


def test_bounds_of_like_music_need_no_widening() -> None:
    music = [human(i, 10) for i in range(100)]
    assert HumanMusic(music, music).smallest_widening() == (0.0, 1.0)


def test_bounds_of_unlike_music_are_widened() -> None:
    music = [human(i, i % 10, repeats=(i % 7) / 10) for i in range(12)]
    widening, _ = HumanMusic(music, music).smallest_widening()
    assert widening > 0
