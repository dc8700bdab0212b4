"""How much of an excerpt stands in the training pieces, in whatever key: the longest passage and the share of n-grams.

What is compared is the step from each note to the next: (ticks from onset to onset, interval in half tones), in the
order of a score, chords from low to high. So a transposed copy is a copy, and so is one that starts elsewhere in the
bar. Durations and velocities do not count: a copy played more staccato or louder is still a copy, and in performed
music no two repeats of a passage have the same durations. Rhythm counts, or every scale and every broken chord would
be one. A scale in even notes can still be found in many pieces; that is why the gate's bound (see gates.py) is how
much human music that is not in the training shares with it, not a number of notes.

A passage that was changed in one note is two shorter ones; the share of n-grams sees it then. A melody that is taken
over with another accompaniment is not seen.

The index is a suffix array of all training pieces (Manber and Myers 1993, built by doubling as in Larsson and
Sadakane 2007); for every note of an excerpt, its neighbours in the array are the longest matches that begin there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.music.notes import Note

NGRAM = 12
"""Notes in an n-gram: two to three bars of a melody, one or two of four voices."""
_INTERVALS = 256
"""More than there are intervals, -127..127."""
_PIECE_ENDS = 1 << 48
"""Above every step: each piece is followed by a number of its own, which nothing matches."""
_EXCERPT_END = -1
_BLOCK = 32
"""Steps compared in one go; few passages are longer."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CopyMeasures:
    """What an excerpt shares with the training pieces.

    Attributes:
        longest_match: Notes in the longest passage that stands in a training piece too. A single note always does,
            so at least 1, if both have notes.
        copied_ngram_share: Share of the excerpt's n-grams (NGRAM notes in a row) that stand in a training piece, 0..1;
            0 if it is shorter.
        piece: The name of a training piece that holds the longest match; empty if that is no longer than a note.

    """

    longest_match: int
    copied_ngram_share: float
    piece: str


@dataclass(frozen=True, slots=True)
class CopyIndex:
    """Training pieces, ready to be searched; made by `index_pieces`.

    Attributes:
        names: Of the pieces.
        steps: int64 [M + _BLOCK], the steps of all pieces, each piece followed by an end, and more ends.
        order: int64 [M], where the suffixes of `steps` start, in their alphabetical order.
        piece: int64 [M], which piece each suffix, in that order, begins in.
        work: int64 [M], the same for the work that the piece is a version of.
        before: int64 [M], the last suffix earlier in the order that begins in another work, or -1.
        after: int64 [M], the first suffix later in the order that begins in another work, or M.

    """

    names: tuple[str, ...]
    steps: Numbers
    order: Numbers
    piece: Numbers
    work: Numbers
    before: Numbers
    after: Numbers


def index_pieces(pieces: Mapping[str, Sequence[Note]], works: Mapping[str, int] | None = None) -> CopyIndex:
    """Make the index; a million notes take a few seconds.

    Args:
        pieces: Notes on the grid, sorted, by the names of their pieces.
        works: For each name a number that all versions of the same work have, for `compare` to leave out; without it
            every piece is a work of its own.

    """
    own_steps = [_steps_of(notes) for notes in pieces.values()]
    ends = _PIECE_ENDS + np.arange(len(own_steps) + _BLOCK)
    parts = [np.append(steps, end) for steps, end in zip(own_steps, ends, strict=False)]
    steps = np.concatenate([*parts, ends[len(parts) :]]).astype(np.int64)
    order = _suffix_order(steps[:-_BLOCK])
    piece = np.repeat(np.arange(len(parts)), [len(part) for part in parts])[order]
    numbers = range(len(pieces)) if works is None else [works[name] for name in pieces]
    work = np.array(numbers, np.int64)[piece]
    return CopyIndex(tuple(pieces), steps, order, piece, work, *_run_neighbours(work))


def compare(index: CopyIndex, notes: Sequence[Note], *, without_work: int | None = None) -> CopyMeasures:
    """Find what an excerpt shares with the training pieces, in milliseconds.

    Args:
        index: The training pieces.
        notes: The excerpt, on the grid, sorted.
        without_work: A work that counts as not there: the one that the excerpt was cut from.

    """
    steps = _steps_of(notes)
    if not len(steps) or not len(index.order):
        return CopyMeasures(min(1, len(notes), len(index.names)), 0.0, "")
    lengths, places = _longest_matches(index, steps, without_work)
    best = int(lengths.argmax())
    longest = int(lengths[best])
    starts = max(0, len(notes) - NGRAM + 1)
    return CopyMeasures(
        longest_match=longest + 1,
        copied_ngram_share=float((lengths[:starts] >= NGRAM - 1).mean()) if starts else 0.0,
        piece=index.names[index.piece[places[best]]] if longest else "",
    )


def _steps_of(notes: Sequence[Note]) -> Numbers:
    """One number for each note after the first: how far it is from the note before, in ticks and half tones."""
    onsets = np.fromiter((note.onset for note in notes), np.int64, len(notes))
    pitches = np.fromiter((note.pitch for note in notes), np.int64, len(notes))
    return np.diff(onsets) * _INTERVALS + np.diff(pitches) + _INTERVALS // 2


def _suffix_order(steps: Numbers) -> Numbers:
    """Where the suffixes start, in alphabetical order: sorted by 1, 2, 4, 8 ... steps, until no two are the same."""
    if not len(steps):
        return np.zeros(0, np.int64)
    rank = np.unique(steps, return_inverse=True)[1].astype(np.int64)
    length = 1
    while True:
        following = np.append(rank[length:] + 1, np.zeros(min(length, len(rank)), np.int64))
        keys = rank * (len(rank) + 1) + following
        order = np.argsort(keys)
        keys = keys[order]
        rank[order] = np.cumsum(np.append(False, keys[1:] != keys[:-1]))
        if rank[order[-1]] == len(rank) - 1:
            return order
        length *= 2


def _run_neighbours(work: Numbers) -> tuple[Numbers, Numbers]:
    """For each place, the nearest place before and after it that another work holds; -1 and M where there is none."""
    starts = np.flatnonzero(np.append(True, work[1:] != work[:-1])[: len(work)])
    lengths = np.diff(np.append(starts, len(work)))
    return np.repeat(starts - 1, lengths), np.repeat(starts + lengths, lengths)


def _longest_matches(index: CopyIndex, steps: Numbers, without_work: int | None) -> tuple[Numbers, Numbers]:
    """For each step of an excerpt the length of the longest match from there, in steps, and its place in the order."""
    query = np.append(steps, np.full(_BLOCK, _EXCERPT_END))
    right = _insertion_places(index, query)
    left = right - 1
    if without_work is not None:
        left = _moved(left, index.work, index.before, without_work)
        right = _moved(right, index.work, index.after, without_work)
    left_lengths, right_lengths = (_common_at(index, query, places) for places in (left, right))
    return np.maximum(left_lengths, right_lengths), np.where(left_lengths >= right_lengths, left, right)


def _insertion_places(index: CopyIndex, query: Numbers) -> Numbers:
    """Where each suffix of the excerpt would stand in the order: a binary search for all of them at once."""
    starts = np.arange(len(query) - _BLOCK)
    low, high = np.zeros_like(starts), np.full_like(starts, len(index.order))
    while (low < high).any():
        middle = np.minimum((low + high) // 2, len(index.order) - 1)
        positions = index.order[middle]
        common = _common(index.steps, positions, query, starts)
        later = (low < high) & (index.steps[positions + common] < query[starts + common])
        low, high = np.where(later, middle + 1, low), np.where(later, high, np.minimum(middle, high))
    return low


def _moved(places: Numbers, work: Numbers, elsewhere: Numbers, without_work: int) -> Numbers:
    """Move the places that the left-out work holds to the nearest ones that another work holds."""
    inside = np.clip(places, 0, len(work) - 1)
    held = (places == inside) & (work[inside] == without_work)
    return np.where(held, elsewhere[inside], places)


def _common_at(index: CopyIndex, query: Numbers, places: Numbers) -> Numbers:
    """Steps that each suffix of the excerpt shares with the one at its place in the order; 0 for no place."""
    inside = np.clip(places, 0, len(index.order) - 1)
    common = _common(index.steps, index.order[inside], query, np.arange(len(places)))
    return np.where(places == inside, common, 0)


def _common(steps: Numbers, positions: Numbers, query: Numbers, starts: Numbers) -> Numbers:
    """Steps that are the same from `positions` of the pieces and from `starts` of the excerpt on."""
    common = np.zeros_like(starts)
    going = np.arange(len(starts))
    while len(going):
        columns = common[going, np.newaxis] + np.arange(_BLOCK)
        differ = steps[positions[going, np.newaxis] + columns] != query[starts[going, np.newaxis] + columns]
        ended = differ.any(axis=1)
        common[going] += np.where(ended, differ.argmax(axis=1), _BLOCK)
        going = going[~ended]
    return common
