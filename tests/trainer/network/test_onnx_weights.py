"""Weights in a bundle's graph that somebody else has made; those of our own are in tests/export."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from lstm_composer.runtime.errors import BundleError
from lstm_composer.trainer.network.onnx_weights import read_weights


def graph(places: dict[str, str], **arrays: np.ndarray) -> bytes:
    held = [numpy_helper.from_array(value, name) for name, value in arrays.items()]
    model = helper.make_model(helper.make_graph([], "g", [], [], held))
    helper.set_model_props(model, {f"weights.{name}": place for name, place in places.items()})
    return bytes(model.SerializeToString())


def test_weights_are_found() -> None:
    found = read_weights(graph({"a/bias": "x", "b/bias": "zeros 3"}, x=np.ones((1, 2), np.float16)), "tiny")
    assert {name: value.tolist() for name, value in found.items()} == {"a/bias": [1, 1], "b/bias": [0, 0, 0]}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x80\x04N.", "its weights cannot be read"),
        (graph({}), "does not say where its weights are"),
        (graph({"a/bias": "zeros 99999999999"}), "99999999999 zeros for a/bias"),
        (graph({"a/bias": "zeros " + "9" * 5000}), "its weights cannot be read"),
        (graph({"a/bias": "nowhere"}), "its weights cannot be read"),
        (graph({"../../x": "zeros 3"}), "1 of them with names that are none"),
        (graph({"file": "zeros 3"}), "1 of them with names that are none"),
        (graph({f"a/w{number}": "zeros 3" for number in range(2000)}), "2000 weights"),
        (graph({"a/bias": "x"}, x=np.array([np.nan], np.float32)), "a/bias holds numbers that are none"),
        (graph({"lstm_0/kernel": "x"}, x=np.ones(3, np.float32)), "its weights cannot be read"),
    ],
)
def test_weights_that_cannot_be(data: bytes, reason: str) -> None:
    with pytest.raises(BundleError) as refusal:
        read_weights(data, "tiny")
    assert reason in str(refusal.value)
    assert str(refusal.value).isprintable()


def test_weights_in_other_files_are_not_read() -> None:
    model = onnx.load_model_from_string(graph({"a/bias": "x"}, x=np.ones(3, np.float32)))
    [tensor] = model.graph.initializer
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    with pytest.raises(BundleError, match="a bundle keeps no weights in other files"):
        read_weights(model.SerializeToString(), "tiny")
