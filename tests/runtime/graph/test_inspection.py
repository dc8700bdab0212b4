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

from lstm_composer.runtime.bundle.files import Bundle, load_bundle
from lstm_composer.runtime.errors import BundleError, InputError
from lstm_composer.runtime.graph import inspection as graph_inspection
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.file import Node, read_graph
from lstm_composer.runtime.graph.gumbel_noise import gumbel_noise
from lstm_composer.runtime.graph.inputs import GraphInputs, stack_voices
from lstm_composer.runtime.graph.inspection import check_graph
from lstm_composer.runtime.graph.operators import OPERATORS
from lstm_composer.runtime.graph.tensors import Call, Tensor

onnx = pytest.importorskip("onnx", reason="only making such graphs needs onnx")

from onnx.reference import ReferenceEvaluator  # noqa: E402 - it is onnx

from tests.support.hostile_graphs import FORBIDDEN, add, instead, spoilt_graph, with_graph  # noqa: E402 - it needs onnx

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


def test_what_is_repeated_and_gathered_by_several_places(tiny_bundle: Bundle) -> None:
    """Shapes are followed to an output, so that a wrong one would be refused, here or by onnxruntime."""

    def spoil(model: Any) -> None:
        twice = add(model, "Tile", "min_p", np.array([1, 2]))
        places = add(model, "Tile", np.array([[[1]]]), np.array([1, 1, 1]))
        row = add(model, "GatherND", twice, add(model, "Slice", places, np.array([0]), np.array([1]), np.array([0])))
        zero = add(model, "Mul", add(model, "Softplus", row), np.array(0, np.float32))
        whole = add(model, "Cast", add(model, "ReduceSum", zero, keepdims=0), to=6)
        instead(model, "next_position", lambda name: add(model, "Add", name, whole))

    engine = Engine(Bundle(*with_graph(tiny_bundle, spoilt_graph(tiny_bundle, spoil))), "cpu")
    state = engine.start(2)
    tensors, noise = GraphInputs(style=(1.0,)).tensors(), gumbel_noise(0, 0)
    step = engine.step(state, stack_voices([tensors] * 2), stack_voices([noise] * 2))
    assert step.state.position.shape == (2,)


@pytest.mark.parametrize(
    ("batch", "places", "shape"),
    [
        pytest.param(0, [[0], [1]], (2, 5, 7), id="rows"),
        pytest.param(0, [[0, 1], [1, 4]], (2, 7), id="cells"),
        pytest.param(1, [[0], [4], [1]], (3, 7), id="one in each"),
        pytest.param(1, [[[0, 0], [1, 1]]] * 3, (3, 2), id="two in each"),
    ],
)
def test_places_of_several_numbers(batch: int, places: list[Any], shape: tuple[int, ...]) -> None:
    table = np.zeros((3, 5, 7), np.float32)
    made = followed("GatherND", table, np.array(places), batch_dims=batch)
    assert made.shape == shape
    node = onnx.helper.make_node("GatherND", ["table", "places"], ["made"], batch_dims=batch)
    (found,) = ReferenceEvaluator(node).run(None, {"table": table, "places": np.array(places)})
    assert np.shape(found) == shape


@pytest.mark.parametrize(
    ("operator", "inputs", "settings"),
    [
        ("GatherND", (np.zeros((3, 5), np.float32), np.zeros((2, 3), np.int64)), {}),
        ("GatherND", (np.zeros((3, 5), np.float32), np.zeros((2, 1), np.int64)), {"batch_dims": 1}),
        ("GatherND", (np.zeros((3, 5), np.float32), np.zeros((3, 1), np.int64)), {"batch_dims": -1}),
        ("GatherND", (np.zeros((3, 5), np.float32), np.zeros((3, 1), np.int64)), {"batch_dims": 2}),
        ("GatherND", (np.zeros((3, 5), np.float32), np.zeros((3, 0), np.int64)), {}),
        ("ScatterElements", (np.zeros((3, 5)), np.zeros((3, 2), np.int64), np.zeros((3, 1))), {"axis": 1}),
        ("ScatterElements", (np.zeros((3, 5)), np.zeros((4, 2), np.int64), np.zeros((4, 2))), {"axis": 1}),
        ("ScatterElements", (np.zeros((3, 5)), np.zeros(2, np.int64), np.zeros(2)), {"axis": 1}),
        ("Tile", (np.zeros((3, 5), np.float32), np.array([2])), {}),
        ("Tile", (np.zeros((3, 5), np.float32), np.array([2, -2])), {}),
        ("Tile", (np.zeros((3, 5), np.float32), np.array([2, 0])), {}),
        ("Pad", (np.zeros((3, 5), np.float32), np.array([1, 0, 0])), {}),
        ("Pad", (np.zeros((3, 5), np.float32), np.array([1, 0, 0, -1])), {}),
        ("Pad", (np.zeros((3, 5), np.float32), np.array([1, 0, 0, 1])), {"mode": b"wrap"}),
    ],
)
def test_places_and_times_that_do_not_fit(operator: str, inputs: tuple[Any, ...], settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="do not fit each other"):
        followed(operator, *inputs, **settings)


@pytest.mark.parametrize(("pads", "axes"), [([1, 0, 2, 3], None), ([4, 1], [1]), ([0, 2, 5, 0], [1, 0])])
def test_what_is_padded(pads: list[int], axes: list[int] | None) -> None:
    given = [np.zeros((3, 5), np.float32), np.array(pads), np.zeros((), np.float32)]
    if axes is not None:
        given.append(np.array(axes))
    node = onnx.helper.make_node("Pad", ["data", "pads", "value", "axes"][: len(given)], ["made"])
    (found,) = ReferenceEvaluator(node).run(None, dict(zip(node.input, given, strict=True)))
    assert followed("Pad", *given).shape == np.shape(found)


def followed(operator: str, *inputs: Any, **settings: Any) -> Tensor:
    """What is known of what an operation makes of constants."""
    given = [Tensor(one.shape, one.dtype, one.reshape(-1)) for one in inputs]
    node = Node(operator, "", ("given",) * len(given), ("made",), settings)
    return OPERATORS[operator](Call(node, given)).outputs[0]


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
    source = Path(__file__).parents[3] / "lstm_composer" / "export" / "onnx_model.py"
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
