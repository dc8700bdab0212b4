"""Sequences as padded batches for `keras.Model.fit`: whole pieces, or windows of long ones, like lengths together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lstm_composer.runtime.music.event_encoding import DELTA_END, PITCHES, SILENT
from lstm_composer.trainer.dataset.training_piece import ARRAYS, EncodedPiece, part_of, transposed, transposition_range
from lstm_composer.trainer.network.devices import gpus
from lstm_composer.trainer.pieces.key_of_piece import transposed_key
from lstm_composer.trainer.pieces.recollection import CANDIDATES, FIELDS, NOTHING

Arrays = dict[str, NDArray[Any]]
Batch = tuple[Arrays, NDArray[np.int32], NDArray[np.float32]]

FORGETFUL = 0.1
"""Share of windows in training in which the past suggests nothing: a network that always had something to copy would be
lost where there is nothing, and never leave off where there is."""
LENGTH_STEP = 32
"""Batches are padded to a multiple of this many steps."""


@dataclass(frozen=True, slots=True)
class Window:
    """Steps `start` to `stop` of a sequence, moved by `semitones`; a forgetful one suggests nothing from its past."""

    sequence: EncodedPiece
    start: int
    stop: int
    semitones: int = 0
    forgetful: bool = False

    @property
    def steps(self) -> int:
        """Steps in the window."""
        return self.stop - self.start


def windows_of(sequence: EncodedPiece, length: int, offset: int = 0, semitones: int = 0) -> list[Window]:
    """Cut a sequence into windows of at most `length` steps, the first one `offset` steps long (if it is not 0)."""
    starts = [0, *range(offset or length, sequence.steps, length)]
    stops = [*starts[1:], sequence.steps]
    return [Window(sequence, start, stop, semitones) for start, stop in zip(starts, stops, strict=True)]


def pack(windows: Sequence[Window], styles: int, shares: int = 1) -> Batch:
    """Pad windows to one length T: inputs, targets [B, T, 4], loss weights [B, T, 4] as `StreamNetwork` takes them.

    With `shares` the batch is padded as well, by rows without weight, to as many rows for each of so many devices.
    """
    filled = len(windows)
    windows = [*windows, *[windows[-1]] * (-filled % shares)]
    longest = max(window.steps for window in windows)
    steps = -(-longest // LENGTH_STEP) * LENGTH_STEP
    parts = [_padded(window, steps) for window in windows]
    arrays = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    weights = arrays.pop("weights")
    weights[filled:] = 0
    arrays["key"] = np.array([transposed_key(w.sequence.key, w.semitones) for w in windows], np.int32)
    arrays["style"] = np.eye(styles, dtype=np.float32)[[window.sequence.style for window in windows]]
    return arrays, arrays["target"], weights


def _padded(window: Window, steps: int) -> Arrays:
    sequence = transposed(part_of(window.sequence, window.start, window.stop), window.semitones)
    arrays: Arrays = {}
    for name in ARRAYS:
        values = getattr(sequence, name)
        fill = SILENT if name == "remaining" else 0
        arrays[name] = np.full((steps, *values.shape[1:]), fill, values.dtype)
        arrays[name][: window.steps] = values
    if window.forgetful:
        arrays["candidates"][...] = NOTHING
        arrays["times"][...] = 0
    weights = np.zeros((steps, 4), np.float32)
    weights[: window.steps, 0] = 1
    notes = sequence.target[:, 0] != DELTA_END
    weights[: window.steps, 1:] = notes[:, None]
    arrays["weights"] = weights
    return arrays


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The pieces to train on, served as epochs of shuffled windows, by default in random keys.

    Attributes:
        sequences: The pieces.
        styles: Styles that the network can tell apart.
        batch_steps: Steps in a batch, padding included.
        window: Longest part of a piece that is trained at once, in steps.
        seed: With the number of the epoch it settles order, cuts and keys, so that a resumed run goes on exactly as the
            unbroken one would have.
        transpose: Whether pieces are moved to other keys; if not, order and cuts are those of the same seed with it.
        own_keys_from: The first epoch from which on they are not, whatever `transpose` says; None: there is none.

    """

    sequences: tuple[EncodedPiece, ...]
    styles: int
    batch_steps: int
    window: int
    seed: int
    transpose: bool = True
    own_keys_from: int | None = None

    def epoch(self, number: int) -> list[list[Window]]:
        """Batches of epoch `number`, like lengths together but not the same neighbours every time."""
        rng = np.random.default_rng([self.seed, number])
        windows: list[Window] = []
        transpose = self.transpose and (self.own_keys_from is None or number < self.own_keys_from)
        for sequence in self.sequences:
            offset = int(rng.integers(self.window)) if sequence.steps > self.window else 0
            key = int(rng.choice(transposition_range(sequence)))
            windows += windows_of(sequence, self.window, offset, key if transpose else 0)
        forgets = rng.random(len(windows)) < FORGETFUL
        windows = [replace(window, forgetful=bool(f)) for window, f in zip(windows, forgets, strict=True)]
        order = np.argsort([window.steps + rng.uniform(0, LENGTH_STEP) for window in windows], kind="stable")
        batches = batches_of([windows[index] for index in order], self.batch_steps)
        return [batches[index] for index in rng.permutation(len(batches))]


def dataset(groups: Sequence[Sequence[Window]], styles: int) -> tf.data.Dataset:
    """Pack groups of windows into batches while the network trains on the ones before; all GPUs can share them."""
    shares = max(1, len(gpus()))

    def batches() -> Iterator[Batch]:
        return (pack(group, styles, shares) for group in groups)

    served = tf.data.Dataset.from_generator(batches, output_signature=_signature(styles))
    options = tf.data.Options()
    # Its thread sleeps 10, 20, 40 ms and so on up to 10 s and longer, and the end of an epoch waits until it wakes.
    options.autotune.enabled = False
    return served.apply(tf.data.experimental.assert_cardinality(len(groups))).prefetch(4).with_options(options)


def _signature(styles: int) -> Any:
    whole, classes = tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, None, 4), tf.int32)
    inputs = {
        "event": classes,
        "target": classes,
        "position": whole,
        "meter": whole,
        "next_position": whole,
        "bar": whole,
        "candidates": tf.TensorSpec((None, None, CANDIDATES, FIELDS), tf.int16),
        "times": tf.TensorSpec((None, None), tf.int16),
        "key": tf.TensorSpec((None,), tf.int32),
        "remaining": tf.TensorSpec((None, None, PITCHES), tf.int16),
        "style": tf.TensorSpec((None, styles), tf.float32),
    }
    return inputs, classes, tf.TensorSpec((None, None, 4), tf.float32)


def batches_of(windows: Sequence[Window], batch_steps: int) -> list[list[Window]]:
    """Group windows, in their order, into batches of about `batch_steps` steps with padding."""
    groups: list[list[Window]] = [[]]
    for window in windows:
        if groups[-1] and (len(groups[-1]) + 1) * max(window.steps, *(w.steps for w in groups[-1])) > batch_steps:
            groups.append([])
        groups[-1].append(window)
    return groups


def whole_pieces(sequences: Sequence[EncodedPiece], batch_steps: int = 8192) -> list[list[Window]]:
    """Whole pieces, each carrying its state from its first note to its last, in their own keys."""
    windows = sorted((Window(sequence, 0, sequence.steps) for sequence in sequences), key=lambda window: window.steps)
    return batches_of(windows, batch_steps)
