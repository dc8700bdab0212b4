"""One style of a network is judged: it plays pieces of 64 bars, and these stand beside the style's human pieces."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from lstm_composer.runtime.errors import CorpusError
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.trainer.dataset.dataset import Dataset
from lstm_composer.trainer.judging.classifier import Told, area_of, describe, tell_apart
from lstm_composer.trainer.judging.human import ENOUGH_PIECES, HumanPieces, human_pieces, meters_of
from lstm_composer.trainer.judging.played import BARS, play_bars
from lstm_composer.trainer.judging.verdicts import Verdict, verdicts
from lstm_composer.trainer.measures.continuation import continuation_table
from lstm_composer.trainer.measures.measures import bad_windows, measures_of
from lstm_composer.trainer.measures.passage import Passage
from lstm_composer.trainer.measures.windows import WINDOW_BARS, WindowRange, window_range
from lstm_composer.trainer.network.excerpts import SteppedNetwork
from lstm_composer.trainer.pieces.piece import Piece

PLAYED = 16
"""Pieces that a network plays."""
_FOLDS = 5
_SPARE = 1.3
"""Notes made for each that three quarters of the human pieces have in as many bars."""


class Judgement(msgspec.Struct, frozen=True):
    """What is known of what a network plays in one style.

    Attributes:
        played: Pieces that it has played.
        human: Human excerpts beside them.
        measures: Each of `trainer.measures.measures.MEASURES` beside the human range.
        continued_played: The share of matches that are continued, by the least length of the match.
        continued_human: The same of the human excerpts.
        told: How well a classifier tells the two, None if it was not asked or there is too little music.

    """

    played: int
    human: int
    measures: dict[str, Verdict]
    continued_played: dict[int, float]
    continued_human: dict[int, float]
    told: Told | None = None

    @property
    def outside(self) -> dict[str, str]:
        """The measures outside the human range, each with "too low" or "too high"."""
        return {name: found.verdict for name, found in self.measures.items() if not found.inside}


class Yardstick:
    """What the human pieces of a style do, for any number of networks or checkpoints."""

    def __init__(self, training: Sequence[Piece], held_out: Sequence[Piece]) -> None:
        """Measure them.

        Raises:
            CorpusError: If no piece has a window of four bars.

        """
        self.pieces: HumanPieces = human_pieces(training, held_out)
        excerpts = self.pieces.excerpts
        learned = [excerpt for piece in self.pieces.training for excerpt in piece]
        if not any(excerpt.bars >= WINDOW_BARS for excerpt in learned):
            raise CorpusError(f"no training piece has {WINDOW_BARS} bars: there is too little to see what is usual")
        self.usual: WindowRange = window_range(learned)
        rows = [measures_of(excerpt) for excerpt in excerpts]
        self.values: Mapping[str, Sequence[float]] = {
            **{name: [row[name] for row in rows] for name in rows[0]},
            "bad_windows": _bad_among(self.pieces),
        }
        self.continued: dict[int, float] = continuation_table(excerpts)
        self._notes = [BARS * excerpt.notes / excerpt.bars for excerpt in excerpts]
        self._all = [*held_out, *training]

    def meters(self, count: int) -> list[Meter]:
        """So many meters, each as often as human pieces have it."""
        return meters_of(self._all, count)

    def play(self, player: SteppedNetwork, controls: Sequence[GraphInputs]) -> list[Passage]:
        """Let a network play a piece of BARS bars for each of the controls."""
        return play_bars(player, controls, int(_SPARE * np.quantile(self._notes, 0.75)) + 1, BARS)

    def judge(self, played: Sequence[Passage], *, jobs: int = 1, classify: bool = True) -> Judgement:
        """Judge what a network has played; `jobs` processor cores work for the classifier, if it is asked."""
        told = self._tell(played, jobs) if classify else None
        return Judgement(
            len(played),
            len(self.pieces.excerpts),
            verdicts([measures_of(piece, self.usual) for piece in played], self.values),
            _rounded(continuation_table(played)),
            _rounded(self.continued),
            told,
        )

    def area_of(self, played: Sequence[Passage], *, jobs: int = 1) -> float | None:
        """How surely the classifier tells what a network has played from human music; None of too few pieces."""
        described = describe([[piece] for piece in played])
        return area_of(described, describe(self.pieces.to_tell_apart(len(described.piece))), jobs=jobs)

    def _tell(self, played: Sequence[Passage], jobs: int) -> Told | None:
        described = describe([[piece] for piece in played])
        stretches = len(described.piece)
        human = describe(self.pieces.to_tell_apart(stretches))
        halves = describe(self.pieces.to_tell_apart(2 * stretches, 2 * ENOUGH_PIECES))
        return tell_apart(described, human, halves, jobs=jobs)


def judge_style(
    player: SteppedNetwork,
    own: Dataset,
    controls: GraphInputs,
    *,
    pieces: int = PLAYED,
    jobs: int = 1,
    classify: bool = True,
) -> Judgement | None:
    """Let a network play in one style, and judge it by the style's own music; None if that is too little.

    Args:
        player: The network.
        own: The style's pieces.
        controls: What it plays with; the meters are those of the pieces, each as often as there.
        pieces: How many it plays, with the seeds 0 and up.
        jobs: Processor cores for the classifier.
        classify: Whether to ask the classifier.

    """
    try:
        yardstick = Yardstick(own.split.train, (*own.split.validation, *own.split.test))
    except CorpusError:
        return None
    voices = [replace(controls, meter=meter) for meter in yardstick.meters(pieces)]
    return yardstick.judge(yardstick.play(player, voices), jobs=jobs, classify=classify)


def _bad_among(pieces: HumanPieces) -> list[float]:
    """The bad windows of human excerpts, each fold of the pieces by what is usual in the others."""
    every = [*pieces.held_out, *pieces.training]
    found: list[float] = []
    for fold in range(_FOLDS):
        others = [excerpt for number, piece in enumerate(every) if number % _FOLDS != fold for excerpt in piece]
        if any(excerpt.bars >= WINDOW_BARS for excerpt in others):
            usual = window_range(others)
            found += [bad_windows(excerpt, usual) for piece in every[fold::_FOLDS] for excerpt in piece]
    return found or [0.0]


def _rounded(table: Mapping[int, float]) -> dict[int, float]:
    return {length: round(share, 4) for length, share in table.items()}
