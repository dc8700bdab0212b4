"""Graphs that are run, and graphs that never reach onnxruntime."""

import ast
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.bundle import Bundle, load_bundle
from runtime.engine import Engine
from runtime.errors import BundleError, InputError
from runtime.graph import inspection as graph_inspection
from runtime.graph.file import read_graph
from runtime.graph.inspection import check_graph
from runtime.graph.operators import OPERATORS

onnx = pytest.importorskip("onnx", reason="only making such graphs needs onnx")

from tests.hostile_graphs import FORBIDDEN, add, spoilt_graph, with_graph  # noqa: E402 - it needs onnx

MODELS = Path(__file__).parents[3] / "models"


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.onnx.json")), ids=lambda path: path.name)
def test_what_ships_passes(path: Path) -> None:
    bundle = load_bundle(path)
    check_graph(bundle.onnx, bundle.card.inputs, bundle.card.outputs)


def test_a_graph_is_read_as_onnx_reads_it(tiny_bundle: Bundle) -> None:
    found, model = read_graph(tiny_bundle.onnx), onnx.load_from_string(tiny_bundle.onnx)
    assert [(node.operator, list(node.inputs), list(node.outputs)) for node in found.nodes] == [
        (node.op_type, list(node.input), list(node.output)) for node in model.graph.node
    ]
    for ours, theirs in zip(found.nodes, model.graph.node, strict=True):
        assert ours.settings == {one.name: onnx.helper.get_attribute_value(one) for one in theirs.attribute}
    for weights, tensor in zip(found.weights, model.graph.initializer, strict=True):
        values = onnx.numpy_helper.to_array(tensor)
        assert (weights.name, weights.shape, weights.dtype) == (tensor.name, values.shape, values.dtype)
        if weights.values is not None:
            assert weights.values.tolist() == values.reshape(-1).tolist()


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_refused_before_it_is_loaded(name: str, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil, why = FORBIDDEN[name]
    graph = spoilt_graph(tiny_bundle, spoil)
    monkeypatch.setattr("onnxruntime.InferenceSession", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(BundleError, match=why) as caught:
        Engine(Bundle(*with_graph(tiny_bundle, graph)), "cpu")
    assert str(caught.value).startswith("bundle tiny: its graph ")
    assert "\n" not in str(caught.value)


def test_sizes_may_be_computed_from_sizes(tiny_bundle: Bundle) -> None:
    """What the converter makes of a layer's first state, which it does in more ways than one."""

    def spoil(model: Any) -> None:
        sizes = add(model, "Shape", add(model, "Unsqueeze", "temperature", np.array([0])))
        turned = add(model, "Cast", add(model, "Gather", sizes, np.array([1, 0, 2])), to=6)
        voices = add(model, "Slice", turned, np.array([0]), np.array([1]), np.array([0]))
        twice = add(model, "Mul", add(model, "Add", voices, voices), np.array([13], np.int32))
        wanted = add(model, "Cast", add(model, "Concat", voices, twice, axis=0), to=7)
        add(model, "Expand", np.zeros((), np.float32), wanted)

    assert Engine(Bundle(*with_graph(tiny_bundle, spoilt_graph(tiny_bundle, spoil))), "cpu").device == "cpu"


def test_sizes_that_overflow(tiny_bundle: Bundle) -> None:
    def spoil(model: Any) -> None:
        large = np.array(1 << 62)
        huge = add(model, "Mul", add(model, "Mul", large, large), np.array(7))
        add(model, "Expand", "min_p", add(model, "Unsqueeze", huge, np.array([0])))

    with pytest.raises(BundleError, match="inputs that do not fit each other"):
        Engine(Bundle(*with_graph(tiny_bundle, spoilt_graph(tiny_bundle, spoil))), "cpu")


@pytest.mark.parametrize("name", ["Loop", "Scan", "If", "SequenceMap", "RandomNormal", "ConstantOfShape", "NonZero"])
def test_what_is_not_on_the_list(name: str) -> None:
    assert name not in OPERATORS


def test_a_graph_in_onnxruntimes_own_format(tiny_bundle: Bundle) -> None:
    """A file that begins as one of ONNX's and has onnxruntime's mark where that format has it."""
    name = b"ORTM" + bytes(8)
    graph = b"\x08\x08\x12" + bytes([len(name)]) + name
    with pytest.raises(BundleError, match="its graph is not there"):
        Engine(Bundle(*with_graph(tiny_bundle, graph)), "cpu")
    assert Engine(Bundle(*with_graph(tiny_bundle, marked(tiny_bundle.onnx))), "cpu").device == "cpu"


def marked(graph: bytes) -> bytes:
    """The same graph with a producer whose name is onnxruntime's mark, at its place."""
    model = onnx.load_from_string(graph)
    model.ClearField("producer_name")
    rest = bytes(model.SerializeToString())
    assert rest.startswith(b"\x08\x08")
    found = b"\x08\x08\x12\x08ORTM" + b"    " + rest[2:]
    assert found[4:8] == b"ORTM"
    return found


@given(st.data())
def test_bytes_that_are_changed_end_in_a_reason(tiny_bundle: Bundle, data: st.DataObject) -> None:
    graph = bytearray(tiny_bundle.onnx)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(graph) - 1))
        graph[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    card = tiny_bundle.card
    with suppress(InputError):
        check_graph(bytes(graph), card.inputs, card.outputs)


@pytest.mark.parametrize("field", [7, 8])  # floats, and whole numbers
def test_numbers_without_end_are_not_read(field: int) -> None:
    """Half a million numbers in one setting of one node."""

    def counted(number: int, content: bytes) -> bytes:
        length, size = len(content), bytearray()
        while length >= 0x80:
            size.append(length & 0x7F | 0x80)
            length >>= 7
        return bytes([number << 3 | 2]) + bytes([*size, length]) + content

    setting = counted(1, b"many") + counted(field, bytes(1 << 22))
    with pytest.raises(InputError, match="200000 fields at the most are read"):
        read_graph(counted(7, counted(1, counted(5, setting))))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_reason(data: bytes) -> None:
    with pytest.raises(InputError):
        read_graph(data)


def test_the_versions_are_those_that_the_exporter_writes() -> None:
    source = Path(__file__).parents[3] / "export" / "convert.py"
    tree = ast.parse(source.read_text(encoding="utf-8"))
    assigned = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    opset = assigned["OPSET"]
    assert isinstance(opset, ast.Constant)
    assert opset.value in graph_inspection.VERSIONS


def test_a_graph_of_another_size_than_its_card(tiny_bundle: Bundle) -> None:
    card = tiny_bundle.card
    wrong = [msgspec.structs.replace(card.inputs[0], shape=("voices", 5)), *card.inputs[1:]]
    with pytest.raises(InputError, match=r"a tensor event that is int32 .* the vocabulary does not match the weights"):
        check_graph(tiny_bundle.onnx, wrong, card.outputs)
