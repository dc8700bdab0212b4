"""What is in an .onnx file, read without the library `onnx` and before onnxruntime sees any of it.

The format is Protocol Buffers' wire format (protobuf.dev, "Encoding") of the messages in onnx.proto (ONNX 1.16, IR
version 10). Only what the exporter writes is known here: whatever else a file holds (functions, graphs within graphs,
weights in other files, sparse or quantised tensors, training) is refused by the number of its field. Weights are passed
over by their length and never copied.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from runtime.errors import InputError

MOST_NODES: Final = 2048
"""The graphs that ship have 200."""
MOST_FIELDS: Final = 200_000
"""In the whole file: reading takes no longer than a blink, whatever is in it."""
MOST_WEIGHTS: Final = 4096
_MOST_RANK: Final = 8
KNOWN_ELEMENTS: Final = 64
"""Tensors of whole numbers no larger than this may be shapes or axes, and are looked into."""

_VARINT, _FIXED64, _COUNTED, _FIXED32 = 0, 1, 2, 5

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
    reader = _Reader(data)
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


class _Field(NamedTuple):
    """How a field of a message is read: under which name, by what, and whether it may come more than once."""

    name: str
    read: Callable[["_Reader", int, int], Any] | int
    many: bool = False
    most: int = MOST_FIELDS


_Message = Mapping[int, _Field | str]
"""Fields of a message by their numbers; a text says what is refused."""


class _Reader:
    """Reads messages of a file, counting their fields."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._fields_left = MOST_FIELDS

    def message(self, kind: _Message, start: int, end: int) -> dict[str, Any]:
        """Read one message: its fields by name, those that may come more than once as lists."""
        found: dict[str, Any] = {one.name: [] for one in kind.values() if isinstance(one, _Field) and one.many}
        for number, wire, value, stop in self._parts(start, end):
            field = kind.get(number)
            if field is None or isinstance(field, str):
                raise InputError(f"holds {field or f'a field {number}'}, which no graph of this program does")
            read = field.read
            if field.many:
                values = found[field.name]
                if isinstance(read, int):
                    values += self._numbers(read, wire, value, stop)
                else:
                    values.append(read(self, value, stop) if wire == _COUNTED else _mistaken())
                if len(values) > field.most:
                    raise InputError(f"is too large: {field.most} {field.name} at the most are allowed")
            elif field.name in found:
                raise InputError(f"says its {field.name} twice")
            elif isinstance(read, int):
                found[field.name] = value if wire == read else _mistaken()
            else:
                found[field.name] = read(self, value, stop) if wire == _COUNTED else _mistaken()
        return found

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int, Any, int]]:
        """Yield number, wire type and value of each field; of a counted one, where it starts and ends."""
        place, data = start, self.data
        while place < end:
            self._fields_left -= 1
            if self._fields_left < 0:
                raise InputError(f"is too large: {MOST_FIELDS} fields at the most are read")
            tag, place = data[place], place + 1
            if tag >= 0x80:
                tag, place = self._varint(place - 1)
            number, wire = tag >> 3, tag & 7
            if wire == _VARINT:
                value, stop = self._varint(place)
            elif wire == _COUNTED:
                length, value = self._varint(place)
                stop = value + length
            elif wire == _FIXED32:
                (value,), stop = struct.unpack_from("<f", data, place), place + 4
            else:
                raise InputError(f"is damaged: wire type {wire} in field {number}")
            if stop > end:
                raise InputError("is damaged: a part of it is longer than the whole")
            yield number, wire, value, stop
            place = stop

    def _varint(self, place: int) -> tuple[int, int]:
        byte = self.data[place]
        if byte < 0x80:
            return byte, place + 1
        value, shift = byte & 0x7F, 7
        for place in range(place + 1, place + 10):  # noqa: PLR1704, B020 - the place moves on
            byte = self.data[place]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, place + 1
            shift += 7
        raise InputError("is damaged: a number in it does not end")

    def _numbers(self, wanted: int, wire: int, value: Any, stop: int) -> list[Any]:
        """One number, or several that are packed together."""
        if wire == wanted:
            return [value]
        if wire != _COUNTED:
            _mistaken()
        if wanted == _FIXED32:
            count, rest = divmod(stop - value, 4)
            if rest:
                _mistaken()
            return list(struct.unpack_from(f"<{count}f", self.data, value))
        numbers, place = [], value
        while place < stop:
            number, place = self._varint(place)
            numbers.append(number)
        if place != stop:
            _mistaken()
        self._fields_left -= len(numbers)
        return numbers

    def text(self, start: int, end: int) -> str:
        return self.data[start:end].decode("utf-8")

    def passed_over(self, start: int, end: int) -> tuple[int, int]:
        return start, end

    def weights(self, start: int, end: int) -> Weights:
        found = self.message(_TENSOR, start, end)
        name, shape = found.get("name", ""), tuple(map(_signed, found["shape"]))
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
        values = np.frombuffer(self.data, dtype.newbyteorder("<"), count, first) if known else None
        return Weights(name, shape, dtype, values)

    def setting(self, start: int, end: int) -> tuple[str, Any]:
        found = self.message(_SETTING, start, end)
        kind = _SETTING_KINDS.get(found.get("type", 0))
        others = [name for name, _ in _SETTING_KINDS.values() if (kind is None or name != kind[0]) and found.get(name)]
        if kind is None or others:
            raise InputError(f"has a setting that is none: {found.get('name', '')}")
        value = found.get(*kind)
        if kind[0] in ("whole number", "whole numbers"):
            value = [_signed(one) for one in value] if isinstance(value, list) else _signed(value)
        return found.get("name", ""), value

    def node(self, start: int, end: int) -> Node:
        found = self.message(_NODE, start, end)
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

    def declared(self, start: int, end: int) -> Declared:
        found = self.message(_DECLARED, start, end)
        tensor = found.get("type", {}).get("tensor", {})
        if "shape" not in tensor:
            raise InputError(f"does not say of what shape {found.get('name', '')} is")
        shape = tuple(
            _signed(one["size"]) if "size" in one else one.get("varies", "") for one in tensor["shape"]["sizes"]
        )
        return Declared(found.get("name", ""), _element_type(tensor.get("type", 0)), shape)

    def operators(self, start: int, end: int) -> tuple[str, int]:
        found = self.message(_OPERATORS, start, end)
        return found.get("domain", ""), found.get("version", 0)


def _nested(kind: Callable[[], _Message]) -> Callable[[_Reader, int, int], dict[str, Any]]:
    return lambda reader, start, end: reader.message(kind(), start, end)


def _mistaken() -> Any:
    raise InputError("is damaged: a field is of another kind than it should be")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def _element_type(number: int) -> np.dtype[Any]:
    if number not in ELEMENT_TYPES:
        raise InputError(f"has elements of a type that is not allowed (number {number})")
    return ELEMENT_TYPES[number]


_TEXT: Final = _Reader.text
_PASSED_OVER: Final = _Reader.passed_over
_SETTING_KINDS: Final[Mapping[int, tuple[str, Any]]] = {
    1: ("number", 0.0), 2: ("whole number", 0), 3: ("text", ""), 6: ("numbers", []), 7: ("whole numbers", []),
    8: ("texts", []),
}  # fmt: skip
"""Where each kind of setting is, and what it is if it is not there."""
_TENSOR: Final[_Message] = {
    1: _Field("shape", _VARINT, many=True, most=_MOST_RANK),
    2: _Field("type", _VARINT),
    8: _Field("name", _TEXT),
    9: _Field("data", _PASSED_OVER),
    13: "weights in another file",
    14: "weights in another file",
}
_SETTING: Final[_Message] = {
    1: _Field("name", _TEXT),
    2: _Field("number", _FIXED32),
    3: _Field("whole number", _VARINT),
    4: _Field("text", _TEXT),
    6: "a graph within the graph, such as a loop",
    7: _Field("numbers", _FIXED32, many=True),
    8: _Field("whole numbers", _VARINT, many=True),
    9: _Field("texts", _TEXT, many=True),
    11: "graphs within the graph, such as a loop",
    13: _Field("description", _PASSED_OVER),
    20: _Field("type", _VARINT),
}
_NODE: Final[_Message] = {
    1: _Field("inputs", _TEXT, many=True),
    2: _Field("outputs", _TEXT, many=True),
    3: _Field("name", _PASSED_OVER),
    4: _Field("operator", _TEXT),
    5: _Field("settings", _Reader.setting, many=True),
    6: _Field("description", _PASSED_OVER),
    7: _Field("domain", _TEXT),
}
_SIZE: Final[_Message] = {1: _Field("size", _VARINT), 2: _Field("varies", _TEXT)}
_SHAPE: Final[_Message] = {1: _Field("sizes", _nested(lambda: _SIZE), many=True, most=_MOST_RANK)}
_TENSOR_TYPE: Final[_Message] = {1: _Field("type", _VARINT), 2: _Field("shape", _nested(lambda: _SHAPE))}
_TYPE: Final[_Message] = {1: _Field("tensor", _nested(lambda: _TENSOR_TYPE))}
_DECLARED: Final[_Message] = {
    1: _Field("name", _TEXT),
    2: _Field("type", _nested(lambda: _TYPE)),
    3: _Field("description", _PASSED_OVER),
}
_GRAPH: Final[_Message] = {
    1: _Field("nodes", _Reader.node, many=True, most=MOST_NODES),
    2: _Field("name", _PASSED_OVER),
    5: _Field("weights", _Reader.weights, many=True, most=MOST_WEIGHTS),
    10: _Field("description", _PASSED_OVER),
    11: _Field("inputs", _Reader.declared, many=True),
    12: _Field("outputs", _Reader.declared, many=True),
    15: "sparse weights",
}
_OPERATORS: Final[_Message] = {1: _Field("domain", _TEXT), 2: _Field("version", _VARINT)}
_MODEL: Final[_Message] = {
    1: _Field("format version", _VARINT),
    2: _Field("producer", _PASSED_OVER),
    3: _Field("producer version", _PASSED_OVER),
    4: _Field("domain", _PASSED_OVER),
    5: _Field("version", _VARINT),
    6: _Field("description", _PASSED_OVER),
    7: _Field("graph", _nested(lambda: _GRAPH)),
    8: _Field("operators", _Reader.operators, many=True, most=16),
    14: _Field("remarks", _PASSED_OVER, many=True, most=64),
    20: "a training",
    25: "functions",
}
