from collections.abc import Callable
from dataclasses import replace

import pytest

from lstm_composer.runtime.bundle.schema import StyleCard
from lstm_composer.runtime.errors import CorpusError
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.corpus.corpus import Corpus
from lstm_composer.trainer.dataset.dataset import build_dataset
from lstm_composer.trainer.pieces.piece import Piece, SkippedFile

MakeWalk = Callable[[int, int], Piece]


@pytest.fixture
def corpus(make_walk: MakeWalk) -> Corpus:
    waltz = (MeterChange(0, Meter(3, 4)),)
    tempos = (60.0, 100.0, 90.0, 80.0, 70.0)
    pieces = [replace(make_walk(seed, 40), tempo_bpm=tempo, meters=waltz) for seed, tempo in enumerate(tempos)]
    pieces[0] = replace(pieces[0], meters=(MeterChange(0, Meter(2, 4)),), performed=False)
    return Corpus(tuple(pieces), (SkippedFile("bad.mid", "is empty (0 bytes)"),), "music")


def test_every_piece_is_laid_out_in_one_part(corpus: Corpus) -> None:
    material = build_dataset(corpus, seed=1)
    parts = (material.train, material.validation, material.test)
    assert sorted(sequence.name for part in parts for sequence in part) == [piece.name for piece in corpus.pieces]
    assert [len(part) for part in parts] == [3, 1, 1]
    assert build_dataset(corpus, seed=1).summary() == material.summary()


def test_what_a_card_says_of_the_data(corpus: Corpus) -> None:
    material = build_dataset(corpus, seed=1)
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
        build_dataset(replace(corpus, pieces=held_out), seed=0)


@pytest.fixture
def two_styles(make_walk: MakeWalk) -> Corpus:
    """Nine pieces in `many`, three slow ones in `few`."""
    few = [replace(make_walk(seed, 40), name=f"few/{seed}.mid", tempo_bpm=50.0) for seed in range(3)]
    many = [replace(make_walk(10 + seed, 40), name=f"many/deep/{seed}.mid") for seed in range(9)]
    return Corpus((*few, *many), (SkippedFile("few/bad.mid", "is empty"),), "music", ("few", "many"))


def test_every_style_is_split_for_itself(two_styles: Corpus) -> None:
    material = build_dataset(two_styles, 1, two_styles.styles)
    for part, few in ((material.train, 1), (material.validation, 1), (material.test, 1)):
        assert sum(sequence.style == 0 for sequence in part) == few
        assert sum(sequence.style == 1 for sequence in part) >= 1
        assert {(sequence.name.split("/")[0], sequence.style) for sequence in part} == {("few", 0), ("many", 1)}


def test_the_habits_of_every_style(two_styles: Corpus) -> None:
    few, many = build_dataset(two_styles, 1, two_styles.styles).styles
    assert (few.name, few.tempo_bpm, few.meter, few.pieces) == ("few", 50.0, "4/4", 3)
    assert (many.name, many.tempo_bpm, many.pieces) == ("many", 120.0, 9)
    assert few.notes + many.notes == sum(len(piece.notes) for piece in two_styles.pieces)
    pitches = [note.pitch for piece in two_styles.pieces if piece.name.startswith("few/") for note in piece.notes]
    assert few.register == (min(pitches), max(pitches))
    assert (few.dynamics, many.dynamics) == ("performed", "performed")
    assert few.keys is not None
    assert sum(few.keys) == pytest.approx(1)


def test_one_stray_note_is_no_register(make_walk: MakeWalk) -> None:
    piece = replace(make_walk(1, 1500), name="long.mid")
    stray = replace(piece, notes=(*piece.notes, Note(piece.notes[-1].onset, 127, 24, 64)))
    [style] = build_dataset(Corpus((stray,), (), "music"), 1).styles
    assert style.register is not None
    assert style.register[1] <= max(note.pitch for note in piece.notes)


def test_the_styles_of_a_base_come_first(two_styles: Corpus) -> None:
    bach = StyleCard(name="bach", tempo_bpm=72, meter="4/4", pieces=3, notes=1000)
    material = build_dataset(two_styles, 1, ("mine",), [bach])
    assert [style.name for style in material.styles] == ["bach", "mine"]
    assert {sequence.style for part in (material.train, material.test) for sequence in part} == {1}
    assert material.summary()["styles"] == material.styles


def test_a_style_without_a_piece_to_learn_from(two_styles: Corpus) -> None:
    many = tuple(piece for piece in two_styles.pieces if piece.name.startswith("many/"))
    with pytest.raises(CorpusError, match=r"folder few of music has no piece to learn from \(few/bad.mid is empty\)"):
        build_dataset(replace(two_styles, pieces=many), 1, two_styles.styles)


def test_a_style_that_was_not_there_when_the_run_began(two_styles: Corpus) -> None:
    other = replace(two_styles.pieces[0], name="other/0.mid")
    with pytest.raises(CorpusError, match="music holds other beside few, many: take it out again"):
        build_dataset(replace(two_styles, pieces=(*two_styles.pieces, other)), 1, two_styles.styles)
