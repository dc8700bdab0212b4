"""Keras network -> ONNX model: one graph per note, true LSTM nodes, weights stored in 16 or 32 bits."""

import logging
import os
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from lstm_composer.export.exported_run import Storage
from lstm_composer.export.graph_rewriting import with_fewer_nodes
from lstm_composer.runtime.bundle.tensors import expected_tensors
from lstm_composer.runtime.errors import ComposerError
from lstm_composer.trainer.network.onnx_weights import STORED, record_weight_locations
from lstm_composer.trainer.network.sampling_step import step_function
from lstm_composer.trainer.network.stream_network import StreamNetwork

_SAME_OPERATORS = {"SelectV2": "Where", "FloorMod": "Mod", "Greater": "Greater", "Less": "Less"}
"""What the converter would spell out in up to six nodes, for old runtimes and for operands we do not have."""

OPSET = 18
SMALLEST_STORED = 256
"""Initializers with fewer elements stay in 32 bits: biases and constants, worth nothing in size."""


class ConversionError(ComposerError):
    """The converter left something in the graph that the runtime should not carry."""


def round_weights(network: StreamNetwork, storage: Storage) -> None:
    """Round the network's weights to what will be stored, in place, so that Keras and ONNX are one model.

    Also the small ones: the converter joins some (the biases of an LSTM) into initializers that are large enough.
    """
    if storage == "float32":
        return
    for variable in network.weights:
        if variable.dtype == "float32":
            variable.assign(np.asarray(variable).astype(np.float16).astype(np.float32))


def to_onnx(network: StreamNetwork, storage: Storage) -> onnx.ModelProto:
    """Convert one step of the network.

    Raises:
        ConversionError: If a loop is left in the graph, or another number of LSTM nodes than the network has layers.
        UnknownWeightError: If a weight cannot be found in it again.

    """
    model = _converted(network)
    with_fewer_nodes(model)
    check_nodes(model, network.config.layers)
    _name_voices(model, network)
    record_weight_locations(model, network)
    return finished(model, storage)


def finished(model: onnx.ModelProto, storage: Storage) -> onnx.ModelProto:
    """Store the weights as asked, put our name on the graph, and check it."""
    if storage == "float16":
        store_in_16_bits(model)
    model.producer_name, model.producer_version = "lstm-composer", ""
    model.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    return model


def _converted(network: StreamNetwork) -> onnx.ModelProto:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tf2onnx  # noqa: PLC0415 - slow, and noisy unless told otherwise first

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    function, signature = step_function(network)
    model: onnx.ModelProto
    handlers = {name: (_keep, [operator]) for name, operator in _SAME_OPERATORS.items()}
    model, _ = tf2onnx.convert.from_function(
        function, input_signature=signature, opset=OPSET, custom_op_handlers=handlers
    )
    return model


def _keep(_context: Any, _node: Any, _name: str, _arguments: list[str]) -> None:
    """Leave a node as it is: the converter has given it the ONNX operator's name already."""


def check_nodes(model: onnx.ModelProto, layers: int) -> None:
    """Check that the converter has recognised the LSTM layers.

    Raises:
        ConversionError: If a loop is left in the graph, or another number of LSTM nodes than `layers`.

    """
    kinds = [node.op_type for node in model.graph.node]
    for loop in ("Loop", "Scan", "If"):
        if loop in kinds:
            raise ConversionError(
                f"the converter left a {loop} node in the graph (the LSTM layers were not recognised): "
                "export another epoch"
            )
    if kinds.count("LSTM") != layers:
        raise ConversionError(
            f"the graph has {kinds.count('LSTM')} LSTM nodes for {layers} layers: export another epoch"
        )


def _name_voices(model: onnx.ModelProto, network: StreamNetwork) -> None:
    """Give the graph's inputs and outputs the names and shapes of the bundle, the batch being called `voices`."""
    config = network.config
    inputs, outputs = expected_tensors(config.layers, config.units, config.styles, config.memory)
    for given, cards in ((model.graph.input, inputs), (model.graph.output, outputs)):
        names = {value.name.split(":")[0] for value in given}
        if names != {card.name for card in cards}:
            raise ConversionError(f"the graph has tensors {sorted(names)} instead of {[card.name for card in cards]}")
    renamed = {value.name: value.name.split(":")[0] for value in (*model.graph.input, *model.graph.output)}
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    for given, cards in ((model.graph.input, inputs), (model.graph.output, outputs)):
        values = [helper.make_tensor_value_info(c.name, _onnx_type(c.dtype), list(c.shape)) for c in cards]
        del given[:]
        given.extend(values)
    del model.graph.value_info[:]


def _onnx_type(dtype: str) -> Any:
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def store_in_16_bits(model: onnx.ModelProto) -> None:
    """Store large weights as float16 behind a cast, which onnxruntime folds away at load: arithmetic stays 32 bits."""
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST_STORED:
            continue
        name, values = tensor.name, numpy_helper.to_array(tensor)
        if not np.array_equal(values.astype(np.float16).astype(np.float32), values):
            continue  # computed by the converter out of rounded weights, as a batch normalisation's factors are
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}{STORED}"))
        casts.append(helper.make_node("Cast", [f"{name}{STORED}"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
