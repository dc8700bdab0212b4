"""All tables of a network with a memory as one, so that one look-up serves a step of the exported graph.

A step looks up some twenty things, each of which would be a node or two of the graph. All of these tables are as wide
as 8 numbers, or some times that: so they lie in one table of rows of 8, an entry of a wider one in several rows, and
which rows a step wants is linear in what it knows (`trainer.network.recollection_step`).
"""

from typing import Any, Final, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lstm_composer.runtime.music.event_encoding import (
    DELTA_CLASSES,
    DURATION_CLASSES,
    LADDER,
    METER_CLASSES,
    PITCHES,
    VELOCITY_BINS,
)
from lstm_composer.runtime.music.piece_memory import RECALL_LENGTHS, RECALLS
from lstm_composer.trainer.network.past_view import BAR_CYCLE, PastView, degrees_of, mode_classes
from lstm_composer.trainer.network.stream_network import POSITIONS, StreamNetwork
from lstm_composer.trainer.pieces.key_of_piece import KEY_CLASSES
from lstm_composer.trainer.pieces.recollection import LONGEST, NO_DELTA, count_classes, ladder_table

Tensor = Any
ROW: Final = 8
_SIZES: Final = {
    "cycle": (BAR_CYCLE, 1), "length": (LONGEST + 1, 1), "age": (LONGEST + 1, 1), "times": (LONGEST + 1, 1),
    "due": (DELTA_CLASSES + 1, 1), "due_in": (LADDER[-1] + 2, 1), "harmony": (KEY_CLASSES * (PITCHES + 1), 2),
    "delta": (DELTA_CLASSES + 1, 2), "pitch": (PITCHES + 1, 6), "duration": (DURATION_CLASSES + 1, 2),
    "position": (POSITIONS, 3), "meter": (METER_CLASSES, 1), "velocity": (VELOCITY_BINS + 1, 2),
    "wishes": (LONGEST + 1, 1),
}  # fmt: skip
"""Entries of each table, and how many rows one takes; `due_in` is by ticks + 1, 0 standing for no time."""


class Rows(NamedTuple):
    """Where a table lies: the row of its first entry, and rows an entry."""

    start: int
    width: int


def _layout() -> dict[str, Rows]:
    starts = np.cumsum([0, *(entries * width for entries, width in _SIZES.values())]).tolist()
    return {name: Rows(start, width) for start, (name, (_, width)) in zip(starts, _SIZES.items(), strict=False)}


ROWS: Final = _layout()
RUNGS: Final = np.array([NO_DELTA, *ladder_table()], np.int64)
"""Class of the time to the next onset by ticks + 1; 0: none."""
TIMES: Final = np.concatenate([RUNGS, np.arange(DELTA_CLASSES + 1)])
"""The same, and behind it every class by itself, so that one look-up serves numbers of both kinds."""


def step_table(network: StreamNetwork, memory: PastView) -> Tensor:
    """All tables of a network with a memory, float32 [rows, ROW]."""
    counts = count_classes()
    degrees = degrees_of().reshape(-1)
    tables = {
        "cycle": memory.cycle_table.embeddings,
        "length": tf.gather(memory.length_table.embeddings, counts),
        "age": tf.gather(memory.age_table.embeddings, counts),
        "times": tf.gather(memory.times_table.embeddings, counts),
        "due": memory.delta_table.embeddings,
        "due_in": tf.gather(memory.delta_table.embeddings, RUNGS),
        "harmony": tf.concat(
            [
                tf.gather(memory.mode_table.embeddings, np.repeat(mode_classes(), PITCHES + 1)),
                tf.gather(memory.degree_table.embeddings, degrees),
            ],
            1,
        ),
        "delta": network.delta_table.embeddings,
        "pitch": network.pitch_table.embeddings,
        "duration": network.duration_table.embeddings,
        "position": network.position_table.embeddings,
        "meter": network.meter_table.embeddings,
        "velocity": network.velocity_table.embeddings,
        "wishes": tf.constant(_wishes()),
    }
    return tf.concat([tf.reshape(tables[name], (-1, ROW)) for name in ROWS], 0)


def _wishes() -> NDArray[np.float32]:
    """How much of each wish holds after an agreement of 0 to LONGEST events, [LONGEST + 1, ROW], the last two 0.

    Of those for going on, each does at its own length; that for beginning always does.
    """
    reached, at = np.log2(np.maximum(1, np.arange(LONGEST + 1))), np.log2(RECALL_LENGTHS)
    table = np.zeros((LONGEST + 1, ROW))
    table[1:, : len(at)] = np.stack([np.interp(reached[1:], at, one) for one in np.eye(len(at))], 1)
    table[:, RECALLS - 2] = 1
    # Through half floats, which is how bundles store it.
    return table.astype(np.float16).astype(np.float32)
