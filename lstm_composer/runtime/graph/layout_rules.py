"""Operators that move elements and compute none: shapes, parts, and elements by their places.

Each rule gives what comes of the shapes and types that go in; see `runtime.graph.operators`.
"""

from math import prod

import numpy as np

from lstm_composer.runtime.graph.file import KNOWN_ELEMENTS
from lstm_composer.runtime.graph.tensors import Call, Made, Tensor

_INT64 = np.dtype("int64")


def gathered(call: Call) -> Made:
    """Slices of a table along an axis, by their places."""
    table, places = call.tensor(0), call.tensor(1)
    axis = call.axis(call.setting("axis", 0), len(table.shape))
    shape = (*table.shape[:axis], *places.shape, *table.shape[axis + 1 :])
    values = None
    if table.values is not None and places.values is not None and prod(shape) <= KNOWN_ELEMENTS:
        length = table.shape[axis]
        call.check(holds=all(-length <= place < length for place in places.values))
        values = np.take(table.arranged(), places.arranged(), axis).reshape(-1)
    return Made([Tensor(shape, table.dtype, values, table.above_zero)])


def gathered_elements(call: Call) -> Made:
    """Single elements of a table, by their places along an axis."""
    table, places = call.tensor(0), call.tensor(1)
    call.axis(call.setting("axis", 0), len(table.shape))
    call.check(holds=len(table.shape) == len(places.shape))
    return Made([Tensor(places.shape, table.dtype)])


def scattered_elements(call: Call) -> Made:
    """A tensor with some elements put in, or added; onnxruntime refuses places that are outside."""
    table, places, put = call.tensor(0), call.tensor(1), call.tensor(2)
    call.axis(call.setting("axis", 0), len(table.shape))
    call.check(holds=len(table.shape) == len(places.shape) and places.shape == put.shape)
    call.check(holds=all(some <= size for some, size in zip(places.shape, table.shape, strict=True)))
    return Made([Tensor(table.shape, table.dtype)])


def gathered_many(call: Call) -> Made:
    """Elements or slices of a table, by their places along several axes."""
    table, places = call.tensor(0), call.tensor(1)
    batch = call.setting("batch_dims", 0)
    call.check(holds=0 <= batch < min(len(table.shape), len(places.shape)) and places.shape[-1] >= 1)
    depth = batch + places.shape[-1]
    call.check(holds=table.shape[:batch] == places.shape[:batch] and depth <= len(table.shape))
    return Made([Tensor((*places.shape[:-1], *table.shape[depth:]), table.dtype)])


def concatenated(call: Call) -> Made:
    """Several tensors behind one another along an axis."""
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


def split(call: Call) -> Made:
    """A tensor in several parts along an axis."""
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


def sliced(call: Call) -> Made:
    """Parts of a tensor along some axes."""
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


def padded(call: Call) -> Made:
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


def squeezed(call: Call) -> Made:
    """A tensor without axes of size 1."""
    given = call.tensor(0)
    axes = call.axes(call.known(1), len(given.shape))
    call.check(holds=all(given.shape[axis] == 1 for axis in axes))
    shape = tuple(size for axis, size in enumerate(given.shape) if axis not in axes)
    return Made([given._replace(shape=shape)])


def unsqueezed(call: Call) -> Made:
    """A tensor with more axes of size 1."""
    given, added = call.tensor(0), call.known(1)
    rank = len(given.shape) + len(added)
    axes, sizes = call.axes(added, rank), iter(given.shape)
    return Made([given._replace(shape=tuple(1 if axis in axes else next(sizes) for axis in range(rank)))])


def reshaped(call: Call) -> Made:
    """The same elements in another shape; 0 keeps a size, -1 is whatever is left."""
    given, wanted = call.tensor(0), call.known(1)
    call.check(holds=not call.setting("allowzero", 0) and min(wanted, default=0) >= -1 and wanted.count(-1) <= 1)
    call.check(holds=all(size or index < len(given.shape) for index, size in enumerate(wanted)))
    sizes = [size or given.shape[index] for index, size in enumerate(wanted)]
    fixed = prod(size for size in sizes if size > 0)
    call.check(holds=given.elements % fixed == 0)
    shape = tuple(given.elements // fixed if size < 0 else size for size in sizes)
    call.check(holds=prod(shape) == given.elements)
    return Made([given._replace(shape=shape)])


def transposed(call: Call) -> Made:
    """The axes in another order."""
    given = call.tensor(0)
    order = call.setting("perm", list(range(len(given.shape)))[::-1])
    call.check(holds=sorted(order) == list(range(len(given.shape))))
    return Made([Tensor(tuple(given.shape[axis] for axis in order), given.dtype)])


def expanded(call: Call) -> Made:
    """A tensor repeated along its axes of size 1, and along new ones."""
    given, wanted = call.tensor(0), call.known(1)
    call.check(holds=min(wanted, default=1) >= 1)
    return Made([Tensor(call.joint([given.shape, tuple(wanted)]), given.dtype)])


def repeated(call: Call) -> Made:
    """A tensor so many times along each axis."""
    given, times = call.tensor(0), call.known(1)
    call.check(holds=len(times) == len(given.shape) and min(times, default=1) >= 1)
    return Made([Tensor(tuple(size * many for size, many in zip(given.shape, times, strict=True)), given.dtype)])


def measured(call: Call) -> Made:
    """The sizes of a tensor, as a tensor."""
    shape = call.tensor(0).shape
    if call.node.settings or not shape:
        call.refuse("is set as none of ours is")
    return Made([Tensor((len(shape),), _INT64, np.array(shape, _INT64))])
