"""What a network is trained on: one device, or all GPUs of this machine, each with its share of every batch."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import tensorflow as tf


def gpus() -> list[str]:
    """Names of the GPUs that TensorFlow can use."""
    return [device.name for device in tf.config.list_logical_devices("GPU")]


def shared_by_all_gpus() -> AbstractContextManager[Any]:
    """Return the scope in which a network is made or loaded so that all GPUs train it.

    Keras trains such a network by TensorFlow's own distribution: every GPU holds a copy and takes its share of each
    batch (the batches must divide evenly, see `trainer.dataset.batches.pack`), and the gradients are summed. With one
    GPU, or none, there is nothing to share.
    """
    devices = gpus()
    scope: AbstractContextManager[Any] = nullcontext()
    if len(devices) > 1:
        scope = tf.distribute.MirroredStrategy(devices).scope()
    return scope


def make_ready(network: keras.Model) -> None:
    """Make the variables of a compiled network and of its optimizer before its first batch.

    Left to Keras they are made within the first batch: TensorFlow then traces the step twice, which is most of a short
    training, and several devices make them from the mean of their first shares, in which classes are no whole numbers.
    """
    network.build_from_config({})
    network.optimizer.build(network.trainable_variables)
