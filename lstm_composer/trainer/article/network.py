"""The article's two networks, in Keras.

`skuldur` is the first, after the tutorial that the article began with; it never left its plateau. `article` is the
second, with batch normalisation. Both read a window of tokens, each as one number, and guess the next token.
"""

from typing import Any, Final

import keras
import tensorflow as tf
from keras import layers

from lstm_composer.runtime.music.token_encoding import WINDOW

Network = Any
LEARNING_RATE: Final = 1e-3
"""What Keras gives both optimizers, and the article left as it was."""


def new_network(
    preset: str, classes: int, *, scale: float = 1.0, window: int = WINDOW, learning_rate: float = LEARNING_RATE
) -> Network:
    """Make an untrained network with its optimizer.

    Args:
        preset: "article" or "skuldur".
        classes: Tokens in the vocabulary.
        scale: What the widths of all hidden layers are multiplied by; 1 is the article's.
        window: Tokens that it sees.
        learning_rate: Of its optimizer.

    Returns:
        A compiled network from float32 [B, window, 1] to probabilities float32 [B, classes]. Its last layer is the
        softmax alone, so that the logits can be had (`logits_of`).

    Raises:
        ValueError: If there is no such preset.

    """
    if preset not in _PRESETS:
        raise ValueError(f"there is no preset {preset!r} of the article's: there are {', '.join(_PRESETS)}")
    hidden, optimizer = _PRESETS[preset]
    widths = lambda units: max(1, round(scale * units))  # noqa: E731 - one line says it
    head = [layers.Dense(classes, name="logits"), layers.Activation("softmax", name="probabilities")]
    network = keras.Sequential([keras.Input((window, 1)), *hidden(widths), *head], name=preset)
    network.compile(
        optimizer=optimizer(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
    )
    return network


def _skuldur(width: Any) -> list[Any]:
    return [
        layers.LSTM(width(512), return_sequences=True),
        layers.Dropout(0.3),
        layers.LSTM(width(512), return_sequences=True),
        layers.Dropout(0.3),
        layers.LSTM(width(512)),
        layers.Dense(width(256)),
        layers.Dropout(0.3),
    ]


def _article(width: Any) -> list[Any]:
    return [
        layers.LSTM(width(512), return_sequences=True),
        layers.Dropout(0.2),
        layers.BatchNormalization(),
        layers.LSTM(width(256)),
        layers.Dropout(0.2),
        layers.BatchNormalization(),
        layers.Dense(width(128), activation="relu"),
        layers.Dropout(0.2),
        layers.BatchNormalization(),
    ]


_PRESETS: Final = {"article": (_article, keras.optimizers.Adam), "skuldur": (_skuldur, keras.optimizers.RMSprop)}


def logits_of(network: Network) -> Network:
    """Return the network without its softmax; it shares the weights."""
    return keras.Model(network.inputs[0], network.layers[-2].output)


def lstm_layers(network: Network) -> list[Any]:
    """Return the LSTM layers, first to last."""
    return [layer for layer in network.layers if isinstance(layer, layers.LSTM)]


def lstm_kernel_report(network: Network) -> str:
    """Say in a sentence which LSTM kernel Keras uses for a network on this machine, and if not cuDNN's, why not."""
    hindrances = [f"{layer.name} has {reason}" for layer in lstm_layers(network) for reason in _hindrances(layer)]
    if not tf.config.list_physical_devices("GPU"):
        hindrances.append("TensorFlow sees no GPU on this machine")
    if hindrances:
        return f"LSTM kernel: TensorFlow's own loop, not cuDNN: {'; '.join(hindrances)}"
    return "LSTM kernel: cuDNN; the checkpoints run without a GPU as well"


def _hindrances(layer: Any) -> list[str]:
    """What keeps Keras from running a layer on cuDNN, in words that follow "has"."""
    wanted = {
        "activation": (layer.activation is keras.activations.tanh, "tanh"),
        "recurrent_activation": (layer.recurrent_activation is keras.activations.sigmoid, "sigmoid"),
        "recurrent_dropout": (not layer.recurrent_dropout, "0"),
        "use_bias": (layer.use_bias, "True"),
        "unroll": (not layer.unroll, "False"),
        "use_cudnn": (layer.use_cudnn in ("auto", True), "auto"),
    }
    return [
        f"{name} {_shown(getattr(layer, name))} (cuDNN needs {value})"
        for name, (fits, value) in wanted.items()
        if not fits
    ]


def _shown(value: Any) -> str:
    return str(getattr(value, "__name__", value))
