"""What is in an .onnx file, read without the library `onnx` and before onnxruntime sees any of it.

The messages are those of onnx.proto (ONNX 1.16, IR version 10). Only what the exporter writes is known here: whatever
else a file holds (functions, graphs within graphs, weights in other files, sparse or quantised tensors, training) is
refused. Weights are passed over by their length and never copied.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.graph.protobuf import (
    FIXED32,
    VARINT,
    Field,
    Message,
    Reader,
    nested,
    passed_over,
    signed,
    text,
)

MOST_NODES: Final = 2048
"""The graphs that ship have 260."""
MOST_WEIGHTS: Final = 4096
_MOST_RANK: Final = 8
KNOWN_ELEMENTS: Final = 128
"""Tensors of whole numbers no larger than this may be shapes or axes, and are looked into."""

ELEMENT_TYPES: Final[Mapping[int, np.dtype[Any]]] = {
    1: np.dtype("float32"), 2: np.dtype("uint8"), 3: np.dtype("int8"), 5: np.dtype("int16"), 6: np.dtype("int32"),
    7: np.dtype("int64"), 9: np.dtype("bool"), 10: np.dtype("float16"), 11: np.dtype("float64"),
}  # fmt: skip
"""Types of elements by the numbers that the format gives them; no text among them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A constant tensor.

    Attributes:
        name: Of the tensor.
        shape: Its sizes.
        dtype: Type of its elements.
        values: Flat, of small tensors of whole numbers; None for all others.

    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    values: NDArray[Any] | None


@dataclass(frozen=True, slots=True)
class Node:
    """One operation: its operator, the names of what goes in and comes out ("" for what is left out), its settings."""

    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Declared:
    """An input or an output of the graph; a size is a number, or a name where it varies."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class GraphFile:
    """A graph as its file has it.

    Attributes:
        version: Of the operators of ONNX itself (its "opset").
        nodes: In the order in which they run.
        weights: Constant tensors.
        inputs: What it is given.
        outputs: What it gives.

    """

    version: int
    nodes: tuple[Node, ...]
    weights: tuple[Weights, ...]
    inputs: tuple[Declared, ...]
    outputs: tuple[Declared, ...]


def read_graph(data: bytes) -> GraphFile:
    """Read the contents of an .onnx file.

    Raises:
        InputError: If it is none, or holds what no graph of ours does; the message is a reason that follows the words
            "its graph".

    """
    reader = Reader(data)
    try:
        model = reader.message(_MODEL, 0, len(data))
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise InputError("is damaged: it ends, or is no text, where it should not") from error
    graph = model.get("graph")
    if graph is None:
        raise InputError("is not there: the file is empty, or no .onnx file")
    versions = [version for domain, version in model["operators"] if domain in ("", "ai.onnx")]
    if len(versions) != 1:
        raise InputError("does not say in which version of ONNX's operators it is written")
    return GraphFile(
        version=versions[0],
        nodes=tuple(graph["nodes"]),
        weights=tuple(graph["weights"]),
        inputs=tuple(graph["inputs"]),
        outputs=tuple(graph["outputs"]),
    )


def _element_type(number: int) -> np.dtype[Any]:
    if number not in ELEMENT_TYPES:
        raise InputError(f"has elements of a type that is not allowed (number {number})")
    return ELEMENT_TYPES[number]


_TENSOR: Final[Message] = {
    1: Field("shape", VARINT, many=True, most=_MOST_RANK),
    2: Field("type", VARINT),
    8: Field("name", text),
    9: Field("data", passed_over),
    13: "weights in another file",
    14: "weights in another file",
}


def _weights(reader: Reader, start: int, end: int) -> Weights:
    found = reader.message(_TENSOR, start, end)
    name, shape = found.get("name", ""), tuple(map(signed, found["shape"]))
    dtype = _element_type(found.get("type", 0))
    if any(size < 1 for size in shape) or len(shape) > _MOST_RANK:
        raise InputError(f"has weights of the shape {shape}: {name}")
    first, last = found.get("data", (0, 0))
    count = 1
    for size in shape:  # whole numbers of any size: they cannot overflow
        count *= size
    if last - first != count * dtype.itemsize:
        raise InputError(f"has weights whose data are not of their shape {shape}: {name}")
    known = dtype.kind in "iu" and count <= KNOWN_ELEMENTS
    values = np.frombuffer(reader.data, dtype.newbyteorder("<"), count, first) if known else None
    return Weights(name, shape, dtype, values)


_SETTING_KINDS: Final[Mapping[int, tuple[str, Any]]] = {
    1: ("number", 0.0), 2: ("whole number", 0), 3: ("text", ""), 6: ("numbers", []), 7: ("whole numbers", []),
    8: ("texts", []),
}  # fmt: skip
"""Where each kind of setting is, and what it is if it is not there."""
_SETTING: Final[Message] = {
    1: Field("name", text),
    2: Field("number", FIXED32),
    3: Field("whole number", VARINT),
    4: Field("text", text),
    6: "a graph within the graph, such as a loop",
    7: Field("numbers", FIXED32, many=True),
    8: Field("whole numbers", VARINT, many=True),
    9: Field("texts", text, many=True),
    11: "graphs within the graph, such as a loop",
    13: Field("description", passed_over),
    20: Field("type", VARINT),
}


def _setting(reader: Reader, start: int, end: int) -> tuple[str, Any]:
    found = reader.message(_SETTING, start, end)
    kind = _SETTING_KINDS.get(found.get("type", 0))
    others = [name for name, _ in _SETTING_KINDS.values() if (kind is None or name != kind[0]) and found.get(name)]
    if kind is None or others:
        raise InputError(f"has a setting that is none: {found.get('name', '')}")
    value = found.get(*kind)
    if kind[0] in ("whole number", "whole numbers"):
        value = [signed(one) for one in value] if isinstance(value, list) else signed(value)
    return found.get("name", ""), value


_NODE: Final[Message] = {
    1: Field("inputs", text, many=True),
    2: Field("outputs", text, many=True),
    3: Field("name", passed_over),
    4: Field("operator", text),
    5: Field("settings", _setting, many=True),
    6: Field("description", passed_over),
    7: Field("domain", text),
}


def _node(reader: Reader, start: int, end: int) -> Node:
    found = reader.message(_NODE, start, end)
    settings = dict(found["settings"])
    if len(settings) != len(found["settings"]):
        raise InputError("has a setting twice")
    return Node(
        found.get("operator", ""),
        found.get("domain", ""),
        tuple(found["inputs"]),
        tuple(found["outputs"]),
        settings,
    )


_SIZE: Final[Message] = {1: Field("size", VARINT), 2: Field("varies", text)}
_SHAPE: Final[Message] = {1: Field("sizes", nested(_SIZE), many=True, most=_MOST_RANK)}
_TENSOR_TYPE: Final[Message] = {1: Field("type", VARINT), 2: Field("shape", nested(_SHAPE))}
_TYPE: Final[Message] = {1: Field("tensor", nested(_TENSOR_TYPE))}
_DECLARED: Final[Message] = {
    1: Field("name", text),
    2: Field("type", nested(_TYPE)),
    3: Field("description", passed_over),
}


def _declared(reader: Reader, start: int, end: int) -> Declared:
    found = reader.message(_DECLARED, start, end)
    tensor = found.get("type", {}).get("tensor", {})
    if "shape" not in tensor:
        raise InputError(f"does not say of what shape {found.get('name', '')} is")
    shape = tuple(signed(one["size"]) if "size" in one else one.get("varies", "") for one in tensor["shape"]["sizes"])
    return Declared(found.get("name", ""), _element_type(tensor.get("type", 0)), shape)


_OPERATORS: Final[Message] = {1: Field("domain", text), 2: Field("version", VARINT)}


def _operators(reader: Reader, start: int, end: int) -> tuple[str, int]:
    found = reader.message(_OPERATORS, start, end)
    return found.get("domain", ""), found.get("version", 0)


_GRAPH: Final[Message] = {
    1: Field("nodes", _node, many=True, most=MOST_NODES),
    2: Field("name", passed_over),
    5: Field("weights", _weights, many=True, most=MOST_WEIGHTS),
    10: Field("description", passed_over),
    11: Field("inputs", _declared, many=True),
    12: Field("outputs", _declared, many=True),
    15: "sparse weights",
}
_MODEL: Final[Message] = {
    1: Field("format version", VARINT),
    2: Field("producer", passed_over),
    3: Field("producer version", passed_over),
    4: Field("domain", passed_over),
    5: Field("version", VARINT),
    6: Field("description", passed_over),
    7: Field("graph", nested(_GRAPH)),
    8: Field("operators", _operators, many=True, most=16),
    14: Field("remarks", passed_over, many=True, most=64),
    20: "a training",
    25: "functions",
}
