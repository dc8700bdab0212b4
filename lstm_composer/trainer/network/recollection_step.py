"""The memory of a piece as the exported graph carries it: what `trainer.pieces.recollection` finds, one note at a time.

State for each voice, newest event first: the last PAST events (rows 0 to 3: time and pitch, time and interval,
duration and velocity, onset) and for how many events the music has agreed with each lag (rows 4 and 5, by pitches and
by intervals). A lag stays the same lag when a note is added, so that the lengths need not move: each grows by one or
falls to 0. The start of a piece is kept as an event too, half a tick before the first bar line; where nothing is
remembered from, it is found, and suggests nothing.

One node of the exported graph costs a microsecond, whatever it does: so the whole numbers are kept in 32-bit floats,
which hold them exactly, until all of them are cast together; and all that is linear in them is three products, one
before and one after the look into the memory, and one that counts. What is looked up by a number is a row of one table.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lstm_composer.runtime.music.event_encoding import DURATION_CLASSES, LADDER, PITCHES, VELOCITY_BINS
from lstm_composer.runtime.music.piece_memory import EVENT_ROWS, MATCH_ROWS, MEMORY_ROWS
from lstm_composer.trainer.network.past_view import BAR_CYCLE, Suggested
from lstm_composer.trainer.network.step_tables import ROWS, RUNGS, TIMES
from lstm_composer.trainer.network.stream_network import POSITIONS
from lstm_composer.trainer.pieces.recollection import (
    BARS,
    CANDIDATES,
    INTERVAL_ZERO,
    LONGEST,
    LOUDNESS_CODES,
    MATCHES,
    PITCH_CODES,
    SAME_PASSAGE,
)

Tensor = Any
Floats = NDArray[np.float32]
_CODES = 2
"""Rows of the memory by which events are compared: they come first, as many as there are rows of lengths."""
_ONSET = 3
"""Row of the memory that holds the onsets."""
_MOVED = 1
"""The candidate that suggests an interval, not a pitch."""
_TOLD = ("delta", "pitch", "duration", "velocity", "meter", "position", "key", "bar", "elapsed", "bars", "before")
"""Numbers that a step is told: the event, where it stands, the ticks of a bar, and the clock."""
_ANY = 1e9
"""More than any number that a limit is meant for."""
_NO_MODULUS = 2**31 - 1
_STEEP = 1000
"""Times this, half a tick or an event is more than any class of a time or a length."""


class Remembered(NamedTuple):
    """The memory after an event, and what it tells.

    Attributes:
        memory: float32 [voices, 6, PAST].
        suggested: What follows, all of it int64. A candidate without a pitch has no duration and velocity of its own:
            the last classes stand for them, so that all are classes of notes.
        rows: int64 [voices, sum of `looked_up_sizes`], rows of `trainer.network.step_tables` that the step looks up.
        rounds: float32 [voices, 1], how far the longest match by pitches reaches up to its own beginning: its events
            and one more, over those that lie between it and the present. 1 or more says that a figure goes round; of
            a single note sooner than of a phrase.

    """

    memory: Tensor
    suggested: Suggested
    rows: Tensor
    rounds: Tensor


def remember(inputs: dict[str, Tensor]) -> Remembered:
    """Add an event to the memory, and look back.

    Args:
        inputs: `event`, classes of the previous event, `meter`, `position`, `key`, `ticks_per_bar`, `clock` and
            `memory`, that before the event; types and shapes as in `runtime.bundle.tensors.expected_tensors`.

    """
    told, memory = _tell(inputs), inputs["memory"]
    weights, constants = _sums()
    sums = tf.reshape(tf.matmul(told, weights) + constants, (-1, len(constants), 1))
    added, codes, since = tf.split(sums, [EVENT_ROWS, _CODES, 1 + 2 * len(BARS)], 1)
    codes_before, _, agreed = tf.split(memory, [_CODES, EVENT_ROWS - _CODES, MATCH_ROWS], 1)
    agree = tf.where(codes_before == codes, agreed + 1.0, 0.0)
    events = tf.concat([added, memory[:, :EVENT_ROWS, :-1]], 2)
    memory = tf.concat([events, agree], 1)
    longest = tf.argmax(agree, axis=-1, output_type=tf.int64)
    lags = tf.concat([longest, _bars_ago(events[:, _ONSET : _ONSET + 1], since)], 1)
    picked = tf.gather(tf.transpose(memory, (0, 2, 1)), lags, batch_dims=1)
    passages = tf.reduce_sum(tf.cast(agree >= float(SAME_PASSAGE), tf.float32), -1)
    picked = tf.reshape(picked, (-1, CANDIDATES * MEMORY_ROWS))
    return _read(memory, tf.concat([picked, passages, tf.cast(longest, tf.float32), told], 1))


def _tell(inputs: dict[str, Tensor]) -> Tensor:
    """What a step is told, float32 [voices, numbers]."""
    columns = [tf.expand_dims(inputs[name], 1) for name in ("meter", "position", "key", "ticks_per_bar")]
    return tf.concat([tf.cast(tf.concat([inputs["event"], *columns], 1), tf.float32), inputs["clock"]], 1)


def _sums() -> tuple[Floats, Floats]:
    """What is linear in what is told before the memory is looked into: weights and constants of the sums.

    These are the event as it is kept, its codes once more, and the ticks from which on events are counted: from so many
    bars ago on, after that, and at the onset.
    """
    told = dict(zip(_TOLD, np.eye(len(_TOLD)), strict=True))
    time = PITCH_CODES * told["delta"]
    codes = [time + told["pitch"], time + told["pitch"] - told["before"]]
    loudness, elapsed = LOUDNESS_CODES * told["velocity"] + told["duration"], told["elapsed"]
    ago = [elapsed - bars * told["bar"] for bars in BARS]
    columns = [*codes, loudness, elapsed, *codes, *ago, *ago, elapsed]
    constants = np.zeros(len(columns))
    constants[[1, EVENT_ROWS + 1]] = INTERVAL_ZERO
    constants[-1 - len(BARS) : -1] = 0.5  # after it, the half tick in which the start stands left out
    return np.stack(columns, 1).astype(np.float32), constants.astype(np.float32)


def _bars_ago(onsets: Tensor, since: Tensor) -> Tensor:
    """Find the counterpart of the next event in each of BARS: how many events back it is, int64 [voices, BARS].

    Where as many have been struck now as were struck then, it is the first one after them.
    """
    counts = tf.reduce_sum(tf.cast(onsets >= since, tf.float32), -1)
    at_or_after, after, so_far = np.split(np.eye(1 + 2 * len(BARS)), [len(BARS), 2 * len(BARS)])
    either = np.concatenate([at_or_after - so_far, after]).T.astype(np.float32)
    behind = tf.split(tf.matmul(counts, either) - np.ones(2 * len(BARS), np.float32), 2, 1)
    return tf.cast(tf.maximum(*behind), tf.int64)


def _read(memory: Tensor, found: Tensor) -> Remembered:
    """Read the suggestions out of what was found: the events picked, how often the passage has come, what was told."""
    kinds = _readings()
    weights, limits, most, least, divisor, modulus = (np.concatenate(parts) for parts in zip(*kinds, strict=True))
    count = len(most)
    linear = np.concatenate([weights, limits, _rounds()]).astype(np.float32)
    sums = tf.matmul(found, linear[:, :-1].T) + linear[:, -1]
    numbers, limit, reached, lag = tf.split(sums, [count, count, 1, 1], 1)
    bounded = tf.maximum(tf.minimum(tf.minimum(numbers, limit), most.astype(np.float32)), least.astype(np.float32))
    classes = tf.cast(bounded, tf.int64) // divisor.astype(np.int64) % modulus.astype(np.int64)
    sizes = [len(kind.most) for kind in kinds]
    time, pitch, duration, velocity, agree, times, rows = tf.split(
        classes, [sum(sizes[:2]), *sizes[2:7], sum(sizes[7:])], 1
    )
    delta = tf.gather(tf.constant(TIMES), time)
    return Remembered(
        memory, Suggested(delta, pitch, duration, velocity, agree, tf.squeeze(times, 1)), rows, reached / lag
    )


class _Found(NamedTuple):
    """What numbers are read out of, each as the row of weights [found + 1] that picks it; the last stands for 1."""

    picked: NDArray[Any]
    passages: NDArray[Any]
    lags: NDArray[Any]
    told: dict[str, NDArray[Any]]
    one: NDArray[Any]


@cache
def _found() -> _Found:
    picks = CANDIDATES * MEMORY_ROWS
    sizes = np.cumsum([picks, MATCH_ROWS, MATCHES, len(_TOLD)])
    picked, passages, lags, told, one = np.split(np.eye(sizes[-1] + 1), sizes)
    by_candidate = picked.reshape(CANDIDATES, MEMORY_ROWS, -1)
    return _Found(by_candidate, passages, lags, dict(zip(_TOLD, told, strict=True)), one[0])


class _Kind(NamedTuple):
    """Numbers of one kind: linear in what was found, held to a limit, divided, and what is left by a modulus.

    Attributes:
        weights: [numbers, found + 1].
        limits: [numbers, found + 1], a limit above that is linear as well.
        most: [numbers], limit above.
        least: [numbers], limit below.
        divisor: [numbers].
        modulus: [numbers].

    """

    weights: NDArray[Any]
    limits: NDArray[Any]
    most: NDArray[Any]
    least: NDArray[Any]
    divisor: NDArray[Any]
    modulus: NDArray[Any]


def _kind(
    weights: NDArray[Any],
    limits: NDArray[Any] | None = None,
    *,
    most: float = _ANY,
    least: float = -_ANY,
    divisor: int = 1,
    modulus: int = _NO_MODULUS,
) -> _Kind:
    limits = np.broadcast_to(_ANY * _found().one if limits is None else limits, weights.shape)
    return _Kind(weights, limits, *(np.full(len(weights), value) for value in (most, least, divisor, modulus)))


def _rows(name: str, kind: _Kind) -> _Kind:
    """The rows of a table in which the entries lie that numbers of a kind ask for."""
    start, width = ROWS[name]
    at, count = np.tile(start + np.arange(width), len(kind.most)), width
    weights, limits, most, least, divisor, modulus = (np.repeat(part, count, axis=0) for part in kind)
    shift = (divisor * at)[:, None] * _found().one
    return _Kind(
        width * weights + shift, width * limits + shift, width * most + divisor * at, width * least + divisor * at,
        divisor, modulus,
    )  # fmt: skip


def _readings() -> list[_Kind]:
    """What is linear in what was found, by kind.

    First come the places in TIMES of what the matches and BARS suggest (0 where the piece had not begun), pitches,
    durations and velocities of the candidates, for how many events the music has agreed with them, and how often the
    passage has come. Then the rows of tables that the step looks up, in the order of `looked_up_sizes`.
    """
    picked, passages, lags, told, one = _found()
    moved = picked[_MOVED, 1] + told["pitch"] - INTERVAL_ZERO * one
    codes = np.concatenate([picked[:_MOVED, 0], [moved], picked[_MOVED + 1 :, 0]])
    then = np.stack([told["elapsed"] - bars * told["bar"] for bars in BARS])
    matched = _kind(picked[:MATCHES, 0], divisor=PITCH_CODES)
    ticks = LADDER[-1] + 1
    due_in = _kind(picked[MATCHES:, _ONSET] - then + one, _STEEP * then + ticks * one, most=ticks, least=0)
    agree = np.concatenate([picked[:, EVENT_ROWS + row] for row in range(MATCH_ROWS)])
    counted = _kind(passages[:1], most=LONGEST)
    place = (PITCHES + 1) * told["key"] + told["pitch"]
    # A match that reaches up to its own beginning counts as none: see `trainer.network.sampling_step`.
    returning = _kind(agree[:1], _STEEP * (lags[:1] - agree[:1]), most=LONGEST, least=0)

    def told_of(*names: str, most: float = _ANY, modulus: int = _NO_MODULUS) -> _Kind:
        return _kind(np.stack([told[name] for name in names]), most=most, modulus=modulus)

    loudest = LOUDNESS_CODES * VELOCITY_BINS - LOUDNESS_CODES + DURATION_CLASSES - 1
    loudness = _kind(picked[:, 2], most=loudest, least=0)
    return [
        matched._replace(weights=matched.weights + PITCH_CODES * len(RUNGS) * one),
        due_in,
        _kind(codes, modulus=PITCH_CODES),  # below 0 it becomes a pitch that there is none of
        loudness._replace(modulus=np.full(CANDIDATES, LOUDNESS_CODES)),
        loudness._replace(divisor=np.full(CANDIDATES, LOUDNESS_CODES)),
        _kind(agree, most=LONGEST),
        counted,
        *(_rows("length", _kind(agree, most=LONGEST)), _rows("due", matched), _rows("due_in", due_in)),
        _rows("cycle", told_of("bars", modulus=BAR_CYCLE)),
        *(_rows("age", told_of("bars", most=LONGEST)), _rows("times", counted), _rows("harmony", _kind(place[None]))),
        *(_rows(name, told_of(name)) for name in ("delta", "pitch", "duration")),
        *(_rows("position", told_of("position", most=POSITIONS - 1)), _rows("meter", told_of("meter"))),
        _rows("velocity", told_of("velocity")),
        _rows("wishes", returning),
    ]


def _rounds() -> NDArray[Any]:
    """The events of the longest match by pitches and one more, and those that lie between it and the present."""
    found = _found()
    return np.stack([found.picked[0, EVENT_ROWS] + found.one, found.lags[0] + found.one])


def looked_up_sizes() -> list[int]:
    """How many rows are of the past's view, of the event before and its place, of its velocity, and of wishes."""
    widths = {name: rows.width for name, rows in ROWS.items()}
    view = 2 * CANDIDATES + CANDIDATES + sum(widths[name] for name in ("cycle", "age", "times", "harmony"))
    event = sum(widths[name] for name in ("delta", "pitch", "duration", "position", "meter"))
    return [view, event, widths["velocity"], widths["wishes"]]
