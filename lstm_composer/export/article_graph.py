"""A checkpoint of the article's presets as an ONNX graph, and the proof that the graph is the network.

One run of the graph per token: the whole window goes through the LSTM layers, as in the article, and the sampling is
inside, as in the event graph of `stream`.
"""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import tensorflow as tf
from numpy.typing import NDArray
from onnx import helper

from lstm_composer.export.exported_run import Storage
from lstm_composer.export.onnx_model import OPSET, ConversionError, check_nodes, finished
from lstm_composer.export.parity import STEPS, parity_card
from lstm_composer.runtime.bundle.schema import ParityCard
from lstm_composer.runtime.music.token_encoding import (
    Arrays,
    Run,
    Shapes,
    TokenControls,
    TokenEncoding,
    token_noise,
    token_tensors,
)
from lstm_composer.trainer.article.network import Network, logits_of, lstm_layers
from lstm_composer.trainer.article.sampling import next_token
from lstm_composer.trainer.article.windows import scalars

_VOICE = 0


def to_onnx(network: Network, encoding: TokenEncoding, storage: Storage) -> onnx.ModelProto:
    """Convert one step of the network.

    Raises:
        ConversionError: If a loop is left in the graph, or another number of LSTM nodes than the network has layers.

    """
    model = _converted(network, encoding)
    check_nodes(model, len(lstm_layers(network)))
    _name_tensors(model, encoding)
    return finished(model, storage)


def _converted(network: Network, encoding: TokenEncoding) -> onnx.ModelProto:
    import tf2onnx  # noqa: PLC0415 - slow, and noisy unless told otherwise first

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    function, signature = _graph_function(network, encoding)
    model: onnx.ModelProto
    model, _ = tf2onnx.convert.from_function(function, input_signature=signature, opset=OPSET)
    return model


def _graph_function(
    network: Network, encoding: TokenEncoding
) -> tuple[Callable[..., dict[str, Any]], list[tf.TensorSpec]]:
    """Return the step as a function of tensors in the bundle's order, and their signature."""
    inputs, _ = token_tensors(encoding)
    logits, classes = logits_of(network), len(encoding.vocabulary)
    signature = [
        tf.TensorSpec([None, *shape[1:]], tf.dtypes.as_dtype(dtype), name=name)
        for name, (dtype, shape) in inputs.items()
    ]

    def step(*tensors: Any) -> dict[str, Any]:
        return next_token(logits, classes, dict(zip(inputs, tensors, strict=True)))

    return tf.function(step, input_signature=signature, autograph=False), signature


def _name_tensors(model: onnx.ModelProto, encoding: TokenEncoding) -> None:
    """Give the graph's inputs and outputs the order, types and shapes of the bundle, the batch called `voices`."""
    for given, shapes in zip((model.graph.input, model.graph.output), token_tensors(encoding), strict=True):
        if {value.name for value in given} != shapes.keys():
            raise ConversionError(f"the graph has tensors {[value.name for value in given]} instead of {list(shapes)}")
        values = _described(shapes)
        del given[:]
        given.extend(values)
    del model.graph.value_info[:]


def _described(shapes: Shapes) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), list(shape))
        for name, (dtype, shape) in shapes.items()
    ]


def check_parity(network: Network, run: Run, encoding: TokenEncoding) -> ParityCard:
    """Compare network and graph over STEPS greedy and STEPS sampled tokens from the first prompt.

    The graph makes the tokens, each from the window that the ones before it left. Keras is then shown all windows.

    Args:
        network: As it was converted.
        run: Runs the graph.
        encoding: Of both.

    Raises:
        ParityError: If a greedy choice differs, or a log-probability by more than LARGEST_DIFFERENCE.

    """
    difference = 0.0
    for temperature in (0.0, 1.0):
        tokens, seen = _run_graph(run, encoding, TokenControls(temperature))
        log_probability = _keras_log_probabilities(network, encoding, tokens)
        made = tokens[encoding.window :]
        found = log_probability[np.arange(STEPS), made]
        difference = max(difference, float(np.max(np.abs(found - seen))))
        if temperature == 0.0:
            greedy_equal = bool(np.all(np.argmax(log_probability, axis=-1) == made))
    return parity_card("tokens", difference, greedy_equal=greedy_equal)


def _run_graph(
    run: Run, encoding: TokenEncoding, controls: TokenControls
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Let the graph make STEPS tokens: prompt and tokens int32 [window + STEPS], log-probabilities [STEPS]."""
    tokens, constant = list(encoding.prompts[0]), controls.tensors()
    seen: list[float] = []
    for number in range(STEPS):
        window = np.array([tokens[-encoding.window :]], np.int32)
        noise = token_noise(0, number, len(encoding.vocabulary))
        found: Arrays = run({**constant, "window": window, "noise": noise})
        tokens.append(int(found["next_token"][_VOICE]))
        seen.append(float(found["log_probability"][_VOICE, 0]))
    return np.array(tokens, np.int32), np.array(seen, np.float32)


def _keras_log_probabilities(
    network: Network, encoding: TokenEncoding, tokens: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Log-probabilities [STEPS, classes] under the network that was trained, softmax and all."""
    windows = np.lib.stride_tricks.sliding_window_view(tokens, encoding.window)[:STEPS]
    probabilities = network(scalars(windows.copy(), len(encoding.vocabulary)), training=False)
    log_probabilities: NDArray[np.float32] = np.log(np.maximum(np.asarray(probabilities), np.finfo(np.float32).tiny))
    return log_probabilities
