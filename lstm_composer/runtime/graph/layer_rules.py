"""Operators that are layers of a network: products of matrices, convolution, the LSTM.

Each rule gives what comes of the shapes and types that go in; see `runtime.graph.operators`.
"""

from math import prod
from typing import Final

from lstm_composer.runtime.graph.tensors import Call, Made, Tensor

_CELL_GATES: Final = 4
_ACTIVATIONS: Final = frozenset({"Sigmoid", "Tanh", "Relu", "HardSigmoid"})


def multiplied(call: Call) -> Made:
    """Matrices, or stacks of them, multiplied."""
    left, right = call.tensor(0), call.tensor(1)
    call.check(holds=min(len(left.shape), len(right.shape)) >= 2)
    (*some, rows, inner), (*others, across, columns) = left.shape, right.shape
    call.check(holds=inner == across)
    shape = (*call.joint([tuple(some), tuple(others)]), rows, columns)
    return Made([Tensor(shape, left.dtype)], prod(shape) * inner)


def gemm(call: Call) -> Made:
    """Two matrices, either way up, multiplied; and a third added."""
    left, right = call.tensor(0).shape, call.tensor(1).shape
    call.check(holds=len(left) == len(right) == 2)
    rows, inner = left[::-1] if call.setting("transA", 0) else left
    across, columns = right[::-1] if call.setting("transB", 0) else right
    call.check(holds=inner == across)
    if call.has(2):
        call.check(holds=call.joint([call.tensor(2).shape, (rows, columns)]) == (rows, columns))
    return Made([Tensor((rows, columns), call.tensor(0).dtype)], rows * inner * columns)


def convolved(call: Call) -> Made:
    """A convolution along one axis or more."""
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


def lstm(call: Call) -> Made:
    """The LSTM layer, one way or both ways along the steps."""
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
