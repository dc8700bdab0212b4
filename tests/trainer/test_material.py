from collections.abc import Callable
from dataclasses import replace

import pytest

from runtime.errors import CorpusError
from runtime.notes import Meter
from trainer.corpus import Corpus
from trainer.material import prepare
from trainer.piece import MeterChange, Piece, Refusal

MakeWalk = Callable[[int, int], Piece]


@pytest.fixture
def corpus(make_walk: MakeWalk) -> Corpus:
    waltz = (MeterChange(0, Meter(3, 4)),)
    tempos = (60.0, 100.0, 90.0, 80.0, 70.0)
    pieces = [replace(make_walk(seed, 40), tempo_bpm=tempo, meters=waltz) for seed, tempo in enumerate(tempos)]
    pieces[0] = replace(pieces[0], meters=(MeterChange(0, Meter(2, 4)),), performed=False)
    return Corpus(tuple(pieces), (Refusal("bad.mid", "is empty (0 bytes)"),), "music")


def test_every_piece_is_laid_out_in_one_part(corpus: Corpus) -> None:
    material = prepare(corpus, seed=1)
    parts = (material.train, material.validation, material.test)
    assert sorted(sequence.name for part in parts for sequence in part) == [piece.name for piece in corpus.pieces]
    assert [len(part) for part in parts] == [3, 1, 1]
    assert prepare(corpus, seed=1).summary() == material.summary()


def test_what_a_card_says_of_the_data(corpus: Corpus) -> None:
    material = prepare(corpus, seed=1)
    summary = material.summary()
    assert summary["source"] == "music"
    assert (summary["tempo_bpm"], summary["meter"], summary["performed_pieces"]) == (80.0, "3/4", 4)
    assert summary["refused"] == {"bad.mid": "is empty (0 bytes)"}
    assert {name: part["pieces"] for name, part in summary["parts"].items()} == {"train": 3, "validation": 1, "test": 1}
    assert sum(part["notes"] for part in summary["parts"].values()) == sum(len(piece.notes) for piece in corpus.pieces)
    assert summary["names"]["test"] == [sequence.name for sequence in material.test]


def test_a_source_without_a_training_part(corpus: Corpus) -> None:
    held_out = tuple(replace(piece, part="test") for piece in corpus.pieces)
    with pytest.raises(CorpusError, match="music has no pieces for training"):
        prepare(replace(corpus, pieces=held_out), seed=0)
