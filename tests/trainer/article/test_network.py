"""The article's two networks layer by layer, and what the report says of their LSTM kernel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lstm_composer.trainer.article.network import logits_of, lstm_kernel_report, new_network

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

LAYERS = {
    "skuldur": ["LSTM 512", "Dropout 0.3", "LSTM 512", "Dropout 0.3", "LSTM 512", "Dense 256 linear", "Dropout 0.3"],
    "article": [
        *["LSTM 512", "Dropout 0.2", "BatchNormalization", "LSTM 256", "Dropout 0.2", "BatchNormalization"],
        *["Dense 128 relu", "Dropout 0.2", "BatchNormalization"],
    ],
}
OPTIMIZERS = {"skuldur": "RMSprop", "article": "Adam"}
SEQUENCES = {"skuldur": [True, True, False], "article": [True, False]}


def described(layer: keras.Layer) -> str:
    words = [type(layer).__name__]
    words += [str(getattr(layer, name)) for name in ("units", "rate") if hasattr(layer, name)]
    words += [layer.activation.__name__] if type(layer).__name__ in ("Dense", "Activation") else []
    return " ".join(words)


@pytest.mark.parametrize("preset", ["article", "skuldur"])
def test_the_articles_layers(preset: str) -> None:
    network = new_network(preset, 321)
    assert [described(layer) for layer in network.layers] == [
        *LAYERS[preset],
        "Dense 321 linear",
        "Activation softmax",
    ]
    lstms = [layer for layer in network.layers if isinstance(layer, keras.layers.LSTM)]
    assert [layer.return_sequences for layer in lstms] == SEQUENCES[preset]
    assert (network.input_shape, network.output_shape) == ((None, 100, 1), (None, 321))
    assert type(network.optimizer).__name__ == OPTIMIZERS[preset]
    assert float(network.optimizer.learning_rate) == pytest.approx(1e-3)
    assert network.loss == "sparse_categorical_crossentropy"


def test_there_is_no_other_preset() -> None:
    with pytest.raises(ValueError, match="no preset 'stream' of the article's: there are article, skuldur"):
        new_network("stream", 5)


def test_logits_are_those_of_the_probabilities() -> None:
    network = new_network("article", 7, scale=0.02, window=5)
    seen = np.random.default_rng(0).random((3, 5, 1)).astype(np.float32)
    logits = np.asarray(logits_of(network)(seen, training=False))
    np.testing.assert_allclose(keras.ops.softmax(logits), network(seen, training=False), atol=1e-6)
    assert logits.shape == (3, 7)


def test_the_report_without_a_gpu() -> None:
    report = lstm_kernel_report(new_network("skuldur", 5, scale=0.01))
    assert report == "LSTM kernel: TensorFlow's own loop, not cuDNN: TensorFlow sees no GPU on this machine"


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("activation", "relu", "activation relu (cuDNN needs tanh)"),
        ("recurrent_activation", "hard_sigmoid", "recurrent_activation hard_sigmoid (cuDNN needs sigmoid)"),
        ("recurrent_dropout", 0.3, "recurrent_dropout 0.3 (cuDNN needs 0)"),
        ("use_bias", False, "use_bias False (cuDNN needs True)"),
        ("unroll", True, "unroll True (cuDNN needs False)"),
        ("use_cudnn", False, "use_cudnn False (cuDNN needs auto)"),
        ("units", 3, None),
    ],
)
def test_the_report_on_a_gpu(monkeypatch: pytest.MonkeyPatch, setting: str, value: object, reason: str | None) -> None:
    # No GPU in the tests: only the question whether there is one is answered for TensorFlow.
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    layer = keras.layers.LSTM(**{"units": 2, "name": "first", setting: value})
    report = lstm_kernel_report(keras.Sequential([keras.Input((4, 1)), layer]))
    if reason is None:
        assert report == "LSTM kernel: cuDNN; the checkpoints run without a GPU as well"
    else:
        assert report == f"LSTM kernel: TensorFlow's own loop, not cuDNN: first has {reason}"
