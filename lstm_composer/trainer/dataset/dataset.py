"""From a source to what the network is trained and tested on: read, split, lay out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lstm_composer.runtime.bundle.schema import StyleCard
from lstm_composer.runtime.errors import CorpusError
from lstm_composer.trainer.corpus.corpus import Corpus, style_folder
from lstm_composer.trainer.dataset.split import Split, split_pieces
from lstm_composer.trainer.dataset.training_piece import EncodedPiece, encode_piece
from lstm_composer.trainer.pieces.dynamics import dynamics_of_style
from lstm_composer.trainer.pieces.key_of_piece import key_shares
from lstm_composer.trainer.pieces.piece import Piece

RARE = 1000
"""One note of so many at either end does not count for a style's register."""
StyleOf = Callable[[Piece], str]


@dataclass(frozen=True, slots=True)
class Dataset:
    """The corpus of a run, split and laid out for the network; validation and test may be empty.

    Attributes:
        corpus: All that was read.
        split: Its pieces in three parts.
        train: Those to train on.
        validation: Those to choose the epoch by.
        test: Those to measure it by.
        styles: All styles of the network: first those of its base, then those of the corpus.

    """

    corpus: Corpus
    split: Split
    train: tuple[EncodedPiece, ...]
    validation: tuple[EncodedPiece, ...]
    test: tuple[EncodedPiece, ...]
    styles: tuple[StyleCard, ...] = ()

    def summary(self) -> dict[str, Any]:
        """Return what a bundle's card says of the data: pieces and notes per part, tempo and meter habits."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {
            "source": self.corpus.source,
            "parts": {name: {"pieces": len(part), "notes": _notes_of(part)} for name, part in parts.items()},
            "tempo_bpm": _median([piece.tempo_bpm for piece in self.corpus.pieces]),
            "meter": _commonest(str(piece.meters[0].meter) for piece in self.corpus.pieces),
            "styles": self.styles,
            "performed_pieces": sum(piece.performed for piece in self.corpus.pieces),
            "names": {name: [sequence.name for sequence in part] for name, part in parts.items()},
            "refused": {refusal.name: refusal.reason for refusal in self.corpus.refused},
        }


def build_dataset(corpus: Corpus, seed: int, names: Sequence[str] = ("",), base: Sequence[StyleCard] = ()) -> Dataset:
    """Split a corpus by piece, every style for itself, and lay its parts out.

    Args:
        corpus: All pieces.
        seed: Of the split.
        names: The styles of the corpus: several are its sub-folders, one holds all pieces.
        base: Styles that the network holds already; theirs are the first indices.

    Raises:
        CorpusError: If nothing is left to train on, in all or of one style.

    """
    style_of = style_folder if len(names) > 1 else lambda _: names[0]
    strange = {style_of(piece) for piece in corpus.pieces} - set(names)
    if strange:
        raise CorpusError(f"{corpus.source} holds {min(strange)} beside {', '.join(names)}: take it out again")
    split = split_pieces(corpus.pieces, seed=seed, style_of=style_of)
    _check_training_part(corpus, split, names, style_of)

    def encoded(pieces: Iterable[Piece]) -> tuple[EncodedPiece, ...]:
        return tuple(encode_piece(piece, len(base) + names.index(style_of(piece))) for piece in pieces)

    train, validation, test = map(encoded, (split.train, split.validation, split.test))
    styles = _styles(corpus.pieces, [*train, *validation, *test], names, style_of)
    return Dataset(corpus, split, train, validation, test, (*base, *styles))


def _check_training_part(corpus: Corpus, split: Split, names: Sequence[str], style_of: StyleOf) -> None:
    if not split.train:
        raise CorpusError(f"{corpus.source} has no pieces for training: give a source with a training part")
    trained = {style_of(piece) for piece in split.train}
    for name in names:
        if name not in trained:
            reasons = (f"{no.name} {no.reason}" for no in corpus.refused if no.name.startswith(f"{name}/"))
            why = next(reasons, "its pieces are also in other folders")
            raise CorpusError(f"folder {name} of {corpus.source} has no piece to learn from ({why}): take it out")


def _styles(
    pieces: Sequence[Piece], encoded: Sequence[EncodedPiece], names: Sequence[str], style_of: StyleOf
) -> list[StyleCard]:
    """What the card says of each style: its usual tempo and meter, its size, its loudness and its keys."""
    notes = {sequence.name: sequence.notes for sequence in encoded}
    own = {name: [piece for piece in pieces if style_of(piece) == name] for name in names}
    return [
        StyleCard(
            name=name,
            tempo_bpm=round(_median([piece.tempo_bpm for piece in its]), 1),
            meter=_commonest(str(piece.meters[0].meter) for piece in its),
            pieces=len(its),
            notes=sum(notes[piece.name] for piece in its),
            register=_register(its),
            dynamics=dynamics_of_style(its),
            keys=key_shares(its),
        )
        for name, its in own.items()
    ]


def _register(pieces: Sequence[Piece]) -> tuple[int, int]:
    """The pitches between which all notes lie but the lowest and the highest in a thousand."""
    pitches = sorted(note.pitch for piece in pieces for note in piece.notes)
    left_out = len(pitches) // RARE
    return pitches[left_out], pitches[-1 - left_out]


def _notes_of(part: Iterable[EncodedPiece]) -> int:
    return sum(sequence.notes for sequence in part)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _commonest(names: Iterable[str]) -> str:
    listed = sorted(names)
    return max(dict.fromkeys(listed), key=listed.count)
