"""Can one tell what a network plays from what people wrote? The area under the curve of a plain classifier.

Extra trees (Geurts et al. 2006) learn from some pieces to tell played stretches of 16 bars from human ones, and are
asked about others: no piece is on both sides. 0.5 is a guess, 1 is certainty. What is right in 0.51 of cases between
two halves of human music is the floor: pieces differ, and little music leaves luck to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from lstm_composer.trainer.judging.features import GROUPS, described, stretches
from lstm_composer.trainer.measures.passage import Flags, Floats, Numbers, Passage

TREES = 100
FOLDS = 5
HALVINGS = 2
"""How often human music is halved for the floor: one halving may put the two kinds of pieces apart."""
FEWEST_PIECES = 4
"""Of either kind: of fewer nothing can be learned that holds for others."""

Features = Mapping[str, Floats]


class Told(msgspec.Struct, frozen=True):
    """How well a classifier tells played from human stretches.

    Attributes:
        overall: Area under the curve, 0..1, with all features.
        by_group: The same with the features of each group alone.
        floor: Of human music against human music, with all features.
        played: Stretches that were played.
        human: Stretches that were written.

    """

    overall: float
    by_group: dict[str, float]
    floor: float
    played: int
    human: int


@dataclass(frozen=True, slots=True)
class Described:
    """Stretches as the classifier sees them.

    Attributes:
        features: By group [N, F].
        piece: The number of the piece [N] that each stretch is of.

    """

    features: Features
    piece: Numbers

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return len(np.unique(self.piece))


def describe(pieces: Sequence[Sequence[Passage]]) -> Described:
    """Describe pieces, each given as its excerpts; those of less than 16 bars give nothing."""
    parts = [(number, part) for number, piece in enumerate(pieces) for excerpt in piece for part in stretches(excerpt)]
    return Described(described(part for _, part in parts), np.array([number for number, _ in parts], np.int64))


def area_of(played: Described, human: Described, *, jobs: int = 1, seed: int = 0) -> float | None:
    """The overall area of `tell_apart` alone, without the groups and the floor."""
    if min(played.pieces, human.pieces) < FEWEST_PIECES:
        return None
    both, is_played, piece = _joined(played, human)
    return round(_area(_all(both), is_played, piece, jobs, seed), 4)


def tell_apart(
    played: Described, human: Described, halves: Described | None = None, *, jobs: int = 1, seed: int = 0
) -> Told | None:
    """Let the classifier tell played from human stretches; None of fewer than FEWEST_PIECES pieces of either.

    Args:
        played: What a network plays.
        human: What people wrote.
        halves: Human music to be halved for the floor, best twice as much; by default `human`.
        jobs: Processor cores to use.
        seed: Of the trees, the folds and the halves of human music.

    """
    if min(played.pieces, human.pieces) < FEWEST_PIECES:
        return None
    both, is_played, piece = _joined(played, human)
    return Told(
        overall=round(_area(_all(both), is_played, piece, jobs, seed), 4),
        by_group={name: round(_area(table, is_played, piece, jobs, seed), 4) for name, table in both.items()},
        floor=round(floor(human if halves is None else halves, jobs=jobs, seed=seed), 4),
        played=len(played.piece),
        human=len(human.piece),
    )


def floor(human: Described, *, jobs: int = 1, seed: int = 0) -> float:
    """The area with which the classifier tells one half of human pieces from the other, mean of HALVINGS halvings."""
    table, areas = _all(human.features), []
    for halving in range(HALVINGS):
        numbers = np.random.default_rng([seed, halving]).permutation(np.unique(human.piece))
        first = np.isin(human.piece, numbers[: len(numbers) // 2])
        areas.append(_area(table, first, human.piece, jobs, seed))
    return float(np.mean(areas))


def _joined(played: Described, human: Described) -> tuple[Features, Flags, Numbers]:
    """Both one after the other: features, which are played [N], numbers of the pieces [N]."""
    both = {name: np.concatenate([played.features[name], human.features[name]]) for name in GROUPS}
    piece = np.concatenate([played.piece, human.piece + played.piece.max() + 1])
    return both, np.arange(len(piece)) < len(played.piece), piece


def _all(features: Features) -> Floats:
    return np.concatenate([features[name] for name in GROUPS], axis=1)


def _area(table: Floats, positive: Flags, piece: Numbers, jobs: int, seed: int) -> float:
    """Mean area under the curve over the folds, none of which has a piece of another."""
    kinds = [len(np.unique(piece[positive == kind])) for kind in (False, True)]
    folds = StratifiedGroupKFold(min(FOLDS, *kinds), shuffle=True, random_state=seed)
    areas = []
    for learned, asked in folds.split(table, positive, piece):
        if len(np.unique(positive[learned])) < 2 or len(np.unique(positive[asked])) < 2:
            continue  # all pieces of one kind came into one fold
        forest = ExtraTreesClassifier(
            TREES, min_samples_leaf=2, class_weight="balanced", random_state=seed, n_jobs=jobs
        )
        forest.fit(table[learned], positive[learned])
        areas.append(roc_auc_score(positive[asked], forest.predict_proba(table[asked])[:, 1]))
    return float(np.mean(areas)) if areas else 0.5
