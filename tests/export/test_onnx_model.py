from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lstm_composer.export.onnx_model import SMALLEST_STORED, ConversionError, check_nodes, round_weights, to_onnx
from lstm_composer.runtime.bundle.tensors import expected_tensors
from lstm_composer.runtime.graph.inspection import check_graph
from lstm_composer.trainer.network.onnx_weights import read_weights, weight_name
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.runs.network_config import PAST

MakeNetwork = Callable[..., StreamNetwork]


@pytest.fixture(scope="module", params=[("float16", 0), ("float32", 0), ("float16", PAST)])
def exported(request: pytest.FixtureRequest, make_network: MakeNetwork) -> tuple[str, StreamNetwork, onnx.ModelProto]:
    """A network of two layers, without and with a memory, rounded to a storage and converted."""
    storage, memory = request.param
    network = make_network(2, 16, memory)
    round_weights(network, storage)
    return storage, network, to_onnx(network, storage)


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_lstm_layers_are_lstm_nodes(exported: tuple[str, StreamNetwork, onnx.ModelProto]) -> None:
    _, _, model = exported
    assert kinds(model).count("LSTM") == 2
    assert not {"Loop", "Scan", "If"} & set(kinds(model))


def test_what_is_written_may_be_run(exported: tuple[str, StreamNetwork, onnx.ModelProto]) -> None:
    """An operator that is new here belongs on the list in runtime/graph/operators.py, with the rule for its shapes."""
    _, network, model = exported
    config = network.config
    check_graph(model.SerializeToString(), *expected_tensors(config.layers, config.units, config.styles, config.memory))


def test_how_weights_are_stored(exported: tuple[str, StreamNetwork, onnx.ModelProto]) -> None:
    storage, _, model = exported
    large = [tensor for tensor in model.graph.initializer if np.prod(tensor.dims) >= SMALLEST_STORED]
    types = {tensor.data_type for tensor in large if tensor.data_type not in (TensorProto.INT32, TensorProto.INT64)}
    assert types == {TensorProto.FLOAT16 if storage == "float16" else TensorProto.FLOAT}
    # Arithmetic is in 32 bits: every stored weight goes through a cast and nothing else.
    stored = {tensor.name for tensor in model.graph.initializer if tensor.data_type == TensorProto.FLOAT16}
    users = [node for node in model.graph.node for name in node.input if name in stored]
    assert len(users) == len(stored)
    assert all(node.op_type == "Cast" and node.attribute[0].i == TensorProto.FLOAT for node in users)


def test_every_weight_is_in_the_graph(exported: tuple[str, StreamNetwork, onnx.ModelProto]) -> None:
    """Some lie within larger tables, some on their side; all can be had back to the bit."""
    _, network, model = exported
    found = read_weights(model.SerializeToString(), "tiny")
    for variable in network.trainable_variables:
        assert np.array_equal(found[weight_name(variable)], np.asarray(variable)), variable.path


def test_16_bits_are_half_the_size(make_network: MakeNetwork) -> None:
    network = make_network(1, 128)
    whole = to_onnx(network, "float32").ByteSize()
    round_weights(network, "float16")
    assert to_onnx(network, "float16").ByteSize() < 0.6 * whole


def test_nothing_is_rounded_that_the_network_has_not_rounded(make_network: MakeNetwork) -> None:
    """What the converter computes, as the factors of a batch normalisation, would else differ from Keras' own."""
    network = make_network(1, 128)
    kernel = network.stack[0].cell.recurrent_kernel
    stored = to_onnx(network, "float16").graph.initializer
    exact = [numpy_helper.to_array(tensor) for tensor in stored if tensor.data_type == TensorProto.FLOAT]
    assert any(array.size == kernel.shape[0] * kernel.shape[1] for array in exact)


def test_rounding_is_to_what_16_bits_hold(make_network: MakeNetwork) -> None:
    network = make_network(1, 16)
    before = [np.asarray(variable) for variable in network.trainable_variables]
    round_weights(network, "float32")
    for value, variable in zip(before, network.trainable_variables, strict=True):
        np.testing.assert_array_equal(value, np.asarray(variable))
    round_weights(network, "float16")
    for value, variable in zip(before, network.trainable_variables, strict=True):
        rounded = np.asarray(variable)
        np.testing.assert_array_equal(rounded, rounded.astype(np.float16).astype(np.float32))
        np.testing.assert_allclose(rounded, value, rtol=1e-3, atol=1e-6)


def graph_of(*node_kinds: str) -> onnx.ModelProto:
    nodes = [helper.make_node(kind, ["x"], [f"y{index}"]) for index, kind in enumerate(node_kinds)]
    return helper.make_model(helper.make_graph(nodes, "graph", [], []))


@pytest.mark.parametrize("loop", ["Loop", "Scan", "If"])
def test_a_loop_is_refused(loop: str) -> None:
    with pytest.raises(ConversionError, match=f"left a {loop} node"):
        check_nodes(graph_of("LSTM", "MatMul", loop), layers=1)


@pytest.mark.parametrize(("found", "layers"), [(0, 1), (1, 2), (3, 2)])
def test_another_number_of_layers_is_refused(found: int, layers: int) -> None:
    with pytest.raises(ConversionError, match=f"the graph has {found} LSTM nodes for {layers} layers"):
        check_nodes(graph_of("MatMul", *["LSTM"] * found), layers)


def test_as_many_nodes_as_layers_are_fine() -> None:
    check_nodes(graph_of("LSTM", "MatMul", "LSTM"), layers=2)
