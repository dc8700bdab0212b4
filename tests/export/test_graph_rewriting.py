"""A graph in fewer operations computes the same: each rewriting, on a graph that the converter could have written."""

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from lstm_composer.export.graph_rewriting import with_fewer_nodes

Case = tuple[list[Any], dict[str, Any], dict[str, Any], dict[str, int]]
"""Nodes, inputs, constants, and how many nodes of each kind are left."""
VOICES = 3
DRAW = np.random.default_rng(0)


def floats(*shape):
    return DRAW.normal(size=shape).astype(np.float32)


def graph_of(nodes, inputs, constants, output):
    """A model; `inputs` and `constants` are arrays by name, all inputs of VOICES voices."""
    given = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in inputs.items()
    ]
    made = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
    kept = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph([helper.make_node(*one[:3], **one[3]) for one in nodes], "x", given, made, kept)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(model, inputs):
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, inputs)[0]


UNITS, FEATURES = 4, 5
LSTM_SIZES = {"hidden_size": UNITS}
LAYERS: Case = (
    [
        ("Unsqueeze", ["x", "one"], ["steps"], {}),
        ("Reshape", ["steps", "turned_0"], ["turned"], {}),
        ("LSTM", ["turned", "w0", "r0", "", "", "h", "h"], ["y0", "h0", "c0"], LSTM_SIZES),
        ("Squeeze", ["y0", "one"], ["flat0"], {}),
        ("Reshape", ["flat0", "turned_1"], ["again"], {}),
        ("LSTM", ["again", "w1", "r1", "", "", "h", "h"], ["y1", "h1", "c1"], LSTM_SIZES),
        ("Squeeze", ["h1", "zero"], ["last"], {}),
        ("Unsqueeze", ["last", "zero"], ["raised"], {}),
        ("Concat", ["h0", "raised"], ["out"], {"axis": 0}),
    ],
    {"x": floats(VOICES, FEATURES), "h": floats(1, VOICES, UNITS)},
    {
        "one": np.array([1]), "zero": np.array([0]), "turned_0": np.array([1, -1, FEATURES]),
        "turned_1": np.array([1, -1, UNITS]), "w0": floats(1, 4 * UNITS, FEATURES), "r0": floats(1, 4 * UNITS, UNITS),
        "w1": floats(1, 4 * UNITS, UNITS), "r1": floats(1, 4 * UNITS, UNITS),
    },
    {"Unsqueeze": 1, "LSTM": 2, "Concat": 1},
)  # fmt: skip
LINE: Case = (
    [
        ("Unsqueeze", ["x", "two"], ["plane"], {}),
        ("Conv", ["plane", "kernel"], ["seen"], {"kernel_shape": [1, 3], "pads": [0, 1, 0, 1]}),
        ("Squeeze", ["seen", "two"], ["line"], {}),
        ("Add", ["line", "bias"], ["out"], {}),
    ],
    {"x": floats(VOICES, 2, 8)},
    {"two": np.array([2]), "kernel": floats(4, 2, 1, 3), "bias": floats(1, 4, 1)},
    {"Conv": 1},
)
LIMITS: Case = (
    [("Min", ["x", "a"], ["less"], {}), ("Min", ["less", "b"], ["out"], {})],
    {"x": floats(VOICES, 6)},
    {"a": floats(6), "b": floats(6)},
    {"Min": 1},
)
TABLE: Case = (
    [("Sub", ["x", "shift"], ["row"], {}), ("Gather", ["table", "row"], ["out"], {})],
    {"x": np.array([[-4, -1, 0, 2]] * VOICES)},
    {"shift": np.array(-4), "table": floats(7, 2)},
    {"Gather": 1},
)
ADDED: Case = (
    [
        ("Unsqueeze", ["voice", "last"], ["voices"], {}),
        ("Unsqueeze", ["x", "last"], ["classes"], {}),
        ("Concat", ["voices", "classes"], ["pairs"], {"axis": 2}),
        ("ScatterND", ["logits", "pairs", "amounts"], ["out"], {"reduction": "add"}),
    ],
    {
        "x": np.array([[0, 5, 5]] * VOICES), "voice": np.repeat(np.arange(VOICES)[:, None], 3, 1),
        "logits": floats(VOICES, 6), "amounts": floats(VOICES, 3),
    },
    {"last": np.array([-1])},
    {"ScatterElements": 1},
)  # fmt: skip
PICKED: Case = (
    [
        ("Unsqueeze", ["x", "last"], ["places"], {}),
        ("GatherND", ["logits", "places"], ["log_probability"], {"batch_dims": 1}),
    ],
    {"x": np.array([[0, 5, 3]] * VOICES), "logits": floats(VOICES, 6)},
    {"last": np.array([-1])},
    {"GatherElements": 1},
)


@pytest.mark.parametrize(
    ("nodes", "inputs", "constants", "left"),
    [LAYERS, LINE, LIMITS, TABLE, ADDED, PICKED],
    ids=["layers", "line", "limits", "table", "added", "picked"],
)
def test_fewer_operations_compute_the_same(nodes, inputs, constants, left) -> None:
    output = nodes[-1][2][0]
    model = graph_of(nodes, inputs, constants, output)
    wanted = run(model, inputs)
    with_fewer_nodes(model)
    kinds = [node.op_type for node in model.graph.node]
    assert {kind: kinds.count(kind) for kind in kinds} == left
    np.testing.assert_allclose(run(model, inputs), wanted, rtol=0, atol=1e-6)
    assert all(any(one.name in node.input for node in model.graph.node) for one in model.graph.initializer)


def test_a_graph_that_is_written_otherwise_stays_as_it_is() -> None:
    nodes: list[Any] = [
        ("Min", ["x", "a"], ["less"], {}),
        ("Max", ["less", "a"], ["more"], {}),
        ("Add", ["more", "less"], ["out"], {}),
    ]
    inputs = {"x": floats(VOICES, 6)}
    model = graph_of(nodes, inputs, {"a": floats(6)}, "out")
    before = model.SerializeToString()
    with_fewer_nodes(model)
    assert model.SerializeToString() == before
