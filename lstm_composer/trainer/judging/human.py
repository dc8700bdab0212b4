"""The human pieces of a style that what is played stands beside, as excerpts of 64 bars, on the grid."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_composer.runtime.music.event_encoding import METER_OTHER, meter_class, quantise
from lstm_composer.runtime.music.notes import Meter, Note, end_of
from lstm_composer.trainer.judging.features import STRETCH_BARS
from lstm_composer.trainer.judging.played import BARS
from lstm_composer.trainer.measures.passage import Passage, lay_between, lay_out
from lstm_composer.trainer.pieces.piece import Piece

FEWEST_BARS = 8
"""Shorter pieces tell nothing of returns, and are left out where there are others."""
MOST_EXCERPTS = 4
"""Of one piece, from its beginning on: a long one must not outweigh the others."""
MOST_PIECES = 300
"""Of the training part; of more, so many are drawn."""
ENOUGH_PIECES = 16
"""Human pieces for the classifier; where fewer are held out, training pieces fill them up."""


@dataclass(frozen=True, slots=True)
class HumanPieces:
    """Pieces as their excerpts: of BARS bars where a piece has as many, else the whole of it.

    Attributes:
        held_out: Of the pieces that the network has not learned from; may be empty.
        training: Of those that it has, in an order that is drawn.

    """

    held_out: tuple[tuple[Passage, ...], ...]
    training: tuple[tuple[Passage, ...], ...]

    @property
    def excerpts(self) -> list[Passage]:
        """All excerpts of all pieces."""
        return [excerpt for piece in (*self.held_out, *self.training) for excerpt in piece]

    def to_tell_apart(self, stretches: int, fewest: int = ENOUGH_PIECES) -> list[tuple[Passage, ...]]:
        """The pieces for a classifier that is given so many played stretches: as many human ones up to twice as many.

        The held-out pieces come first, then training pieces where they are fewer than `fewest` pieces or give too few
        stretches; two excerpts of each.
        """
        chosen: list[tuple[Passage, ...]] = []
        found = 0
        for piece in (*self.held_out, *self.training):
            enough = len(chosen) >= fewest and found >= stretches
            if enough and (len(chosen) >= len(self.held_out) or found >= 2 * stretches):
                break
            if any(excerpt.bars >= STRETCH_BARS for excerpt in piece):
                chosen.append(piece[:2])
                found += sum(excerpt.bars // STRETCH_BARS for excerpt in piece[:2])
        return chosen


def human_pieces(training: Sequence[Piece], held_out: Sequence[Piece], seed: int = 0) -> HumanPieces:
    """Cut the pieces of a style into excerpts."""
    draw = np.random.default_rng(seed)
    drawn = [training[number] for number in draw.permutation(len(training))[:MOST_PIECES]]
    return HumanPieces(*(tuple(_long_enough(map(excerpts_of, pieces))) for pieces in (held_out, drawn)))


def excerpts_of(piece: Piece) -> tuple[Passage, ...]:
    """The excerpts of BARS bars of a piece that lie side by side, at most MOST_EXCERPTS, or the whole, on the grid."""
    whole = lay_out(piece.notes, piece.meters)
    parts = whole.parts(BARS)[:MOST_EXCERPTS] or [whole]
    return tuple(on_grid(part) for part in parts if part.notes)


def on_grid(passage: Passage) -> Passage:
    """The same music with its notes on our grid and its first bar line at 0, as a network would play it."""
    start = int(passage.lines[0])
    rows = zip(passage.onset - start, passage.pitch, passage.duration, passage.velocity, strict=True)
    notes = quantise(Note(*map(int, row)) for row in rows)
    return lay_between(notes, passage.lines - start)


def meters_of(pieces: Sequence[Piece], count: int) -> list[Meter]:
    """So many meters, each as often as among the pieces, by the meter that most ticks of a piece are in.

    Meters that have no class of their own are left out where there are others.
    """
    found = [_longest_meter(piece) for piece in pieces]
    known = sorted(str(meter) for meter in found if meter_class(meter) != METER_OTHER) or [str(Meter())]
    return [Meter.parse(known[(2 * number + 1) * len(known) // (2 * count)]) for number in range(count)]


def _longest_meter(piece: Piece) -> Meter:
    ends = [*(change.tick for change in piece.meters[1:]), end_of(piece.notes)]
    held: Counter[Meter] = Counter()
    for change, end in zip(piece.meters, ends, strict=True):
        held[change.meter] += max(0, end - change.tick)
    return held.most_common(1)[0][0]


def _long_enough(pieces: Iterable[tuple[Passage, ...]]) -> list[tuple[Passage, ...]]:
    found = [piece for piece in pieces if piece]
    return [piece for piece in found if piece[0].bars >= FEWEST_BARS] or found
