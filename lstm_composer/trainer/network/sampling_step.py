"""One note per voice, with the sampling inside: what the exported graph runs, and what makes a checkpoint's excerpts.

For each voice the step picks delta, then pitch given delta, then duration, then velocity, so that no Python runs
between the heads. A class is picked by the Gumbel-max trick (Gumbel 1954; Maddison et al. 2014): the largest of
logits / temperature + noise, the noise an input, so that a seed gives the same music again and noise 0 the likeliest
note.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops

from lstm_composer.runtime.bundle.tensors import TensorCard, expected_tensors
from lstm_composer.runtime.music.event_encoding import HEADS, LADDER, SILENT, STEERED
from lstm_composer.runtime.music.piece_memory import RECALLS
from lstm_composer.trainer.network.layers import places
from lstm_composer.trainer.network.past_view import Past
from lstm_composer.trainer.network.recollection_step import looked_up_sizes, remember
from lstm_composer.trainer.network.step_tables import ROW, step_table
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.pieces.recollection import BARS, CANDIDATES, MATCHES

Tensor = Any
MASKED_LOGIT = -1e9
"""Stands for minus infinity where a later sum or product must stay a number."""
SMALLEST_MIN_P = 1e-30
RETURNING_BARS = (4, 8, 16)
"""How many bars ago music stood that the player can wish to return."""


def gumbel_max(biased: Tensor, scaled_noise: Tensor, min_p_threshold: Tensor) -> Tensor:
    """Choose a class per voice, in as few operations as it takes: they are most of the cost of a note.

    The largest of logits / T + noise is the largest of logits + T * noise, which needs no case for T = 0.

    Args:
        biased: [voices, classes], logits with what steers the choice added to them.
        scaled_noise: [voices, classes], Gumbel noise times the temperature.
        min_p_threshold: [voices, 1], log of min-p times the temperature: classes less likely than that share of the
            likeliest are left out (Nguyen et al. 2024).

    Returns:
        The class, int64 [voices] (what ONNX looks up by).

    """
    left_out = biased < ops.max(biased, axis=-1, keepdims=True) + min_p_threshold
    # Not ops.argmax: Keras orders -0.0 and 0.0 with a bit cast that ONNX cannot express.
    return tf.argmax(tf.where(left_out, MASKED_LOGIT, biased) + scaled_noise, axis=-1, output_type=tf.int64)


def log_probabilities(logits: list[Tensor], classes: Tensor) -> Tensor:
    """Log-probabilities in nats, float32 [voices, heads], of classes, int64 [voices, heads], by each head's logits."""
    # All heads side by side, so that one look-up serves them.
    starts = np.cumsum([0, *(one.shape[-1] for one in logits[:-1])])
    every = tf.concat([tf.nn.log_softmax(one) for one in logits], 1)
    return tf.gather(every, classes + starts, batch_dims=1)


def step_function(network: StreamNetwork) -> tuple[Callable[..., dict[str, Tensor]], list[tf.TensorSpec]]:
    """Compile the step for any number of voices: a function of tensors in the bundle's order, and their signature.

    It uses the weights that the network holds at the time of each call. It is traced once, by its signature. AutoGraph
    has nothing to convert here, since no Python decides by a tensor, and takes longer over that than the tracing does.
    """
    config = network.config
    inputs, _ = expected_tensors(config.layers, config.units, config.styles, config.memory)
    signature = [_spec(card) for card in inputs]

    def step(*tensors: Tensor) -> dict[str, Tensor]:
        return next_event(network, {card.name: tensor for card, tensor in zip(inputs, tensors, strict=True)})

    return tf.function(step, input_signature=signature, autograph=False), signature


def _spec(card: TensorCard) -> tf.TensorSpec:
    shape = [size if isinstance(size, int) else None for size in card.shape]
    return tf.TensorSpec(shape, tf.dtypes.as_dtype(card.dtype), name=card.name)


def next_event(network: StreamNetwork, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Run one step; names, types and shapes as in `runtime.bundle.tensors.expected_tensors`."""
    chosen: dict[str, Tensor] = {}
    logits: dict[str, Tensor] = {}
    temperature = _per_head(inputs["temperature"])
    floor = _per_head(inputs["temperature"] * ops.log(ops.maximum(inputs["min_p"], SMALLEST_MIN_P)))

    def choose(head: str, of_head: Tensor) -> Tensor:
        logits[head] = of_head
        biased = of_head + inputs[f"{head}_bias"] if head in STEERED else of_head
        chosen[head] = gumbel_max(biased, inputs[f"noise_{head}"] * temperature[head], floor[head])
        return chosen[head]

    event = [tf.gather(inputs["event"], column, axis=1) for column in range(len(HEADS))]
    remaining = inputs["remaining"]
    looked_up, past, remembered = _look_back(network, event, inputs)
    told, state = _recur(network, looked_up.event, inputs, past)
    delta = choose("delta", network.delta_logits(told, remaining, past))
    ticks = _ladder_ticks(tf.expand_dims(delta, 1))
    bar = tf.expand_dims(inputs["ticks_per_bar"], 1)
    reached = tf.expand_dims(inputs["position"], 1) + ticks
    position = tf.squeeze(reached % bar, 1)
    if past is not None:
        remembered["next_clock"] = _later(inputs["clock"], ticks, reached // bar, tf.expand_dims(event[1], 1))
    onset = network.onset(remaining, delta, position, past)
    pitch = choose("pitch", network.pitch_logits(told, event[1], onset, past))
    near = onset.gather_pitch(pitch)
    duration = choose("duration", network.duration_logits(told, onset, pitch, near, past))
    choose("velocity", network.velocity_logits(told, looked_up.velocity, onset, (pitch, duration), near, past))
    classes = tf.stack([chosen[head] for head in HEADS], 1)
    return {
        "next_event": tf.cast(classes, tf.int32),
        "log_probability": log_probabilities([logits[head] for head in HEADS], classes),
        "next_position": position,
        "next_h": ops.stack([h for h, _ in state]),
        "next_c": ops.stack([c for _, c in state]),
        "next_remaining": _struck(onset.sounding, pitch, duration),
        **remembered,
    }


class _LookedUp(NamedTuple):
    """What a step looks up before it chooses: embeddings of the event before and its place, and of its velocity."""

    event: Tensor
    velocity: Tensor


def _look_back(
    network: StreamNetwork, event: list[Tensor], inputs: dict[str, Tensor]
) -> tuple[_LookedUp, Past | None, dict[str, Tensor]]:
    """What is looked up, what the piece's own past says, and the memory after the previous event.

    The last two are None and nothing for networks without a memory.
    """
    if network.memory is None:
        looked_up = network.look_up_event(event, inputs["position"], inputs["meter"])
        return _LookedUp(looked_up, network.velocity_table(event[3])), None, {}
    remembered = remember(inputs)
    suggested = remembered.suggested
    sizes = [ROW * rows for rows in looked_up_sizes()]
    every = tf.reshape(tf.gather(step_table(network, network.memory), remembered.rows), (-1, sum(sizes)))
    view, looked_up, velocity, wishes, _ = tf.split(every, [*sizes[:3], RECALLS - 1, ROW - RECALLS + 1], 1)
    past = Past(
        suggested.delta, suggested.pitch, suggested.duration, suggested.velocity, network.memory.joined(view),
        inputs["key"], _urge(wishes, remembered.rounds, inputs["recall"]),
    )  # fmt: skip
    return _LookedUp(looked_up, velocity), past, {"next_memory": remembered.memory}


def _later(clock: Tensor, delta: Tensor, bars: Tensor, pitch: Tensor) -> Tensor:
    """The clock at the next onset; the start of a piece, half a tick early, counts as its first bar line.

    All but the clock are [voices, 1].
    """
    passed = tf.cast(tf.concat([delta, bars, pitch], 1), tf.float32)
    return tf.maximum(clock, 0.0) * tf.constant([1.0, 1.0, 0.0]) + passed


def _urge(wishes: Tensor, rounds: Tensor, recall: Tensor) -> Tensor:
    """Nats [voices, CANDIDATES] by which the past is favoured: what goes on with a return, what begins one.

    What has gone round and round is favoured less: a network that plays to itself is the surer of a figure the more
    often it has played it, and would stand still with it. A match that reaches up to its own beginning, a note or
    figure that goes round, is no return: the wishes for going on with returns do not hold for it.
    """
    tired = tf.math.log(tf.maximum(rounds, 1.0))
    favours = np.zeros((RECALLS, CANDIDATES), np.float32)
    favours[:-2, 0] = 1.0
    favours[-2, MATCHES:] = np.isin(BARS, RETURNING_BARS)
    favours[-1, 0] = -1 / np.log(2)
    return tf.matmul(recall * tf.concat([wishes, tired], 1), favours)


def _per_head(values: Tensor) -> dict[str, Tensor]:
    """Columns of [voices, 4] by head, each [voices, 1]."""
    return dict(zip(HEADS, tf.split(values, len(HEADS), axis=-1), strict=True))


def _recur(
    network: StreamNetwork, looked_up: Tensor, inputs: dict[str, Tensor], past: Past | None
) -> tuple[list[Tensor], list[tuple[Tensor, Tensor]]]:
    """Carry the state one step on: what the heads are told, each [voices, ...], and the state of every layer."""
    features = network.encode(looked_up, inputs["remaining"], inputs["style"], past)
    state = [(inputs["h"][layer], inputs["c"][layer]) for layer in range(network.config.layers)]
    _, state = network.run_lstm(ops.expand_dims(features, 1), state)
    return network.told(state[-1][0], inputs["style"], past), state


def _ladder_ticks(ladder_class: Tensor) -> Tensor:
    """Ticks of delta or duration classes; 0 for the classes that are no length."""
    return tf.gather(tf.constant([*LADDER, 0, 0], tf.int32), ladder_class)


def _struck(sounding: Tensor, pitch: Tensor, duration: Tensor) -> Tensor:
    """Remaining ticks per pitch once the note has started, int32 [voices, 128]."""
    # The chosen pitch does not sound, so the larger of the two is the new note (or, for one struck again, the longer).
    ticks = _ladder_ticks(tf.expand_dims(duration, 1))
    struck = tf.tensor_scatter_nd_max(sounding, places(tf.expand_dims(pitch, 1)), ticks)
    return tf.maximum(struck, SILENT)
