"""What the export writes of the weights is what a fine-tuning reads: to the bit, for every weight."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lstm_composer.export.onnx_model import round_weights, to_onnx
from lstm_composer.runtime.errors import BundleError
from lstm_composer.trainer.network.onnx_weights import (
    UnknownWeightError,
    read_weights,
    record_weight_locations,
    weight_name,
)
from lstm_composer.trainer.network.stream_network import StreamNetwork, blank_inputs
from lstm_composer.trainer.runs.network_config import PAST

MakeNetwork = Callable[..., StreamNetwork]


def three_styles() -> StreamNetwork:
    config = {"units": 32, "layers": 1, "head_units": 32, "styles": 3, "style_units": 5, "style_in_heads": True}
    network = StreamNetwork(config)
    network(blank_inputs(3))
    return network


@pytest.mark.parametrize("storage", ["float16", "float32"])
@pytest.mark.parametrize("kind", ["trained", "untrained"])
def test_all_weights_come_back(storage, kind, make_network: MakeNetwork) -> None:
    """An untrained network has biases of nothing but zeros, which the converter joins or leaves out."""
    network = make_network(2, 16, PAST) if kind == "trained" else three_styles()
    round_weights(network, storage)
    found = read_weights(to_onnx(network, storage).SerializeToString(), "x")
    assert sorted(found) == sorted(map(weight_name, network.trainable_variables))
    for variable in network.trainable_variables:
        value = found[weight_name(variable)]
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, np.asarray(variable), err_msg=variable.path)


def test_a_weight_that_is_not_in_the_graph(make_network: MakeNetwork) -> None:
    network = make_network(1, 16)
    model = to_onnx(network, "float32")
    kernel = network.hidden["pitch"].kernel
    kernel.assign(kernel + 1)
    with pytest.raises(UnknownWeightError, match="no initializer with the values of pitch_hidden/kernel"):
        record_weight_locations(model, network)


def graph_with(tensor: onnx.TensorProto) -> bytes:
    model = helper.make_model(helper.make_graph([], "graph", [], [], [tensor]))
    helper.set_model_props(model, {"weights.delta_hidden/kernel": tensor.name})
    return bytes(model.SerializeToString())


def test_a_bundle_that_does_not_say_where_its_weights_are() -> None:
    empty = helper.make_model(helper.make_graph([], "graph", [], [])).SerializeToString()
    with pytest.raises(BundleError, match="bundle old does not say where its weights are: export it again"):
        read_weights(empty, "old")


def test_weights_in_other_files_are_not_read() -> None:
    tensor = numpy_helper.from_array(np.ones(1, np.float32), "w")
    assert list(read_weights(graph_with(tensor), "x")["delta_hidden/kernel"]) == [1.0]
    onnx.external_data_helper.set_external_data(tensor, "other.bin")
    tensor.ClearField("raw_data")
    with pytest.raises(BundleError, match="a bundle keeps no weights in other files"):
        read_weights(graph_with(tensor), "x")


@pytest.mark.parametrize(
    "graph", [b"\xff\xfe no graph", graph_with(helper.make_tensor("w", TensorProto.FLOAT, [0], []))[:-3]]
)
def test_a_damaged_graph(graph: bytes) -> None:
    with pytest.raises(BundleError, match="bundle x"):
        read_weights(graph, "x")
