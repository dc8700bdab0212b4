"""What the network makes of the piece's own past, its key and the place in its bars; all of it is seen by all heads.

Every candidate (`trainer.pieces.recollection`) reaches the heads twice: as features, how long the music has agreed with
it and when its note would come, and as a copy: the head gives each candidate a weight, which is added to the logit of
the class that the candidate suggests. So going on as before costs the network one number, whatever the note (the
copying of pointer networks, Vinyals et al. 2015, added to logits instead of mixed with probabilities).
"""

from typing import Any, Final, NamedTuple

import keras
import numpy as np
from keras import ops

from lstm_composer.runtime.music.event_encoding import DELTA_CLASSES, PITCHES
from lstm_composer.trainer.network.layers import ClassTable, leading_sizes, look_up, places, row_by_matrix
from lstm_composer.trainer.pieces.key_of_piece import KEY_CLASSES, NOT_CLEAR
from lstm_composer.trainer.pieces.recollection import CANDIDATES, LONGEST, STEPS, count_classes

Tensor = Any
DEGREES: Final = 12
"""Pitch classes above the tonic."""
BAR_CYCLE: Final = 16
"""Bars after which the count of bars begins again, for phrases."""
MODES: Final = 3
VIEW_UNITS: Final = 64


class Suggested(NamedTuple):
    """What the candidates suggest.

    Attributes:
        delta: int [..., CANDIDATES], class of the time to the next onset.
        pitch: int [..., CANDIDATES].
        duration: int [..., CANDIDATES].
        velocity: int [..., CANDIDATES].
        agree: int [..., 2 * CANDIDATES], for how many events the music has agreed with each, by pitches, by intervals;
            LONGEST stands for more.
        times: int [...], how often the passage has been there before; LONGEST stands for more.

    """

    delta: Tensor
    pitch: Tensor
    duration: Tensor
    velocity: Tensor
    agree: Tensor
    times: Tensor


def suggested(candidates: Tensor, times: Tensor) -> Suggested:
    """Take candidates [..., CANDIDATES, FIELDS] apart."""
    delta, pitch, duration, velocity, agree, moved = ops.unstack(candidates, axis=-1)
    agree = ops.minimum(ops.concatenate([agree, moved], axis=-1), LONGEST)
    return Suggested(delta, pitch, duration, velocity, agree, ops.minimum(times, LONGEST))


class Past(NamedTuple):
    """What the past says at some steps.

    Attributes:
        delta: int [..., CANDIDATES], class of the time to the next onset that each candidate suggests.
        pitch: int [..., CANDIDATES], likewise.
        duration: int [..., CANDIDATES], likewise.
        velocity: int [..., CANDIDATES], likewise.
        view: float [..., units], features of the candidates, of the place in the bars and of the key.
        key: int [...], see `trainer.pieces.key_of_piece`.
        urge: float [..., CANDIDATES], nats that the player adds to the weights of the candidates, or None.

    """

    delta: Tensor
    pitch: Tensor
    duration: Tensor
    velocity: Tensor
    view: Tensor
    key: Tensor
    urge: Tensor | None = None

    def in_time(self, delta: Tensor) -> Tensor:
        """Tell which candidates have the note come when it does, float [..., CANDIDATES]."""
        return ops.cast(self.delta == ops.cast(ops.expand_dims(delta, -1), self.delta.dtype), "float32")

    def marks(self, delta: Tensor) -> Tensor:
        """Mark the pitch that each candidate in time with the note suggests: float [..., CANDIDATES, 128]."""
        return ops.expand_dims(self.in_time(delta), -1) * ops.one_hot(self.pitch, PITCHES)

    def at_pitch(self, pitch: Tensor) -> Tensor:
        """Tell which candidates have suggested the pitch, float [..., CANDIDATES]."""
        return ops.cast(self.pitch == ops.cast(ops.expand_dims(pitch, -1), self.pitch.dtype), "float32")

    def degrees(self) -> Tensor:
        """Tell which pitches are which degrees of the scale, 0 or 1 [..., 12, 128]; all 0 without a key."""
        return look_up(ops.convert_to_tensor(_degree_table()), self.key)


def copied(gates: Tensor, classes: Tensor, size: int) -> Tensor:
    """Add up the weights [..., CANDIDATES] of the candidates by what they suggest: logits [..., size]."""
    return ops.squeeze(row_by_matrix(gates, ops.one_hot(classes, size)), -2)


def with_copies(logits: Tensor, gates: Tensor, classes: Tensor) -> Tensor:
    """Add the weights [voices, CANDIDATES] of the candidates to the logits of what they suggest, in one operation.

    Every class, int64 [voices, CANDIDATES], must be one of the logits' [voices, size].
    """
    import tensorflow as tf  # noqa: PLC0415 - only the step of one note comes here

    return tf.tensor_scatter_nd_add(logits, places(classes), gates)


@keras.saving.register_keras_serializable(package="lstm_composer")
class PastView(keras.layers.Layer):  # type: ignore[misc] # Keras ships no types
    """Features of the past: embeddings of lengths, times and places, and one hidden layer that joins them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length_table = ClassTable(len(STEPS), 8, name="length_table")
        self.delta_table = ClassTable(DELTA_CLASSES + 1, 8, name="delta_table")
        self.times_table = ClassTable(len(STEPS), 8, name="times_table")
        self.cycle_table = ClassTable(BAR_CYCLE, 8, name="cycle_table")
        self.age_table = ClassTable(len(STEPS), 8, name="age_table")
        self.mode_table = ClassTable(MODES, 4, name="mode_table")
        self.degree_table = ClassTable(DEGREES + 1, 12, name="degree_table")
        self.joined = keras.layers.Dense(VIEW_UNITS, activation="silu", name="joined")

    def build(self, *_shapes: Any) -> None:
        """Make the weights; their sizes are settled."""
        tables = (
            self.length_table,
            self.delta_table,
            self.times_table,
            self.cycle_table,
            self.age_table,
            self.mode_table,
            self.degree_table,
        )
        for table in tables:
            table.build(None)
        width = sum(
            t.output_dim * {"length_table": 2 * CANDIDATES, "delta_table": CANDIDATES}.get(t.name, 1) for t in tables
        )
        self.joined.build((None, width))

    def call(self, suggested: Suggested, bar: Tensor, key: Tensor, last_pitch: Tensor) -> Past:
        """Look at what the past suggests, bars since the beginning, key and the pitch before, each [...]."""
        delta, pitch, duration, velocity, agree, times = suggested
        classes = ops.convert_to_tensor(count_classes(), dtype="int32")
        lengths = look_up(self.length_table(classes), agree)
        due = self.delta_table(delta)
        age = look_up(self.age_table(classes), ops.minimum(bar, LONGEST))
        modes = ops.convert_to_tensor(mode_classes(), dtype="int32")
        parts = [
            ops.reshape(lengths, (*leading_sizes(lengths, 2), 2 * CANDIDATES * 8)),
            ops.reshape(due, (*leading_sizes(due, 2), CANDIDATES * 8)),
            self.cycle_table(bar % BAR_CYCLE),
            age,
            look_up(self.times_table(classes), times),
            look_up(self.mode_table(modes), key),
            self._degree(last_pitch, key),
        ]
        return Past(delta, pitch, duration, velocity, self.joined(ops.concatenate(parts, axis=-1)), key)

    def _degree(self, pitch: Tensor, key: Tensor) -> Tensor:
        """Embed where a pitch [...], 128 for none, lies above the tonic of a key [...]: [..., 12]."""
        rows = ops.convert_to_tensor(degrees_of().reshape(-1), dtype="int32")
        return self.degree_table(look_up(rows, ops.cast(key, "int32") * (PITCHES + 1) + ops.cast(pitch, "int32")))


def degrees_of() -> Any:
    """Degrees 0..11 of pitches in keys, [KEY_CLASSES, 129]; 12 where there is no key or no pitch."""
    pitches, keys = np.arange(PITCHES + 1), np.arange(KEY_CLASSES)[:, None]
    return np.where((keys == NOT_CLEAR) | (pitches == PITCHES), DEGREES, (pitches - keys) % DEGREES).astype(np.int32)


def _degree_table() -> Any:
    """One-hot degrees [KEY_CLASSES, 12, 128] of all pitches in all keys; 0 where there is none."""
    degrees = degrees_of()[:, None, :PITCHES]
    return (degrees == np.arange(DEGREES)[:, None]).astype(np.float32)


def mode_classes() -> Any:
    """Mode of each class of key: 0 major, 1 minor, 2 none, int32 [KEY_CLASSES]."""
    return np.repeat(np.arange(MODES), [12, 12, 1]).astype(np.int32)
