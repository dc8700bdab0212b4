"""Bundles of strangers whose checksum is right, and graphs that no bundle may hold.

Each is the known graph (tests/data/tiny.onnx) with something done to it. Making them needs the library `onnx`.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, load_from_string, numpy_helper

from lstm_composer.runtime.bundle.files import Bundle, write_bundle
from lstm_composer.runtime.music.event_encoding import DELTA_END, PITCHES, SILENT

Spoil = Callable[[ModelProto], object]


def spoilt_bundle(bundle: Bundle, spoil: Spoil, folder: Path) -> Path:
    """Write a bundle whose graph has been spoilt and whose card fits it; returns the card's path."""
    return write_bundle(*with_graph(bundle, spoilt_graph(bundle, spoil)), folder)


def spoilt_graph(bundle: Bundle, spoil: Spoil) -> bytes:
    """Return the graph of a bundle after something has been done to it."""
    model = load_from_string(bundle.onnx)
    spoil(model)
    return bytes(model.SerializeToString())


def with_graph(bundle: Bundle, graph: bytes) -> tuple[Any, bytes]:
    """Return a card that fits a graph, and the graph."""
    sum_ = hashlib.sha256(graph).hexdigest()
    return msgspec.structs.replace(bundle.card, onnx_bytes=len(graph), onnx_sha256=sum_), graph


def add(model: ModelProto, operator: str, *inputs: Any, domain: str = "", first: bool = False, **settings: Any) -> str:
    """Add an operation on names or constants; returns the name of what it makes."""
    names = [one if isinstance(one, str) else _constant(model, one) for one in inputs]
    made = f"made{len(model.graph.node)}"
    node = helper.make_node(operator, names, [made], domain=domain, **settings)
    model.graph.node.insert(0 if first else len(model.graph.node), node)
    return made


def instead(model: ModelProto, output: str, make: Callable[[str], str]) -> None:
    """Have an output of the graph be what `make` makes of it."""
    renamed = f"former {output}"
    for node in model.graph.node:
        node.output[:] = [renamed if name == output else name for name in node.output]
        node.input[:] = [renamed if name == output else name for name in node.input]
    made = make(renamed)
    for node in model.graph.node:
        node.output[:] = [output if name == made else name for name in node.output]


def always(model: ModelProto, output: str, values: Any) -> None:
    """Have an output be the same in every run."""
    dtype = np.float32 if output == "log_probability" else np.int32
    instead(
        model,
        output,
        lambda former: add(model, "Add", add(model, "Mul", former, np.array(0, dtype)), np.array(values, dtype)),
    )


def _constant(model: ModelProto, values: Any) -> str:
    name = f"constant{len(model.graph.initializer)}"
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    return name


def _subgraph(name: str) -> Any:
    made = helper.make_tensor_value_info("made", TensorProto.BOOL, [])
    return helper.make_graph([helper.make_node("Identity", ["condition"], ["made"])], name, [], [made])


def _loop(model: ModelProto) -> None:
    inputs = [helper.make_tensor_value_info("number", TensorProto.INT64, []),
              helper.make_tensor_value_info("condition", TensorProto.BOOL, [])]  # fmt: skip
    body = _subgraph("body")
    body.input.extend(inputs)
    model.graph.node.append(helper.make_node("Loop", ["", _constant(model, np.array(True))], [], body=body))  # noqa: FBT003


def _branch(model: ModelProto) -> None:
    condition = _constant(model, np.array(True))  # noqa: FBT003
    branches = {"then_branch": _subgraph("then"), "else_branch": _subgraph("else")}
    model.graph.node.append(helper.make_node("If", [condition], ["chosen"], **branches))


def _functions(model: ModelProto) -> None:
    """Thirty functions, each of which runs the one before it twice: 2**29 operations in 3 kB."""
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("evil", 1)]
    for depth in range(30):
        inner = "Neg" if depth == 0 else f"f{depth - 1}"
        domain = "" if depth == 0 else "evil"
        nodes = [
            helper.make_node(inner, ["x"], ["y"], domain=domain),
            helper.make_node(inner, ["y"], ["z"], domain=domain),
        ]
        model.functions.append(helper.make_function("evil", f"f{depth}", ["x"], ["z"], nodes, opsets))
    model.opset_import.append(opsets[1])
    add(model, "f29", "temperature", domain="evil")


def _in_a_file(model: ModelProto) -> None:
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="/etc/passwd")


def _doubled(model: ModelProto) -> None:
    made = "temperature"
    for _ in range(40):
        made = add(model, "Concat", made, made, axis=1)


def _declared_larger(model: ModelProto) -> None:
    weights = model.graph.initializer[0]
    del weights.dims[:]
    weights.dims.extend([1 << 20, 1 << 20])


def _stands_still(model: ModelProto) -> None:
    always(model, "next_event", [[0, 60, 24, 20]])
    always(model, "next_remaining", [[SILENT] * PITCHES])


def _sparse(model: ModelProto) -> None:
    values = numpy_helper.from_array(np.ones(1, np.float32), "sparse")
    places = numpy_helper.from_array(np.zeros(1, np.int64), "places")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [1 << 40]))


def _in_a_circle(model: ModelProto) -> None:
    model.graph.node.extend(
        [
            NodeProto(op_type="Neg", input=["one"], output=["other"]),
            NodeProto(op_type="Neg", input=["other"], output=["one"]),
        ]
    )


def _many(model: ModelProto) -> None:
    for _ in range(2500):
        add(model, "Neg", "temperature")


def _narrowed(model: ModelProto) -> None:
    """-2**31 by -1, which no int32 holds, ends the process: -1 is 2**32 - 1 that was made an int32."""
    place = add(model, "Mul", "position", np.array(0, np.int32))
    divisor = add(model, "Cast", add(model, "Gather", np.array([2**32 - 1]), place), to=TensorProto.INT32)
    add(model, "Mod", add(model, "Add", place, np.array(-(2**31), np.int32)), divisor)


FORBIDDEN: Final[dict[str, tuple[Spoil, str]]] = {
    "a loop": (_loop, "holds a graph within the graph, such as a loop"),
    "a scan": (lambda m: add(m, "Scan", "temperature"), "the operator Scan, which is none of those"),
    "a branch": (_branch, "holds a graph within the graph"),
    "a map of sequences": (lambda m: add(m, "SequenceMap", "temperature"), "the operator SequenceMap"),
    "functions within functions": (_functions, "holds functions, which no graph"),
    "an unknown domain": (lambda m: add(m, "Neg", "temperature", domain="com.microsoft"), "Neg of com.microsoft"),
    "onnx's domain by its other name": (lambda m: add(m, "Neg", "temperature", domain="ai.onnx"), "Neg of ai.onnx"),
    "weights in another file": (_in_a_file, "holds weights in another file"),
    "sparse weights": (_sparse, "holds sparse weights"),
    "weights larger than the file": (_declared_larger, "whose data are not of their shape"),
    "doubled forty times": (_doubled, "takes more memory|larger than any graph needs"),
    "multiplied with itself": (
        lambda m: add(m, "MatMul", np.ones((1 << 12, 1), np.float32), np.ones((1, 1 << 13), np.float32)),
        "takes more memory",
    ),
    "stretched": (lambda m: add(m, "Expand", "min_p", np.array([1 << 40, 1, 1])), "larger than any graph needs"),
    "repeated": (lambda m: add(m, "Tile", "min_p", np.array([1 << 40, 1])), "larger than any graph needs"),
    "repeated as often as is computed": (
        lambda m: add(m, "Tile", "min_p", add(m, "Cast", "position", to=TensorProto.INT64)),
        "not written in the graph",
    ),
    "one of two milliards": (
        lambda m: add(m, "OneHot", "meter", np.array([1 << 31]), np.zeros(2, np.float32)),
        "takes more memory|larger than any graph needs",
    ),
    "padded far out": (
        lambda m: add(m, "Conv", np.ones((1, 1, 4), np.float32), np.ones((1, 1, 1), np.float32), pads=[0, 1 << 33]),
        "takes more|larger than",
    ),
    "zeros of a computed shape": (lambda m: add(m, "ConstantOfShape", "event"), "the operator ConstantOfShape"),
    "a computed shape": (
        lambda m: add(m, "Expand", "min_p", add(m, "Cast", "position", to=TensorProto.INT64)),
        "not written in the graph",
    ),
    "random numbers": (lambda m: add(m, "RandomNormal", shape=[1 << 40]), "the operator RandomNormal"),
    "whole numbers divided by 0": (lambda m: add(m, "Div", "position", np.array(0, np.int32)), "by what may be 0"),
    "the rest of a division by 0": (lambda m: add(m, "Mod", "position", "meter"), "by what may be 0"),
    "divided by what was narrowed": (_narrowed, "by what may be 0"),
    "texts": (lambda m: add(m, "Cast", "min_p", to=TensorProto.STRING), "a type that is not allowed"),
    "a circle": (_in_a_circle, "which nothing before it makes"),
    "too many operations": (_many, "is too large"),
    "an old version": (lambda m: setattr(m.opset_import[0], "version", 7), "version 7 of ONNX's operators"),
    "two versions": (
        lambda m: m.opset_import.append(helper.make_opsetid("ai.onnx", 7)),
        "does not say in which version",
    ),
    "an empty tensor": (
        lambda m: add(m, "Slice", "min_p", np.array([0]), np.array([0]), np.array([1])),
        "gives an empty tensor",
    ),
    "another shape than the card's": (
        lambda m: instead(m, "next_event", lambda name: add(m, "Concat", name, name, axis=1)),
        "makes a next_event that is int32",
    ),
    "another type than the card's": (
        lambda m: instead(m, "next_event", lambda name: add(m, "Cast", name, to=TensorProto.INT64)),
        "makes a next_event that is int64",
    ),
    "an output less": (lambda m: m.graph.output.pop(), "next_remaining that is not there"),
    "an input more": (
        lambda m: m.graph.input.append(helper.make_tensor_value_info("surprise", TensorProto.FLOAT, [1])),
        r"has tensors that its card lacks \(surprise\)",
    ),
    "an output twice": (lambda m: m.graph.output.append(m.graph.output[0]), "two tensors of one name"),
}
"""What is done to the graph by what it then holds, and why it is refused."""

DISHONEST: Final[dict[str, tuple[Spoil, str]]] = {
    "only ends pieces": (
        lambda m: always(m, "next_event", [[DELTA_END, 0, 0, 0]]),
        "ends pieces where that is forbidden",
    ),
    "never goes on": (_stands_still, "more than 128 notes on one moment"),
    "makes no note": (lambda m: always(m, "next_event", [[0, 60, 0, 20]]), "16 events and no note"),
    "chooses what is no class": (lambda m: always(m, "next_event", [[0, 9999, 24, 20]]), "gave what is no note"),
    "chooses less than nothing": (lambda m: always(m, "next_event", [[-1, 60, 24, 20]]), "gave what is no note"),
    "computes with what is no number": (
        lambda m: always(m, "log_probability", [[np.nan] * 4]),
        "computes with what is no number",
    ),
    "fails after a while": (
        lambda m: instead(m, "next_position", lambda name: add(m, "Gather", np.zeros(7, np.int32), name, axis=0)),
        "its network failed",
    ),
}
"""Graphs that are allowed and whose music is none: what they do, and what is said while they play."""


def fails_after_notes(model: ModelProto) -> None:
    """Have every run fail from the 20th note of a piece on: the known graph counts its notes in its state."""
    highest = add(model, "ReduceMax", "next_h", np.array([0, 2]), keepdims=0)
    count = add(model, "Cast", highest, to=TensorProto.INT32)
    nothing = add(model, "Gather", np.zeros(20, np.int32), count, axis=0)
    instead(model, "next_position", lambda name: add(model, "Add", name, nothing))
