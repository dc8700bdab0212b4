"""Operators that give an element for each place: of one tensor, or of several that are stretched to one shape.

Each rule gives what comes of the shapes and types that go in; see `runtime.graph.operators`.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from math import prod
from typing import Any, Final

import numpy as np

from lstm_composer.runtime.graph.file import ELEMENT_TYPES, KNOWN_ELEMENTS
from lstm_composer.runtime.graph.tensors import Call, Made, Tensor

_BOOL, _INT32 = np.dtype("bool"), np.dtype("int32")
_COMPUTED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "Add": np.add,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mul": np.multiply,
    "Sub": np.subtract,
}
"""What sizes may be computed by."""


def stretched(call: Call) -> Made:
    """One tensor of several that are stretched to one shape."""
    given = [call.tensor(index) for index in range(max(1, len(call.inputs)))]
    joint = call.joint([one.shape for one in given])
    compute, known = _COMPUTED.get(call.node.operator), [one.arranged() for one in given if one.values is not None]
    values = None
    if compute is not None and len(known) == len(given) > 1 and prod(joint) <= KNOWN_ELEMENTS:
        with np.errstate(over="ignore"):  # it wraps around, here as there
            values = reduce(compute, known).reshape(-1)
    return Made([Tensor(joint, given[0].dtype, values)])


def compared(call: Call) -> Made:
    """As `stretched`, but true or false in each place."""
    return Made([stretched(call).outputs[0]._replace(dtype=_BOOL)])


def divided(call: Call) -> Made:
    """Division and its rest: one whole number by 0 would end the process, whatever it is doing."""
    divisor = call.tensor(1)
    if divisor.dtype.kind != "f" and not divisor.above_zero:
        call.refuse("divides whole numbers by what may be 0")
    return stretched(call)


def chosen(call: Call) -> Made:
    """In each place the element of one tensor or of another, as a third says."""
    joint = call.joint([call.tensor(index).shape for index in range(3)])
    return Made([Tensor(joint, call.tensor(1).dtype)])


def same(call: Call) -> Made:
    """A tensor of the same shape and type."""
    given = call.tensor(0)
    return Made([Tensor(given.shape, given.dtype)])


def cast(call: Call) -> Made:
    """The elements as another type."""
    given, number = call.tensor(0), call.setting("to", 0)
    dtype = ELEMENT_TYPES.get(number)
    if dtype is None:
        call.refuse(f"makes elements of a type that is not allowed (number {number})")
    # A whole number of fewer bits could become 0.
    is_kept = dtype.kind == given.dtype.kind == "i" and dtype.itemsize >= _INT32.itemsize
    values = given.values.astype(dtype) if given.values is not None and is_kept else None
    return Made([Tensor(given.shape, dtype, values, given.above_zero and is_kept)])


def accumulated(call: Call) -> Made:
    """Sums up to each element along an axis."""
    given = call.tensor(0)
    call.axes(call.known(1), len(given.shape))
    return Made([Tensor(given.shape, given.dtype)])
