"""The step of one note as a function of tensors in the bundle's order: what is converted to ONNX."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from runtime.bundle.tensors import TensorCard, expected_tensors
from trainer.network.sampling_step import next_event
from trainer.network.stream_network import StreamNetwork

Tensor = Any


def graph_function(network: StreamNetwork) -> tuple[Callable[..., dict[str, Tensor]], list[tf.TensorSpec]]:
    """Return the step as a function of tensors in the bundle's order, and their signature."""
    config = network.config
    inputs, _ = expected_tensors(config.layers, config.units, config.styles, config.memory)
    signature = [_spec(card) for card in inputs]

    def step(*tensors: Tensor) -> dict[str, Tensor]:
        return next_event(network, {card.name: tensor for card, tensor in zip(inputs, tensors, strict=True)})

    return tf.function(step, input_signature=signature), signature


def _spec(card: TensorCard) -> tf.TensorSpec:
    shape = [size if isinstance(size, int) else None for size in card.shape]
    return tf.TensorSpec(shape, tf.dtypes.as_dtype(card.dtype), name=card.name)
