"""The event graph: one note per run, with the sampling inside.

For each voice the graph picks delta, then pitch given delta, then duration, then velocity, so that no Python runs
between the heads. A class is picked by the Gumbel-max trick (Gumbel 1954; Maddison et al. 2014): the largest of
logits / temperature + noise, the noise an input, so that a seed gives the same music again and noise 0 the likeliest
note.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from keras import ops

from runtime.bundle import TensorCard, expected_tensors
from runtime.encoding import DELTA_CLASSES, DELTA_END, HEADS, LADDER, PITCHES, SILENT
from trainer.network import StreamNetwork, after

Tensor = Any
COLDEST = 1e-4
"""The lowest temperature that divides; below it a choice is the likeliest class, whatever the noise."""
MUTED = -1e9
"""Stands for minus infinity where a later sum or product must stay a number."""
SMALLEST_MIN_P = 1e-30


def pick(logits: Tensor, biased: Tensor, sharpness: Tensor, wobble: Tensor, floor: Tensor) -> tuple[Tensor, Tensor]:
    """Choose a class per voice, in as few operations as it takes: they are most of the cost of a note.

    Args:
        logits: [voices, classes] of the network.
        biased: [voices, classes], the logits with what steers the choice added to them.
        sharpness: [voices, 1], one over the temperature.
        wobble: [voices, classes], Gumbel noise, or 0 for the likeliest class.
        floor: [voices, 1], log of min-p: classes less likely than that share of the likeliest are left out (Nguyen et
            al. 2024).

    Returns:
        The class, int64 [voices] (what ONNX looks up by), and its log-probability in nats under the network itself,
        float32 [voices, 1].

    """
    tempered = biased * sharpness
    lowest = ops.max(tempered, axis=-1, keepdims=True) + floor
    left_out = ops.cast(tempered < lowest, "float32")
    # Not ops.argmax: Keras orders -0.0 and 0.0 with a bit cast that ONNX cannot express.
    chosen = tf.argmax(tempered + wobble + MUTED * left_out, axis=-1, output_type=tf.int64)
    one_hot = tf.one_hot(chosen, logits.shape[-1])
    return chosen, ops.sum(ops.log_softmax(logits, axis=-1) * one_hot, axis=-1, keepdims=True)


def next_event(network: StreamNetwork, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Run one step of the event graph; names, types and shapes as in `runtime.bundle.expected_tensors`."""
    chosen: dict[str, Tensor] = {}
    log_probability: dict[str, Tensor] = {}
    sharpness = _per_head(1.0 / ops.maximum(inputs["temperature"], COLDEST))
    warm = _per_head(ops.cast(inputs["temperature"] > COLDEST, "float32"))
    floor = ops.log(ops.maximum(inputs["min_p"], SMALLEST_MIN_P))

    def choose(head: str, logits: Tensor, bias: Tensor = None) -> Tensor:
        wobble = inputs[f"noise_{head}"] * warm[head]
        biased = logits if bias is None else ops.maximum(logits + bias, MUTED)
        chosen[head], log_probability[head] = pick(logits, biased, sharpness[head], wobble, floor)
        return chosen[head]

    event, remaining = inputs["event"], inputs["remaining"]
    hidden, state = _recur(network, inputs)
    delta = choose("delta", network.delta_logits(hidden, remaining), _end_only(inputs["end_bias"]))
    position = (inputs["position"] + _ladder_ticks(delta)) % inputs["ticks_per_bar"]
    sounding = after(remaining, delta)
    pitch_logits = network.pitch_logits(hidden, event[:, 1], delta, position, sounding)
    pitch = choose("pitch", pitch_logits, inputs["pitch_bias"])
    duration = choose("duration", network.duration_logits(hidden, delta, position, sounding, pitch))
    choose("velocity", network.velocity_logits(hidden, event[:, 3], delta, pitch, duration))
    return {
        "next_event": ops.cast(ops.stack([chosen[head] for head in HEADS], axis=-1), "int32"),
        "log_probability": ops.concatenate([log_probability[head] for head in HEADS], axis=-1),
        "next_position": position,
        "next_h": ops.stack([h for h, _ in state]),
        "next_c": ops.stack([c for _, c in state]),
        "next_remaining": _struck(sounding, pitch, duration),
    }


def _per_head(values: Tensor) -> dict[str, Tensor]:
    """Columns of [voices, 4] by head, each [voices, 1]."""
    return dict(zip(HEADS, tf.split(values, len(HEADS), axis=-1), strict=True))


def _recur(network: StreamNetwork, inputs: dict[str, Tensor]) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """Carry the state one step on: h of the last layer [voices, units] and the state of every layer."""
    names = ("event", "position", "meter", "remaining", "style")
    features = network.encode(*(inputs[name] for name in names))
    state = [(inputs["h"][layer], inputs["c"][layer]) for layer in range(network.config.layers)]
    _, state = network.recur(ops.expand_dims(features, 1), state)
    return state[-1][0], state


def _end_only(end_bias: Tensor) -> Tensor:
    """Spread a bias [voices, 1] over the delta classes [voices, 106]: it touches only the end of a piece."""
    # Minus infinity times 0 is not a number.
    return ops.maximum(end_bias, MUTED) * tf.one_hot(DELTA_END, DELTA_CLASSES)


def _ladder_ticks(ladder_class: Tensor) -> Tensor:
    """Ticks of a delta or duration class, [voices] of [voices]; 0 for the classes that are no length."""
    return tf.gather(tf.constant([*LADDER, 0, 0], tf.int32), ladder_class)


def _struck(sounding: Tensor, pitch: Tensor, duration: Tensor) -> Tensor:
    """Remaining ticks per pitch once the note has started, int32 [voices, 128]."""
    # The chosen pitch does not sound, so the larger of the two is the new note (or, for one struck again, the longer).
    struck = tf.one_hot(pitch, PITCHES, dtype=tf.int32) * tf.expand_dims(_ladder_ticks(duration), -1)
    silent_elsewhere = SILENT * (1 - tf.one_hot(pitch, PITCHES, dtype=tf.int32))
    return tf.maximum(tf.maximum(sounding, SILENT), struck + silent_elsewhere)


def graph_function(network: StreamNetwork) -> tuple[Callable[..., dict[str, Tensor]], list[tf.TensorSpec]]:
    """Return the step as a function of tensors in the bundle's order, and their signature."""
    inputs, _ = expected_tensors(network.config.layers, network.config.units, network.config.styles)
    signature = [_spec(card) for card in inputs]

    def step(*tensors: Tensor) -> dict[str, Tensor]:
        return next_event(network, {card.name: tensor for card, tensor in zip(inputs, tensors, strict=True)})

    return tf.function(step, input_signature=signature), signature


def _spec(card: TensorCard) -> tf.TensorSpec:
    shape = [size if isinstance(size, int) else None for size in card.shape]
    return tf.TensorSpec(shape, tf.dtypes.as_dtype(card.dtype), name=card.name)
