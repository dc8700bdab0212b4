"""From a source to what the network is trained and tested on: read, split, lay out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runtime.errors import CorpusError
from trainer.corpus import Corpus
from trainer.features import Sequence, sequence_of
from trainer.piece import Piece
from trainer.split import Split, split_pieces


@dataclass(frozen=True, slots=True)
class Material:
    """The corpus of a run, split and laid out for the network; validation and test may be empty."""

    corpus: Corpus
    split: Split
    train: tuple[Sequence, ...]
    validation: tuple[Sequence, ...]
    test: tuple[Sequence, ...]

    def summary(self) -> dict[str, Any]:
        """Return what a bundle's card says of the data: pieces and notes per part, tempo and meter habits."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {
            "source": self.corpus.source,
            "parts": {name: {"pieces": len(part), "notes": _notes_of(part)} for name, part in parts.items()},
            "tempo_bpm": _median([piece.tempo_bpm for piece in self.corpus.pieces]),
            "meter": _commonest(str(piece.meters[0].meter) for piece in self.corpus.pieces),
            "performed_pieces": sum(piece.performed for piece in self.corpus.pieces),
            "names": {name: [sequence.name for sequence in part] for name, part in parts.items()},
            "refused": {refusal.name: refusal.reason for refusal in self.corpus.refused},
        }


def prepare(corpus: Corpus, seed: int) -> Material:
    """Split a corpus by piece and lay its parts out.

    Raises:
        CorpusError: If nothing is left to train on.

    """
    split = split_pieces(corpus.pieces, seed=seed)
    if not split.train:
        raise CorpusError(f"{corpus.source} has no pieces for training: give a source with a training part")
    return Material(corpus, split, _laid_out(split.train), _laid_out(split.validation), _laid_out(split.test))


def _laid_out(pieces: Iterable[Piece]) -> tuple[Sequence, ...]:
    return tuple(sequence_of(piece) for piece in pieces)


def _notes_of(part: Iterable[Sequence]) -> int:
    return sum(sequence.notes for sequence in part)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _commonest(names: Iterable[str]) -> str:
    listed = sorted(names)
    return max(dict.fromkeys(listed), key=listed.count)
