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
    """Make the variables of a network that is to be shared; nothing to do where it is not.

    Else Keras makes them from the mean of all devices' first shares, in which classes are no whole numbers any more.
    """
    if tf.distribute.has_strategy():
        network.build_from_config({})
