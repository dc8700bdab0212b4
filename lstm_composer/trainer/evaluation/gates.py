"""Two gates that a checkpoint's excerpts must pass: they do not go round in circles, and they do not copy the corpus.

What is allowed is what human music does, in excerpts of the same number of notes: human_bounds.py says how the bounds
are made. For the loop gate they come from training and held-out pieces; for the copy gate from held-out pieces,
compared with the training pieces. Excerpts of one piece are alike, so of fewer than ENOUGH_PIECES held-out pieces the
percentile would be that of a few pieces; then each training piece, held out in turn, is compared with the others as
well. Versions of one work (near-duplicates, see split.py) are never compared with each other: an arrangement must not
set the bound.

A set of excerpts passes a gate if REQUIRED of them do. Of 32 human excerpts, each passing a gate with probability 0.97,
at least 29 pass in 98 of 100 sets; of a network that loops or copies in every fifth excerpt, in 9 of 100 sets.

Ten pieces cannot tell what an eleventh will do: bounds made from some of them turn away many of the others, however
they are widened. More than of such human music cannot be asked of a network: where less than HUMAN_SHARE of it passes,
as much less is required, down to LEAST_REQUIRED.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lstm_composer.runtime.errors import CorpusError
from lstm_composer.runtime.music.event_encoding import quantise
from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.dataset.split import near_duplicates
from lstm_composer.trainer.evaluation.human_bounds import (
    COMMON_BOUNDS,
    COPY_TAIL,
    HUMAN_SHARE,
    LOOP_TAIL,
    Bound,
    Bounds,
    HumanExcerpt,
    HumanMusic,
    Measures,
    measures_of,
)
from lstm_composer.trainer.measures.copy_detection import NGRAM, CopyIndex, CopyMeasures, index_pieces
from lstm_composer.trainer.measures.repetition import CHORD, FIGURE, WINDOW
from lstm_composer.trainer.pieces.piece import Piece

REQUIRED = 0.9
"""Share of a set's excerpts that must pass a gate."""
LEAST_REQUIRED = 0.6
"""Share that is required however little the corpus tells."""
ENOUGH_PIECES = 100
"""Held-out pieces; a 95th percentile of fewer rests on less than five of them."""
MOST_NOTES = 200
"""Notes in an excerpt, where the pieces are long enough."""
MOST_EXCERPTS = 1000
"""Human excerpts measured of the training part and of the held-out part; of more, so many are drawn."""

_Cut = tuple[str, tuple[Note, ...]]


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of a corpus, made by `make_gates`.

    Attributes:
        notes: Notes in an excerpt.
        bounds: What is allowed.
        index: The training pieces.
        human_share: Share of human excerpts that pass both gates when these are made from other human pieces.
        remarks: What was done otherwise than usual, as sentences.

    """

    notes: int
    bounds: Bounds
    index: CopyIndex
    human_share: float
    remarks: tuple[str, ...]

    @property
    def required(self) -> float:
        """Share of a set's excerpts that must pass a gate."""
        return max(LEAST_REQUIRED, REQUIRED * min(1.0, self.human_share / HUMAN_SHARE))


@dataclass(frozen=True, slots=True)
class ExcerptVerdict:
    """What the gates say of one excerpt: its measures and the bounds that it breaks."""

    measures: Measures
    loop_broken: tuple[Bound, ...]
    copy_broken: tuple[Bound, ...]

    @property
    def passed(self) -> bool:
        """Whether it passes both gates."""
        return not self.loop_broken and not self.copy_broken


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What one gate says of a set of excerpts.

    Attributes:
        passed: Whether enough of the excerpts are inside all bounds.
        inside: How many are.
        excerpts: How many there are.
        reasons: For each bound that is broken a sentence, the one broken most often first; also where the set passes.

    """

    passed: bool
    inside: int
    excerpts: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetVerdict:
    """What both gates say of a set of excerpts, and the longest passage that it shares with a training piece."""

    loop: GateVerdict
    copy: GateVerdict
    longest: CopyMeasures

    @property
    def passed(self) -> bool:
        """Whether it passes both gates."""
        return self.loop.passed and self.copy.passed

    @property
    def longest_match(self) -> str:
        """The longest shared passage as a sentence."""
        if not self.longest.piece:
            return "no passage is shared with a training piece"
        notes, piece = self.longest.longest_match, self.longest.piece
        return f"the longest passage shared with a training piece is {notes} notes, of {piece}"


def excerpt_length(pieces: Iterable[Piece], most: int = MOST_NOTES) -> int:
    """Notes for an excerpt: `most`, or fewer so that three quarters of the pieces are long enough for one.

    Raises:
        ValueError: If there are no pieces.

    """
    lengths = [len(piece.notes) for piece in pieces]
    if not lengths:
        raise ValueError("the length of an excerpt depends on the pieces, and there are none")
    return min(most, int(np.quantile(lengths, 0.25)))


def cut_excerpts(pieces: Iterable[Piece], notes: int, seed: int = 0) -> list[_Cut]:
    """Cut excerpts of `notes` notes from a random start to each piece's end, each with the name of its piece.

    Neighbours overlap by half, so that what is measured depends less on where the cuts fall.
    """
    draw = np.random.default_rng(seed)
    excerpts = []
    for piece in pieces:
        starts = range(int(draw.integers(len(piece.notes) % notes + 1)), len(piece.notes) - notes + 1, (notes + 1) // 2)
        excerpts += [(piece.name, piece.notes[start : start + notes]) for start in starts]
    return excerpts


def make_gates(training: Sequence[Piece], held_out: Sequence[Piece], notes: int, seed: int = 0) -> Gates:
    """Measure human music and make the gates from it.

    Args:
        training: The pieces that the network was trained on, on the grid or not.
        held_out: Pieces that it was not trained on, with other names; may be empty.
        notes: Notes in the excerpts to be judged, see `excerpt_length`.
        seed: Where the human excerpts are cut and which are drawn.

    Raises:
        CorpusError: If no piece has so many notes.

    """
    training, held_out = _on_grid(training), _on_grid(held_out)
    works = _works_of([*training, *held_out])
    index = index_pieces({piece.name: piece.notes for piece in training}, works)
    unseen = _measured(index, works, _drawn(held_out, notes, seed))
    seen = _measured(index, works, _drawn(training, notes, seed))
    if not unseen and not seen:
        raise CorpusError(f"no piece of the corpus has {notes} notes: ask for shorter excerpts")
    compared_works = len({excerpt.work for excerpt in unseen})
    few = compared_works < ENOUGH_PIECES
    human = HumanMusic(unseen + seen, unseen + seen if few else unseen)
    widening, human_share = human.smallest_widening()
    remarks = (
        _few_held_out(compared_works, notes) if few else "",
        "" if human.is_comparable else _nothing_to_compare(len(human.compared)),
        _widened(widening, human_share) if widening else "",
    )
    gates = Gates(notes, human.bounds(widening), index, human_share, tuple(filter(None, remarks)))
    return gates if gates.required >= REQUIRED else replace(gates, remarks=(*gates.remarks, _less_required(gates)))


def judge_excerpt(gates: Gates, notes: Sequence[Note]) -> ExcerptVerdict:
    """Judge one excerpt: notes on the grid, sorted, `gates.notes` of them; of a shorter one what there is."""
    measures = measures_of(gates.index, notes[: gates.notes])
    loop, copy = (
        tuple(bound for bound in bounds if bound.excludes(measures))
        for bounds in (gates.bounds.loop, gates.bounds.copy)
    )
    return ExcerptVerdict(measures, loop, copy)


def judge(gates: Gates, excerpts: Sequence[Sequence[Note]]) -> SetVerdict:
    """Judge a checkpoint by its excerpts, each as `judge_excerpt` takes it.

    Raises:
        ValueError: If there are no excerpts.

    """
    if not excerpts:
        raise ValueError("a verdict needs at least one excerpt")
    verdicts = [judge_excerpt(gates, notes) for notes in excerpts]
    return SetVerdict(
        loop=_gate_verdict(gates, verdicts, gates.bounds.loop, lambda verdict: verdict.loop_broken),
        copy=_gate_verdict(gates, verdicts, gates.bounds.copy, lambda verdict: verdict.copy_broken),
        longest=max((verdict.measures.copying for verdict in verdicts), key=lambda copying: copying.longest_match),
    )


def _on_grid(pieces: Iterable[Piece]) -> list[Piece]:
    return [replace(piece, notes=tuple(quantise(piece.notes))) for piece in pieces]


def _works_of(pieces: Sequence[Piece]) -> dict[str, int]:
    """For each piece's name a number that all versions of its work have."""
    groups = near_duplicates(pieces)
    return {piece.name: number for number, group in enumerate(groups) for piece in group}


def _drawn(pieces: Iterable[Piece], notes: int, seed: int) -> list[_Cut]:
    excerpts = cut_excerpts(pieces, notes, seed)
    if len(excerpts) <= MOST_EXCERPTS:
        return excerpts
    return [excerpts[i] for i in np.random.default_rng(seed).choice(len(excerpts), MOST_EXCERPTS, replace=False)]


def _measured(index: CopyIndex, works: Mapping[str, int], excerpts: Iterable[_Cut]) -> list[HumanExcerpt]:
    """Measure human excerpts, each compared with other works only."""
    return [HumanExcerpt(works[name], measures_of(index, notes, without_work=works[name])) for name, notes in excerpts]


def _gate_verdict(
    gates: Gates,
    verdicts: Sequence[ExcerptVerdict],
    bounds: Iterable[Bound],
    broken_of: Callable[[ExcerptVerdict], tuple[Bound, ...]],
) -> GateVerdict:
    inside = sum(not broken_of(verdict) for verdict in verdicts)
    breaking = {bound: [verdict for verdict in verdicts if bound in broken_of(verdict)] for bound in bounds}
    often = sorted(breaking.items(), key=lambda item: -len(item[1]))
    reasons = tuple(_reason(bound, broken, len(verdicts)) for bound, broken in often if broken)
    return GateVerdict(inside >= gates.required * len(verdicts), inside, len(verdicts), reasons)


_WHAT = {
    ("repeats", True): "a note like the one before comes more often than in",
    ("repeats", False): "a note like the one before comes less often than in",
    ("longest_run", True): "one note is repeated for longer than in",
    ("longest_run", False): "no note is repeated for as long as in",
    ("entropy", True): "the notes are more haphazard than in",
    ("entropy", False): "the same few notes return more than in",
    ("lowest_entropy", True): f"even the plainest {WINDOW} notes are more haphazard than in",
    ("lowest_entropy", False): f"in the plainest {WINDOW} notes the same few return more than in",
    ("distinct_figures", True): f"figures of {FIGURE} notes return less than in",
    ("distinct_figures", False): f"figures of {FIGURE} notes return more than in",
    ("cycle", True): "one phrase goes round and round for longer than in",
    ("still", True): f"no more than {CHORD} pitches are played for longer than in",
    ("longest_match", True): "a longer passage is shared with a training piece than in",
    ("copied_ngram_share", True): f"more of the passages of {NGRAM} notes stand in the training pieces than in",
}
_SHOWN: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "repeats": ("share ", "{:.1%}".format),
    "longest_run": ("longest run ", "{:.0f}".format),
    "entropy": ("entropy ", "{:.2f} nats".format),
    "lowest_entropy": ("entropy ", "{:.2f} nats".format),
    "distinct_figures": ("different figures ", "{:.1%}".format),
    "cycle": ("share of the notes ", "{:.1%}".format),
    "still": ("", "{:.0f} quarter notes".format),
    "longest_match": ("", "{:.0f} notes".format),
    "copied_ngram_share": ("share ", "{:.1%}".format),
}


def _reason(bound: Bound, broken: Sequence[ExcerptVerdict], excerpts: int) -> str:
    """Say how many excerpts break a bound, and how far the worst of them is from it."""
    sign = 1 if bound.is_upper else -1
    worst = max((verdict.measures for verdict in broken), key=lambda measures: sign * measures.value(bound.measure))
    label, shown = _SHOWN[bound.measure]
    piece = f" of {worst.copying.piece}" if bound.measure == "longest_match" else ""
    most = "at most" if bound.is_upper else "at least"
    part = f"{100 * (1 - bound.tail):.4g} % of the" if bound.tail else "any of the"
    return (
        f"{len(broken)} of {excerpts} excerpts: {_WHAT[bound.measure, bound.is_upper]} {part} human music "
        f"({label}{shown(worst.value(bound.measure))}{piece}, human {most} {shown(bound.value)})"
    )


def _few_held_out(pieces: int, notes: int) -> str:
    return (
        f"{pieces} held-out pieces of {notes} notes or more are too few to tell what human music shares with training "
        f"pieces ({ENOUGH_PIECES} are enough): each training piece was compared with the others, too"
    )


def _nothing_to_compare(excerpts: int) -> str:
    notes, share = COMMON_BOUNDS["longest_match"], COMMON_BOUNDS["copied_ngram_share"]
    return (
        f"the corpus gives too little music to compare ({excerpts} excerpts): the copy gate allows at least what is "
        f"common elsewhere, passages of {notes:.0f} notes and {share:.0%} of the passages of {NGRAM} notes"
    )


def _less_required(gates: Gates) -> str:
    return (
        f"no more can be asked of a network than of human music: {gates.required:.0%} of its excerpts must pass, "
        f"instead of {REQUIRED:.0%}"
    )


def _widened(widening: float, human_share: float) -> str:
    share = f"{HUMAN_SHARE:.0%} of" if human_share >= HUMAN_SHARE else "more"
    aim = f"so that {share} human music passes both gates"
    reached = f"{human_share:.1%} of pieces that did not set them pass"
    if widening > 1:
        return f"{aim}, all bounds lie {widening - 1:.0%} beyond the extremes of these few pieces; {reached}"
    loop, copy = (100 * tail * (1 - widening) for tail in (LOOP_TAIL, COPY_TAIL))
    return (
        f"{aim}, percentiles {loop:.4g} to {100 - loop:.4g} bound the loop gate, and percentile {100 - copy:.4g} the "
        f"copy gate; {reached}"
    )
