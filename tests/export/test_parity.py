from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from lstm_composer.export.exported_run import Storage
from lstm_composer.export.onnx_model import round_weights, to_onnx
from lstm_composer.export.parity import STEPS, ParityError, check_parity
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.runs.network_config import PAST

MakeNetwork = Callable[..., StreamNetwork]
MakeEngine = Callable[[StreamNetwork, onnx.ModelProto], Engine]


@pytest.mark.parametrize("storage", ["float16", "float32"])
# With 48 units the bias of an LSTM layer is small in Keras, and in ONNX, which has two in one, large.
@pytest.mark.parametrize(("layers", "units", "memory"), [(1, 16, 0), (2, 48, 0), (2, 48, PAST)])
def test_graph_and_network_are_one(
    make_network: MakeNetwork, make_engine: MakeEngine, layers: int, units: int, memory: int, storage: Storage
) -> None:
    network = make_network(layers, units, memory)
    round_weights(network, storage)
    found = check_parity(network, make_engine(network, to_onnx(network, storage)))
    assert (found.steps, found.greedy_equal) == (64, True)
    assert STEPS == 64
    assert found.max_difference <= 3e-5


@pytest.fixture(scope="module")
def exported(make_network: MakeNetwork) -> tuple[StreamNetwork, onnx.ModelProto]:
    network = make_network(2, 16)
    return network, to_onnx(network, "float32")


WEIGHTS = ("velocity_table", "position_table", "release_table", "chord_table", "W0", "R0", "B0", "duration_logits")


@pytest.mark.parametrize("name", WEIGHTS)
def test_an_altered_weight_is_found(
    exported: tuple[StreamNetwork, onnx.ModelProto], make_engine: MakeEngine, name: str
) -> None:
    network, model = exported
    altered = onnx.ModelProto()
    altered.CopyFrom(model)
    tensor = next(tensor for tensor in altered.graph.initializer if tensor.name.startswith(name))
    values = numpy_helper.to_array(tensor).copy()
    rng = np.random.default_rng(0)
    tensor.CopyFrom(
        numpy_helper.from_array(values + rng.normal(size=values.shape).astype(np.float32) * 0.1, tensor.name)
    )
    with pytest.raises(ParityError, match="the graph differs from the network"):
        check_parity(network, make_engine(network, altered))


def test_a_number_that_is_none_is_found(
    exported: tuple[StreamNetwork, onnx.ModelProto], make_engine: MakeEngine
) -> None:
    network, model = exported
    broken = onnx.ModelProto()
    broken.CopyFrom(model)
    tensor = next(tensor for tensor in broken.graph.initializer if tensor.name.startswith("velocity_logits"))
    values = np.full_like(numpy_helper.to_array(tensor), np.nan)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    with pytest.raises(ParityError):
        check_parity(network, make_engine(network, broken))
