"""The operators that a graph may use, and what each makes of the shapes and types that it is given.

This is the list: what is not in OPERATORS is refused. Whoever lets the exporter write another operator adds it here
with its rule, from the operator's own page (onnx.ai, operators of version 18). A rule gives the exact shape, so that a
graph's memory and time are known before it runs; where the shape hangs on values that are computed, it refuses.

None of these can stop the process where its rule is kept: whole numbers are divided only by what is known not to be 0.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from math import prod
from typing import Any, Final

import numpy as np

from runtime.graph.file import ELEMENT_TYPES, KNOWN_ELEMENTS
from runtime.graph.tensors import Call, Made, Shape, Tensor

_BOOL, _INT32, _INT64 = np.dtype("bool"), np.dtype("int32"), np.dtype("int64")
_CELL_GATES: Final = 4
_ACTIVATIONS: Final = frozenset({"Sigmoid", "Tanh", "Relu", "HardSigmoid"})


Rule = Callable[[Call], Made]
_COMPUTED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "Add": np.add,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mul": np.multiply,
    "Sub": np.subtract,
}
"""What sizes may be computed by."""


def _joint(call: Call, shapes: Sequence[Shape]) -> Shape:
    """The shape to which several are stretched."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return call.refuse(f"has inputs that do not fit each other: {', '.join(map(str, shapes))}")


def _stretched(call: Call) -> Made:
    given = [call.tensor(index) for index in range(max(1, len(call.inputs)))]
    joint = _joint(call, [one.shape for one in given])
    compute, known = _COMPUTED.get(call.node.operator), [one.arranged() for one in given if one.values is not None]
    values = None
    if compute is not None and len(known) == len(given) > 1 and prod(joint) <= KNOWN_ELEMENTS:
        with np.errstate(over="ignore"):  # it wraps around, here as there
            values = reduce(compute, known).reshape(-1)
    return Made([Tensor(joint, given[0].dtype, values)])


def _compared(call: Call) -> Made:
    return Made([_stretched(call).outputs[0]._replace(dtype=_BOOL)])


def _divided(call: Call) -> Made:
    """Division and its rest: one whole number by 0 would end the process, whatever it is doing."""
    divisor = call.tensor(1)
    if divisor.dtype.kind != "f" and not divisor.above_zero:
        call.refuse("divides whole numbers by what may be 0")
    return _stretched(call)


def _chosen(call: Call) -> Made:
    joint = _joint(call, [call.tensor(index).shape for index in range(3)])
    return Made([Tensor(joint, call.tensor(1).dtype)])


def _same(call: Call) -> Made:
    given = call.tensor(0)
    return Made([Tensor(given.shape, given.dtype)])


def _cast(call: Call) -> Made:
    given, number = call.tensor(0), call.setting("to", 0)
    dtype = ELEMENT_TYPES.get(number)
    if dtype is None:
        call.refuse(f"makes elements of a type that is not allowed (number {number})")
    # A whole number of fewer bits could become 0.
    is_kept = dtype.kind == given.dtype.kind == "i" and dtype.itemsize >= _INT32.itemsize
    values = given.values.astype(dtype) if given.values is not None and is_kept else None
    return Made([Tensor(given.shape, dtype, values, given.above_zero and is_kept)])


def _accumulated(call: Call) -> Made:
    given = call.tensor(0)
    call.axes(call.known(1), len(given.shape))
    return Made([Tensor(given.shape, given.dtype)])


def _multiplied(call: Call) -> Made:
    left, right = call.tensor(0), call.tensor(1)
    call.check(holds=min(len(left.shape), len(right.shape)) >= 2)
    (*some, rows, inner), (*others, across, columns) = left.shape, right.shape
    call.check(holds=inner == across)
    shape = (*_joint(call, [tuple(some), tuple(others)]), rows, columns)
    return Made([Tensor(shape, left.dtype)], prod(shape) * inner)


def _gemm(call: Call) -> Made:
    left, right = call.tensor(0).shape, call.tensor(1).shape
    call.check(holds=len(left) == len(right) == 2)
    rows, inner = left[::-1] if call.setting("transA", 0) else left
    across, columns = right[::-1] if call.setting("transB", 0) else right
    call.check(holds=inner == across)
    if call.has(2):
        call.check(holds=_joint(call, [call.tensor(2).shape, (rows, columns)]) == (rows, columns))
    return Made([Tensor((rows, columns), call.tensor(0).dtype)], rows * inner * columns)


def _convolved(call: Call) -> Made:
    given, kernel = call.tensor(0), call.tensor(1)
    call.check(holds=len(given.shape) == len(kernel.shape) >= 3)
    (voices, planes, *sizes), (filters, group_planes, *widths) = given.shape, kernel.shape
    rank, groups = len(sizes), call.setting("group", 1)
    strides, dilations = call.setting("strides", [1] * rank), call.setting("dilations", [1] * rank)
    pads, kernel_shape = call.setting("pads", [0] * 2 * rank), call.setting("kernel_shape", widths)
    plain = call.setting("auto_pad", "NOTSET") == "NOTSET" and groups >= 1 and kernel_shape == widths
    counts = len(strides) == len(dilations) == rank and len(pads) == 2 * rank
    call.check(holds=plain and counts and min(*strides, *dilations, 1) == 1 and min(pads) >= 0)
    call.check(holds=planes == groups * group_planes and filters % groups == 0)
    call.check(holds=not call.has(2) or call.tensor(2).shape == (filters,))
    spans = [dilation * (width - 1) + 1 for dilation, width in zip(dilations, widths, strict=True)]
    padded = [size + before + after for size, before, after in zip(sizes, pads[:rank], pads[rank:], strict=True)]
    call.check(holds=all(span <= size for span, size in zip(spans, padded, strict=True)))
    along = [(size - span) // stride + 1 for size, span, stride in zip(padded, spans, strides, strict=True)]
    shape = (voices, filters, *along)
    # Padded and unfolded, what goes in takes memory of its own.
    unfolded = voices * planes * prod(widths) * prod(along) + voices * planes * prod(padded)
    return Made([Tensor(shape, given.dtype)], prod(shape) * group_planes * prod(widths) + unfolded)


def _lstm(call: Call) -> Made:
    given, kernel, recurrent = (call.tensor(index) for index in range(3))
    call.check(holds=len(given.shape) == len(kernel.shape) == len(recurrent.shape) == 3)
    steps, voices, features = given.shape
    both = call.setting("direction", "forward") == "bidirectional"
    ways, units = 1 + both, call.setting("hidden_size", 0)
    names = call.setting("activations", ["Sigmoid", "Tanh", "Tanh"] * ways)
    if call.setting("layout", 0) or call.has(4) or len(names) != 3 * ways or not _ACTIVATIONS.issuperset(names):
        call.refuse("is set as none of ours is")
    state, biases = (ways, voices, units), (ways, 2 * _CELL_GATES * units)
    call.check(holds=kernel.shape == (ways, _CELL_GATES * units, features))
    call.check(holds=recurrent.shape == (ways, _CELL_GATES * units, units))
    optional = {3: biases, 5: state, 6: state, 7: (ways, 3 * units)}
    call.check(holds=all(not call.has(index) or call.tensor(index).shape == shape for index, shape in optional.items()))
    shapes = [(steps, ways, voices, units), state, state]
    work = steps * voices * (kernel.elements + recurrent.elements)
    return Made([Tensor(shape, given.dtype) for shape in shapes], work)


def _gathered(call: Call) -> Made:
    table, places = call.tensor(0), call.tensor(1)
    axis = call.axis(call.setting("axis", 0), len(table.shape))
    shape = (*table.shape[:axis], *places.shape, *table.shape[axis + 1 :])
    values = None
    if table.values is not None and places.values is not None and prod(shape) <= KNOWN_ELEMENTS:
        length = table.shape[axis]
        call.check(holds=all(-length <= place < length for place in places.values))
        values = np.take(table.arranged(), places.arranged(), axis).reshape(-1)
    return Made([Tensor(shape, table.dtype, values, table.above_zero)])


def _gathered_elements(call: Call) -> Made:
    table, places = call.tensor(0), call.tensor(1)
    call.axis(call.setting("axis", 0), len(table.shape))
    call.check(holds=len(table.shape) == len(places.shape))
    return Made([Tensor(places.shape, table.dtype)])


def _gathered_many(call: Call) -> Made:
    table, places = call.tensor(0), call.tensor(1)
    batch = call.setting("batch_dims", 0)
    call.check(holds=0 <= batch < min(len(table.shape), len(places.shape)) and places.shape[-1] >= 1)
    depth = batch + places.shape[-1]
    call.check(holds=table.shape[:batch] == places.shape[:batch] and depth <= len(table.shape))
    return Made([Tensor((*places.shape[:-1], *table.shape[depth:]), table.dtype)])


def _concatenated(call: Call) -> Made:
    given = [call.tensor(index) for index in range(max(1, len(call.inputs)))]
    first = given[0].shape
    axis = call.axis(call.setting("axis", 0), len(first))
    rest = [one.shape[:axis] + one.shape[axis + 1 :] for one in given]
    call.check(
        holds=all(len(one.shape) == len(first) and other == rest[0] for one, other in zip(given, rest, strict=True))
    )
    length = sum(one.shape[axis] for one in given)
    values = [one.values for one in given if one.values is not None]
    is_known = len(first) == 1 and len(values) == len(given) and length <= KNOWN_ELEMENTS
    joint = np.concatenate(values) if is_known else None
    return Made([Tensor((*first[:axis], length, *first[axis + 1 :]), given[0].dtype, joint)])


def _squeezed(call: Call) -> Made:
    given = call.tensor(0)
    axes = call.axes(call.known(1), len(given.shape))
    call.check(holds=all(given.shape[axis] == 1 for axis in axes))
    shape = tuple(size for axis, size in enumerate(given.shape) if axis not in axes)
    return Made([given._replace(shape=shape)])


def _unsqueezed(call: Call) -> Made:
    given, added = call.tensor(0), call.known(1)
    rank = len(given.shape) + len(added)
    axes, sizes = call.axes(added, rank), iter(given.shape)
    return Made([given._replace(shape=tuple(1 if axis in axes else next(sizes) for axis in range(rank)))])


def _reshaped(call: Call) -> Made:
    given, wanted = call.tensor(0), call.known(1)
    call.check(holds=not call.setting("allowzero", 0) and min(wanted, default=0) >= -1 and wanted.count(-1) <= 1)
    call.check(holds=all(size or index < len(given.shape) for index, size in enumerate(wanted)))
    sizes = [size or given.shape[index] for index, size in enumerate(wanted)]
    fixed = prod(size for size in sizes if size > 0)
    call.check(holds=given.elements % fixed == 0)
    shape = tuple(given.elements // fixed if size < 0 else size for size in sizes)
    call.check(holds=prod(shape) == given.elements)
    return Made([given._replace(shape=shape)])


def _transposed(call: Call) -> Made:
    given = call.tensor(0)
    order = call.setting("perm", list(range(len(given.shape)))[::-1])
    call.check(holds=sorted(order) == list(range(len(given.shape))))
    return Made([Tensor(tuple(given.shape[axis] for axis in order), given.dtype)])


def _expanded(call: Call) -> Made:
    given, wanted = call.tensor(0), call.known(1)
    call.check(holds=min(wanted, default=1) >= 1)
    return Made([Tensor(_joint(call, [given.shape, tuple(wanted)]), given.dtype)])


def _repeated(call: Call) -> Made:
    given, times = call.tensor(0), call.known(1)
    call.check(holds=len(times) == len(given.shape) and min(times, default=1) >= 1)
    return Made([Tensor(tuple(size * many for size, many in zip(given.shape, times, strict=True)), given.dtype)])


def _padded(call: Call) -> Made:
    """Constants around a tensor; nothing is taken away, and nothing repeated."""
    given, pads = call.tensor(0), call.known(1)
    rank = len(given.shape)
    axes = call.axes(call.known(3) if call.has(3) else range(rank), rank)
    is_constant = call.node.settings.get("mode", "constant") in ("constant", b"constant")
    call.check(holds=is_constant and len(pads) == 2 * len(axes) and min(pads, default=0) >= 0)
    shape = list(given.shape)
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        shape[axis] += before + after
    return Made([Tensor(tuple(shape), given.dtype)])


def _sliced(call: Call) -> Made:
    given, starts, ends = call.tensor(0), call.known(1), call.known(2)
    rank = len(given.shape)
    axes = call.axes(call.known(3) if call.has(3) else range(len(starts)), rank)
    steps = call.known(4) if call.has(4) else [1] * len(starts)
    call.check(holds=len(starts) == len(ends) == len(axes) == len(steps) and 0 not in steps)
    shape = list(given.shape)
    parts = [slice(None)] * rank
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        parts[axis] = slice(start, end, step)
        shape[axis] = len(range(*parts[axis].indices(given.shape[axis])))
    values = None if given.values is None else given.arranged()[tuple(parts)].reshape(-1)
    return Made([Tensor(tuple(shape), given.dtype, values)])


def _measured(call: Call) -> Made:
    """The sizes of a tensor, as a tensor."""
    shape = call.tensor(0).shape
    if call.node.settings or not shape:
        call.refuse("is set as none of ours is")
    return Made([Tensor((len(shape),), _INT64, np.array(shape, _INT64))])


def _split(call: Call) -> Made:
    given = call.tensor(0)
    axis = call.axis(call.setting("axis", 0), len(given.shape))
    size, count = given.shape[axis], len(call.node.outputs)
    if call.has(1):
        parts = call.known(1)
    else:
        call.check(holds=call.setting("num_outputs", 0) == count and count >= 1)
        longest = -(-size // count)
        parts = [min(longest, size - start) for start in range(0, size, longest)]
    call.check(holds=len(parts) == count and sum(parts) == size and min(parts) >= 1)
    return Made([Tensor((*given.shape[:axis], part, *given.shape[axis + 1 :]), given.dtype) for part in parts])


def _without(call: Call, axes: Sequence[int], dtype: np.dtype[Any] | None = None) -> Made:
    given = call.tensor(0)
    keeps = call.setting("keepdims", 1)
    sizes = [(1 if axis in axes else size) for axis, size in enumerate(given.shape) if keeps or axis not in axes]
    return Made([Tensor(tuple(sizes), dtype or given.dtype)])


def _reduced(call: Call) -> Made:
    rank = len(call.tensor(0).shape)
    axes = call.axes(call.known(1), rank) if call.has(1) else []
    every = not axes and not call.setting("noop_with_empty_axes", 0)
    return _without(call, range(rank) if every else axes)


def _place_of_most(call: Call) -> Made:
    return _without(call, [call.axis(call.setting("axis", 0), len(call.tensor(0).shape))], _INT64)


def _one_hot(call: Call) -> Made:
    places, (classes,) = call.tensor(0), call.known(1) if call.tensor(1).elements == 1 else [0]
    call.check(holds=classes >= 1 and call.tensor(2).shape == (2,))
    axis = call.axis(call.setting("axis", -1), len(places.shape) + 1)
    return Made([Tensor((*places.shape[:axis], classes, *places.shape[axis:]), call.tensor(2).dtype)])


def _most(call: Call) -> Made:
    given, (count,) = call.tensor(0), call.known(1) if call.tensor(1).shape == (1,) else [0]
    axis = call.axis(call.setting("axis", -1), len(given.shape))
    call.check(holds=1 <= count <= given.shape[axis])
    shape = (*given.shape[:axis], count, *given.shape[axis + 1 :])
    return Made([Tensor(shape, given.dtype), Tensor(shape, _INT64)])


OPERATORS: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(("Add", "Max", "Mean", "Min", "Mul", "Sub", "Sum", "And", "Or", "Xor"), _stretched),
    **dict.fromkeys(("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"), _compared),
    **dict.fromkeys(("Abs", "Ceil", "Clip", "Exp", "Floor", "Identity", "Log", "LogSoftmax", "Neg", "Not"), _same),
    **dict.fromkeys(("Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Softmax", "Softplus", "Sqrt", "Tanh"), _same),
    **dict.fromkeys(("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"), _reduced),
    **dict.fromkeys(("ArgMax", "ArgMin"), _place_of_most),
    **dict.fromkeys(("Div", "Mod"), _divided),
    "Cast": _cast,
    "Concat": _concatenated,
    "Conv": _convolved,
    "CumSum": _accumulated,
    "Expand": _expanded,
    "Gather": _gathered,
    "GatherElements": _gathered_elements,
    "GatherND": _gathered_many,
    "Gemm": _gemm,
    "LSTM": _lstm,
    "MatMul": _multiplied,
    "OneHot": _one_hot,
    "Pad": _padded,
    "Reshape": _reshaped,
    "Shape": _measured,
    "Slice": _sliced,
    "Split": _split,
    "Squeeze": _squeezed,
    "Tile": _repeated,
    "TopK": _most,
    "Transpose": _transposed,
    "Unsqueeze": _unsqueezed,
    "Where": _chosen,
}
"""By name; all of ONNX's own domain."""
