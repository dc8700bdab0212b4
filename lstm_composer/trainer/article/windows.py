"""Tokens as the article's windows: 100 of them as numbers from 0 to 1, and the one that follows.

The pieces of a part are laid end to end, as in the article, so that some windows reach from one piece into the next;
but no window reaches from the pieces for training into those held out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lstm_composer.runtime.bundle.encodings import TOKEN_ENCODINGS
from lstm_composer.runtime.errors import CorpusError
from lstm_composer.runtime.music.token_encoding import WINDOW, TokenEncoding
from lstm_composer.trainer.article.tokens import TokenCorpus
from lstm_composer.trainer.dataset.split import Split
from lstm_composer.trainer.pieces.piece import Piece

BATCH = 50
"""Windows in a batch, the article's."""
PROMPTS = 16
"""Windows kept to begin the music with: the article drew one from its training set for each file that it wrote."""

IntArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Windows:
    """All windows of a row of tokens.

    Attributes:
        tokens: int32 [N], numbers of tokens.
        classes: Tokens in the vocabulary.
        length: Tokens in a window.

    """

    tokens: IntArray
    classes: int
    length: int = WINDOW

    def __len__(self) -> int:
        return max(0, len(self.tokens) - self.length)

    def order(self, seed: int, epoch: int) -> NDArray[np.int64]:
        """Return the windows in the order of an epoch, by their starts: settled by seed and epoch alone."""
        return np.random.default_rng([seed, epoch]).permutation(len(self))


@dataclass(frozen=True, slots=True)
class TokenMaterial:
    """The corpus of a run, split and numbered; validation and test may be without windows.

    Attributes:
        vocabulary: Names of all tokens of the corpus, sorted; a token's number is its place here.
        train: The windows to train on.
        validation: Those of the pieces that choose the epoch.
        test: Those of the pieces that nothing has seen.

    """

    vocabulary: tuple[str, ...]
    train: Windows
    validation: Windows
    test: Windows


def lay_out(corpus: TokenCorpus, split: Split, length: int = WINDOW) -> TokenMaterial:
    """Number the tokens of a corpus and lay its parts out.

    Args:
        corpus: The tokens.
        split: Which piece belongs to which part, by name; a piece that is in none is left out.
        length: Tokens in a window.

    Raises:
        CorpusError: If the training part does not fill one window and the token after it.

    """
    vocabulary = tuple(sorted({token for piece in corpus.pieces for token in piece.tokens}))
    numbers = {token: number for number, token in enumerate(vocabulary)}
    rows = {piece.name: [numbers[token] for token in piece.tokens] for piece in corpus.pieces}

    def laid_end_to_end(part: Iterable[Piece]) -> Windows:
        tokens = [number for piece in part for number in rows.get(piece.name, ())]
        return Windows(np.array(tokens, np.int32), len(vocabulary), length)

    train = laid_end_to_end(split.train)
    if not len(train):
        raise CorpusError(
            f"{corpus.source} has {len(train.tokens)} notes and chords to train on; this preset needs {length + 1}, a "
            "window and the one after it: add files, or use --preset stream"
        )
    return TokenMaterial(vocabulary, train, laid_end_to_end(split.validation), laid_end_to_end(split.test))


def encoding_of(material: TokenMaterial, preset: str) -> TokenEncoding:
    """Return what encoding.json and the bundle's card keep: vocabulary, and windows spread over the training part."""
    windows = material.train
    starts = sorted({int(start) for start in np.linspace(0, len(windows) - 1, PROMPTS)})
    return TOKEN_ENCODINGS[preset](
        vocabulary=list(material.vocabulary),
        prompts=[windows.tokens[start : start + windows.length].tolist() for start in starts],
        window=windows.length,
    )


def dataset(windows: Windows, starts: NDArray[np.int64] | None = None) -> tf.data.Dataset:
    """Serve windows in batches, cut out of the row of tokens as they are needed.

    Args:
        windows: At least one.
        starts: Which, and in what order; None for all from first to last.

    Returns:
        Batches of inputs float32 [B, length, 1], each index / classes, and targets int32 [B].

    """
    tokens, steps = tf.constant(windows.tokens), tf.range(windows.length, dtype=tf.int64)

    def cut(first: Any) -> tuple[Any, Any]:
        seen = tf.gather(tokens, first[:, None] + steps)
        return scalars(seen, windows.classes), tf.gather(tokens, first + windows.length)

    order = np.arange(len(windows), dtype=np.int64) if starts is None else starts
    options = tf.data.Options()
    # Its thread sleeps up to 10 s and longer, and the end of an epoch waits until it wakes.
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensor_slices(order).batch(BATCH).map(cut).prefetch(4).with_options(options)


def scalars(tokens: Any, classes: int) -> Any:
    """Return what the network is shown of tokens int32 [..., length]: float32 [..., length, 1], index / classes."""
    return tf.expand_dims(tf.cast(tokens, tf.float32) / classes, -1)
