"""Parts of a corpus for training, validation and test, so that no held-out piece has a near-duplicate in training.

Two pieces are near-duplicates when half of the shorter one's melodic n-grams are in the other: an n-gram is a run of
eight intervals in half tones of the highest or of the lowest line. Intervals, not pitches, so that a transposition
counts; no rhythm, so that an arrangement or a performance of the same work counts too. N-grams of fewer than three
different intervals (a repeated note, a trill, a scale) occur everywhere and say nothing.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, pairwise

from lstm_composer.trainer.pieces.piece import Piece

NGRAM_INTERVALS = 8
SHARED_SHARE = 0.5
_TELLING_INTERVALS = 3
_COMMONPLACE = 200
"""An n-gram that so many pieces hold (a scale) says nothing; counting its pairs would take the time of all others."""
_FULL_ENOUGH = 0.9
"""A part that holds this share of the notes wanted takes no more; else only tiny pieces would fill the rest."""

IntervalNgrams = frozenset[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Split:
    """The three parts, each in the order of the names; `train` is empty only where the source's own split has none."""

    train: tuple[Piece, ...]
    validation: tuple[Piece, ...]
    test: tuple[Piece, ...]


def split_pieces(
    pieces: Sequence[Piece],
    *,
    seed: int = 0,
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1),
    style_of: Callable[[Piece], str] = lambda _: "",
) -> Split:
    """Split by piece, by number of notes, near-duplicates together.

    Each style is split for itself. Near-duplicates of several styles count with the smallest of them: it is the one
    that can spare them least.

    A piece whose source says its part stays there, and its near-duplicates of which nothing is said go with it: to the
    test or validation part rather than to training, where its source has put several of them in different parts. The
    others fill up the shares. Three groups of near-duplicates or more give each part at least one; two give training
    and validation one each; a single one is for training, and validation stays empty. The same seed gives the same
    parts, whatever the order of `pieces`.

    Args:
        pieces: At least one, with different names.
        seed: Which pieces are drawn.
        shares: Of the notes for train, validation and test; the sum is 1.
        style_of: Tells the style of a piece; by default all are of one.

    Raises:
        ValueError: If there are no pieces or the shares are none.

    """
    if not pieces or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"a split needs pieces and shares with the sum 1, not {len(pieces)} pieces and {shares}")
    groups = near_duplicates(pieces) if any(piece.part is None for piece in pieces) else [list(pieces)]
    parts: dict[str, list[Piece]] = {part: [] for part in ("train", "validation", "test")}
    for group in groups:
        for piece in group if _given(group) else ():
            parts[piece.part or _given(group)].append(piece)
    given = {part: tuple(kept) for part, kept in parts.items()}
    for style, stratum in _strata(groups, style_of).items():
        left = sorted(stratum, key=lambda group: _draw(group, seed))
        have = {part: _notes_in(p for p in kept if style_of(p) == style) for part, kept in given.items()}
        total = sum(map(_notes_in, left)) + sum(have.values())
        for_test = 1 if len(left) > 2 and not have["test"] else 0
        parts["validation"] += _take(left, shares[1] * total, have["validation"], left=1 + for_test)
        parts["test"] += _take(left, shares[2] * total, have["test"], left=1)
        parts["train"] += [piece for group in left for piece in group]
    return Split(**{part: tuple(sorted(kept, key=lambda piece: piece.name)) for part, kept in parts.items()})


def _given(group: Iterable[Piece]) -> str:
    """Where near-duplicates belong by what is said of some of them; "" if nothing is."""
    said = {piece.part for piece in group}
    return next((part for part in ("test", "validation", "train") if part in said), "")


def _strata(groups: Sequence[list[Piece]], style_of: Callable[[Piece], str]) -> dict[str, list[list[Piece]]]:
    """Groups of near-duplicates of which nothing is said, by style."""
    sizes: Counter[str] = Counter()
    for group in groups:
        for piece in group:
            sizes[style_of(piece)] += len(piece.notes)
    strata: dict[str, list[list[Piece]]] = defaultdict(list)
    for group in groups:
        if not _given(group):
            strata[min(map(style_of, group), key=lambda style: (sizes[style], style))].append(group)
    return strata


def near_duplicates(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Groups of pieces that share their melodic n-grams, directly or through others; most groups are one piece."""
    ngrams = [_ngrams_of(piece) for piece in pieces]
    group_of = list(range(len(pieces)))
    for (first, second), shared in _shared_ngrams(ngrams).items():
        if shared >= SHARED_SHARE * min(len(ngrams[first]), len(ngrams[second])):
            group_of[_root(group_of, second)] = _root(group_of, first)
    groups: dict[int, list[Piece]] = defaultdict(list)
    for index, piece in enumerate(pieces):
        groups[_root(group_of, index)].append(piece)
    return list(groups.values())


def _ngrams_of(piece: Piece) -> IntervalNgrams:
    """The n-grams of a piece's outer lines; if it has none, the whole of both, which only its double shares."""
    chords = [[note.pitch for note in chord] for _, chord in groupby(piece.notes, key=lambda note: note.onset)]
    lines = [_intervals([max(chord) for chord in chords]), _intervals([min(chord) for chord in chords])]
    ngrams = frozenset(
        intervals[start : start + NGRAM_INTERVALS]
        for intervals in lines
        for start in range(len(intervals) - NGRAM_INTERVALS + 1)
        if len(set(intervals[start : start + NGRAM_INTERVALS])) >= _TELLING_INTERVALS
    )
    return ngrams or frozenset(lines)


def _intervals(line: Sequence[int]) -> tuple[int, ...]:
    return tuple(following - pitch for pitch, following in pairwise(line))


def _shared_ngrams(ngrams: Sequence[IntervalNgrams]) -> Counter[tuple[int, int]]:
    """How many n-grams each pair of pieces shares, for the pairs that share any; indices rising within a pair."""
    holders: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, ngrams_of_piece in enumerate(ngrams):
        for ngram in ngrams_of_piece:
            holders[ngram].append(index)
    shared: Counter[tuple[int, int]] = Counter()
    for indices in holders.values():
        if len(indices) <= _COMMONPLACE:
            shared.update(combinations(indices, 2))
    return shared


def _root(group_of: list[int], index: int) -> int:
    """The representative of a group, on the way shortening the path to it (union-find)."""
    while group_of[index] != index:
        group_of[index] = group_of[group_of[index]]
        index = group_of[index]
    return index


def _draw(group: Iterable[Piece], seed: int) -> bytes:
    """A group's place in the draw, from the seed and the names in it alone."""
    return min(hashlib.sha256(f"{seed} {piece.name}".encode()).digest() for piece in group)


def _notes_in(pieces: Iterable[Piece]) -> int:
    return sum(len(piece.notes) for piece in pieces)


def _take(groups: list[list[Piece]], wanted: float, have: int, left: int) -> list[Piece]:
    """Move groups out of `groups`, so that with the notes that a part has it gets about `wanted`; leave `left` of them.

    A part that has none gets at least one, the smallest.
    """
    if wanted <= 0 or len(groups) <= left:
        return []
    taken: list[list[Piece]] = []
    notes = have
    for group in groups:
        size = _notes_in(group)
        if notes < _FULL_ENOUGH * wanted and notes + size <= wanted and len(groups) - len(taken) > left:
            taken.append(group)
            notes += size
    if not taken and not have:
        taken = [min(groups, key=_notes_in)]
    groups[:] = [group for group in groups if group not in taken]
    return [piece for group in taken for piece in group]
