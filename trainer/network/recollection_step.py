"""The memory of a piece as the exported graph carries it: what `trainer.pieces.recollection` finds, one note at a time.

State for each voice, newest event first: the last PAST events (rows 0 to 3: time and pitch, time and interval,
duration and velocity, onset) and for how many events the music has agreed with each lag (rows 4 and 5, by pitches and
by intervals). A lag stays the same lag when a note is added, so that the lengths need not move: each grows by one or
falls to 0. The start of a piece is kept as an event too, half a tick before the first bar line; where nothing is
remembered from, it is found, and suggests nothing.

One node of the exported graph costs a microsecond, whatever it does: so the whole numbers are kept in 32-bit floats,
which hold them exactly, until all of them are cast together; and all that is linear in them is two products, one before
and one after the look into the memory.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from runtime.music.event_encoding import LADDER
from runtime.music.piece_memory import EVENT_ROWS, MATCH_ROWS, MEMORY_ROWS
from trainer.network.past_view import Suggested
from trainer.pieces.recollection import (
    BARS,
    CANDIDATES,
    INTERVAL_ZERO,
    LONGEST,
    LOUDNESS_CODES,
    MATCHES,
    NO_DELTA,
    PITCH_CODES,
    SAME_PASSAGE,
    ladder_table,
)

Tensor = Any
Floats = NDArray[np.float32]
_CODES = 2
"""Rows of the memory by which events are compared: they come first, as many as there are rows of lengths."""
_ONSET = 3
"""Row of the memory that holds the onsets."""
_MOVED = 1
"""The candidate that suggests an interval, not a pitch."""
_TOLD = 8
"""Numbers that a step is told: an event (4 classes), the clock (3) and the ticks of a bar."""


class Remembered(NamedTuple):
    """The memory after an event, and what it tells.

    Attributes:
        memory: float32 [voices, 6, PAST].
        suggested: What follows, all of it int64.
        bar: int64 [voices], bars since the beginning of the piece.
        rounds: float32 [voices, 1], how far the longest match by pitches reaches up to its own beginning: its events
            and one more, over those that lie between it and the present. 1 or more says that a figure goes round; of
            a single note sooner than of a phrase.

    """

    memory: Tensor
    suggested: Suggested
    bar: Tensor
    rounds: Tensor


def remember(event: Tensor, memory: Tensor, clock: Tensor, ticks_per_bar: Tensor) -> Remembered:
    """Add an event to the memory, and look back.

    Args:
        event: int32 [voices, 4], classes of the previous event.
        memory: float32 [voices, 6, PAST], that before the event.
        clock: float32 [voices, 3], ticks of its onset since the beginning of the piece, bars, and the pitch before it.
        ticks_per_bar: int32 [voices].

    """
    bar_ticks = tf.expand_dims(tf.cast(ticks_per_bar, tf.float32), 1)
    told = tf.concat([tf.cast(event, tf.float32), clock, bar_ticks], 1)
    weights, constants = _sums()
    sums = tf.reshape(tf.matmul(told, weights) + constants, (-1, len(constants), 1))
    added, codes, since = tf.split(sums, [EVENT_ROWS, _CODES, 1 + 2 * len(BARS)], 1)
    agree = tf.where(memory[:, :_CODES] == codes, memory[:, EVENT_ROWS:] + 1.0, 0.0)
    events = tf.concat([added, memory[:, :EVENT_ROWS, :-1]], 2)
    memory = tf.concat([events, agree], 1)
    bars_ago = _bars_ago(events[:, _ONSET : _ONSET + 1], since)
    longest = tf.argmax(agree, axis=-1, output_type=tf.int64)
    lags = tf.concat([longest, bars_ago], 1)
    picked = tf.gather(tf.transpose(memory, (0, 2, 1)), lags, batch_dims=1)
    passages = tf.reduce_sum(tf.cast(agree >= float(SAME_PASSAGE), tf.float32), -1)
    rounds = (picked[:, 0, EVENT_ROWS : EVENT_ROWS + 1] + 1.0) / (tf.cast(longest[:, :1], tf.float32) + 1.0)
    return _read(memory, tf.concat([tf.reshape(picked, (-1, CANDIDATES * MEMORY_ROWS)), passages, told], 1), rounds)


def _sums() -> tuple[Floats, Floats]:
    """What is linear in what is told before the memory is looked into: weights and constants of the sums.

    These are the event as it is kept, its codes once more, and the ticks from which on events are counted: from so many
    bars ago on, after that, and at the onset.
    """
    delta, pitch, duration, velocity, elapsed, _, before, bar = np.eye(_TOLD)
    time = PITCH_CODES * delta
    codes = [time + pitch, time + pitch - before]
    ago = [elapsed - bars * bar for bars in BARS]
    columns = [*codes, LOUDNESS_CODES * velocity + duration, elapsed, *codes, *ago, *ago, elapsed]
    constants = np.zeros(len(columns))
    constants[[1, EVENT_ROWS + 1]] = INTERVAL_ZERO
    constants[-1 - len(BARS) : -1] = 0.5  # after it, the half tick in which the start stands left out
    return np.stack(columns, 1).astype(np.float32), constants.astype(np.float32)


def _bars_ago(onsets: Tensor, since: Tensor) -> Tensor:
    """Find the counterpart of the next event in each of BARS: how many events back it is, int64 [voices, BARS]."""
    counts = tf.reduce_sum(tf.cast(onsets >= since, tf.float32), -1)
    at_or_after, after, so_far = tf.split(counts, [len(BARS), len(BARS), 1], -1)
    return tf.cast(tf.maximum(at_or_after - so_far, after) - 1.0, tf.int64)


def _read(memory: Tensor, found: Tensor, rounds: Tensor) -> Remembered:
    """Read the suggestions out of what was found: the events picked, how often the passage has come, what was told."""
    kinds = _readings()
    sizes = [len(kind.weights) for kind in kinds]
    weights, constants, most = (np.concatenate(parts) for parts in zip(*kinds, strict=True))
    numbers = tf.cast(tf.minimum(tf.matmul(found, weights.T) + constants, most), tf.int64)
    code, time, ticks, then, loudness, agree, _, _ = tf.split(numbers, sizes, 1)
    rung = tf.gather(tf.constant(ladder_table(), tf.int64), ticks)
    delta = tf.concat([time // PITCH_CODES, tf.where(then >= 0, rung, NO_DELTA)], 1)
    pitch = code % PITCH_CODES  # below 0 it becomes a pitch that there is none of
    times, bar = (tf.gather(numbers, sum(sizes[:-2]) + last, axis=1) for last in range(2))
    duration, velocity = loudness % LOUDNESS_CODES, loudness // LOUDNESS_CODES
    return Remembered(memory, Suggested(delta, pitch, duration, velocity, agree, times), bar, rounds)


class _Kind(NamedTuple):
    """Numbers of one kind that are linear in what was found.

    Attributes:
        weights: [numbers, found].
        constants: [numbers], added to the products.
        most: [numbers], upper limits.

    """

    weights: Floats
    constants: Floats
    most: Floats


def _readings() -> Sequence[_Kind]:
    """What is linear in what was found, by kind.

    The kinds are a code of time and pitch for each candidate, one of the time for each match, the ticks to the note
    and those at which the bars began for each of BARS, the candidates' durations and velocities, for how many
    events the music has agreed with them, how often the passage has come, and the bars since the beginning.
    """
    picks = CANDIDATES * MEMORY_ROWS
    found = np.eye(picks + MATCH_ROWS + _TOLD)
    picked = found[:picks].reshape(CANDIDATES, MEMORY_ROWS, -1)
    passages, (_, pitch, _, _, elapsed, bar_count, _, bar) = found[picks], found[-_TOLD:]
    then = np.stack([elapsed - bars * bar for bars in BARS])
    is_moved = np.arange(CANDIDATES) == _MOVED

    def kind(weights: NDArray[Any], constants: Any = 0.0, most: float = np.inf) -> _Kind:
        added = np.broadcast_to(constants, len(weights))
        return _Kind(*(one.astype(np.float32) for one in (weights, added, np.full(len(weights), most))))

    return [
        kind(np.where(is_moved[:, None], picked[:, 1] + pitch, picked[:, 0]), -INTERVAL_ZERO * is_moved),
        kind(picked[:MATCHES, 0]),
        kind(picked[MATCHES:, _ONSET] - then, most=LADDER[-1]),
        kind(then),
        kind(picked[:, 2]),
        kind(np.concatenate([picked[:, EVENT_ROWS + row] for row in range(MATCH_ROWS)]), most=LONGEST),
        kind(passages[None], most=LONGEST),
        kind(bar_count[None]),
    ]
