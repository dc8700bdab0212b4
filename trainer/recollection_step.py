"""The memory of a piece as the exported graph carries it: what `trainer.recollection` finds, one note at a time.

State for each voice, newest event first: the last PAST events (rows 0 to 3: time and pitch, time and interval,
duration, onset) and for how many events the music has agreed with each lag (rows 4 and 5, by pitches and by intervals).
A lag stays the same lag when a note is added, so that the lengths need not move: each grows by one or falls to 0. The
start of a piece is kept as an event too, half a tick before the first bar line; where nothing is remembered from, it is
found, and suggests nothing.

One node of the exported graph costs a microsecond, whatever it does: so the whole numbers are kept in 32-bit floats,
which hold them exactly and can all be picked by one product, and all that is linear in them is one product too.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from runtime.encoding import LADDER
from runtime.piece_memory import EVENT_ROWS
from trainer.network_config import PAST
from trainer.past_view import Suggested
from trainer.recollection import BARS, INTERVAL_ZERO, MATCHES, NO_DELTA, PITCH_CODES, SAME_PASSAGE, ladder_table

Tensor = Any
_IS_MOVED = [which == 1 for which in range(MATCHES + len(BARS))]
"""Candidates that suggest an interval, not a pitch."""


class Remembered(NamedTuple):
    """The memory after an event, float32 [voices, 6, PAST], and what it suggests."""

    memory: Tensor
    suggested: Suggested


def remember(event: Tensor, memory: Tensor, clock: Tensor, ticks_per_bar: Tensor) -> Remembered:
    """Add an event to the memory, and look back.

    Args:
        event: int32 [voices, 4], classes of the previous event.
        memory: float32 [voices, 6, PAST], that before the event.
        clock: float32 [voices, 3], ticks of its onset since the beginning of the piece, bars, and the pitch before it.
        ticks_per_bar: int32 [voices].

    """
    told = tf.concat([tf.cast(event, tf.float32), clock, tf.cast(ticks_per_bar, tf.float32)[:, None]], 1)
    weights, constants = _sums()
    sizes = [EVENT_ROWS, len(BARS), 1 + 2 * len(BARS)]
    added, then, since = tf.split(tf.matmul(told, weights) + constants, sizes, 1)
    same = memory[:, :2] == added[:, :2, None]
    agree = tf.where(same, memory[:, EVENT_ROWS:] + 1.0, 0.0)
    memory = tf.concat([tf.concat([added[..., None], memory[:, :EVENT_ROWS, :-1]], 2), agree], 1)
    lags = tf.concat([tf.argmax(agree, axis=-1, output_type=tf.int64), _bars_ago(memory[:, 3:4], since)], 1)
    picked = tf.matmul(memory, tf.one_hot(lags, PAST), transpose_b=True)
    times = tf.cast(
        tf.reduce_sum(tf.cast(tf.gather(agree, 0, axis=1) >= float(SAME_PASSAGE), tf.float32), -1), tf.int32
    )
    return Remembered(memory, _suggested(picked, then, event[:, 1:2], times))


def _sums() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is linear in an event (4 classes), the clock (3) and the ticks of a bar: weights and constants of the sums.

    These are the event as it is kept, the ticks so many bars ago, and the ticks from which on events are counted: from
    there on, after it, and at the onset.
    """
    delta, pitch, duration, _, elapsed, _, before, bar = np.eye(8)
    time = PITCH_CODES * delta
    ago = [elapsed - bars * bar for bars in BARS]
    columns = [time + pitch, time + pitch - before, duration, elapsed, *ago, *ago, *ago, elapsed]
    constants = np.zeros(len(columns))
    constants[1] = INTERVAL_ZERO
    constants[EVENT_ROWS + 2 * len(BARS) : -1] = 0.5  # after it, the half tick in which the start stands left out
    return np.stack(columns, 1).astype(np.float32), constants.astype(np.float32)


def _bars_ago(onsets: Tensor, since: Tensor) -> Tensor:
    """Find the counterpart of the next event in each of BARS: how many events back it is, int64 [voices, BARS]."""
    counts = tf.reduce_sum(tf.cast(onsets >= since[..., None], tf.float32), -1)
    at_or_after, after, so_far = tf.split(counts, [len(BARS), len(BARS), 1], -1)
    return tf.cast(at_or_after - 1.0 - tf.minimum(so_far, at_or_after - after), tf.int64)


def _suggested(picked: Tensor, then: Tensor, pitch: Tensor, times: Tensor) -> Suggested:
    """Read the suggestions out of the events picked, [voices, 6, CANDIDATES]."""
    whole = tf.cast(picked, tf.int32)
    code, moved, duration = (tf.gather(whole, row, axis=1) for row in range(3))
    reached = (moved + (pitch - INTERVAL_ZERO)) % PITCH_CODES  # below 0 becomes a pitch that there is none of
    ticks = tf.gather(picked, 3, axis=1)[:, MATCHES:] - then
    rung = tf.gather(
        tf.constant(ladder_table(), tf.int32), tf.cast(tf.clip_by_value(ticks, 0.0, float(LADDER[-1])), tf.int32)
    )
    return Suggested(
        tf.concat([code[:, :MATCHES] // PITCH_CODES, tf.where(then >= 0.0, rung, NO_DELTA)], 1),
        tf.where(tf.constant(_IS_MOVED), reached, code % PITCH_CODES),
        duration,
        tf.reshape(whole[:, EVENT_ROWS:], (-1, 2 * (MATCHES + len(BARS)))),
        times,
    )
