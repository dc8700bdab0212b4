"""Windows of tokens: the table of a little corpus, its parts apart, its order settled by seed and epoch."""

from collections.abc import Iterable

import numpy as np
import pytest

from lstm_composer.runtime.errors import CorpusError
from lstm_composer.runtime.music.token_encoding import notes_of
from lstm_composer.trainer.article.tokens import TokenCorpus, TokenPiece
from lstm_composer.trainer.article.windows import BATCH, PROMPTS, Windows, dataset, encoding_of, lay_out
from lstm_composer.trainer.dataset.split import Split
from lstm_composer.trainer.pieces.piece import Piece, make_piece

TOKENS = {"a": ("C4", "D4", "C4"), "b": ("0.4.7", "E4"), "c": ("C4", "F4", "G4"), "d": ("A4",)}
CORPUS = TokenCorpus(tuple(TokenPiece(name, tokens) for name, tokens in TOKENS.items()), (), "folder")


def pieces(names: Iterable[str]) -> tuple[Piece, ...]:
    return tuple(make_piece(name, notes_of(["C4"])) for name in names)


def split(train: str, validation: str = "", test: str = "") -> Split:
    return Split(pieces(train), pieces(validation), pieces(test))


def test_the_windows_of_a_corpus() -> None:
    material = lay_out(CORPUS, split("ab", "c", "d"), length=2)
    assert material.vocabulary == ("0.4.7", "A4", "C4", "D4", "E4", "F4", "G4")
    assert material.train.tokens.tolist() == [2, 3, 2, 0, 4]
    assert material.validation.tokens.tolist() == [2, 5, 6]
    assert [len(part) for part in (material.train, material.validation, material.test)] == [3, 1, 0]
    ((inputs, targets),) = dataset(material.train).as_numpy_iterator()
    assert (inputs.dtype, inputs.shape, targets.dtype) == (np.float32, (3, 2, 1), np.int32)
    np.testing.assert_allclose(inputs[:, :, 0], np.array([[2, 3], [3, 2], [2, 0]]) / 7)
    assert targets.tolist() == [2, 0, 4]


def test_a_piece_that_is_in_no_part_or_was_not_read_is_left_out() -> None:
    material = lay_out(CORPUS, split("az", "c"), length=2)
    assert material.train.tokens.tolist() == [2, 3, 2]


@pytest.mark.parametrize(("train", "length", "found"), [("ab", 5, 5), ("ab", 100, 5), ("", 2, 0)])
def test_a_corpus_shorter_than_a_window_is_refused(train: str, length: int, found: int) -> None:
    with pytest.raises(
        CorpusError, match=f"^folder has {found} notes and chords to train on; this preset needs {length + 1}, "
    ):
        lay_out(CORPUS, split(train), length)
    assert len(lay_out(CORPUS, split("ab"), 4).train) == 1


def test_batches_of_fifty_in_any_order_once_each() -> None:
    windows = Windows(np.arange(130, dtype=np.int32), classes=130, length=10)
    order = windows.order(seed=3, epoch=1)
    batches = list(dataset(windows, order).as_numpy_iterator())
    assert [len(targets) for _, targets in batches] == [BATCH, BATCH, 20]
    targets = np.concatenate([targets for _, targets in batches])
    assert targets.tolist() == (order + 10).tolist()
    assert sorted(targets) == list(range(10, 130))
    inputs = np.concatenate([inputs for inputs, _ in batches])
    np.testing.assert_allclose(inputs[:, :, 0] * 130, order[:, None] + np.arange(10), rtol=1e-6)


def test_the_order_is_settled_by_seed_and_epoch() -> None:
    windows = Windows(np.zeros(200, np.int32), classes=1)
    orders = {(seed, epoch): tuple(windows.order(seed, epoch)) for seed in (0, 1) for epoch in (1, 2)}
    assert len(set(orders.values())) == 4
    assert tuple(windows.order(1, 2)) == orders[1, 2]


@pytest.mark.parametrize(("tokens", "prompts"), [(11, 1), (13, 3), (500, PROMPTS)])
def test_prompts_are_windows_of_the_training_part(tokens: int, prompts: int) -> None:
    corpus = TokenCorpus((TokenPiece("a", tuple(f"{'CDEFGAB'[n % 7]}{n % 5}" for n in range(tokens))),), (), "folder")
    material = lay_out(corpus, split("a"), length=10)
    encoding = encoding_of(material, "skuldur")
    assert (encoding.window, encoding.step_ticks, len(encoding.prompts)) == (10, 12, prompts)
    assert tuple(encoding.vocabulary) == material.vocabulary
    whole = material.train.tokens.tolist()
    assert encoding.prompts[0] == whole[:10]
    assert encoding.prompts[-1] == whole[-11:-1] or prompts == 1
    for prompt in encoding.prompts:
        assert any(whole[start : start + 10] == prompt for start in range(len(whole)))
