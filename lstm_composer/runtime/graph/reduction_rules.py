"""Operators that make one element, or a few, of all along an axis; and one that does the reverse.

Each rule gives what comes of the shapes and types that go in; see `runtime.graph.operators`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lstm_composer.runtime.graph.tensors import Call, Made, Tensor

_INT64 = np.dtype("int64")


def reduced(call: Call) -> Made:
    """One number of all along some axes, or along all."""
    rank = len(call.tensor(0).shape)
    axes = call.axes(call.known(1), rank) if call.has(1) else []
    every = not axes and not call.setting("noop_with_empty_axes", 0)
    return _without(call, range(rank) if every else axes)


def place_of_most(call: Call) -> Made:
    """Where along an axis the largest or the smallest element is."""
    return _without(call, [call.axis(call.setting("axis", 0), len(call.tensor(0).shape))], _INT64)


def _without(call: Call, axes: Sequence[int], dtype: np.dtype[Any] | None = None) -> Made:
    given = call.tensor(0)
    keeps = call.setting("keepdims", 1)
    sizes = [(1 if axis in axes else size) for axis, size in enumerate(given.shape) if keeps or axis not in axes]
    return Made([Tensor(tuple(sizes), dtype or given.dtype)])


def most(call: Call) -> Made:
    """The largest elements along an axis, and where they are."""
    given, (count,) = call.tensor(0), call.known(1) if call.tensor(1).shape == (1,) else [0]
    axis = call.axis(call.setting("axis", -1), len(given.shape))
    call.check(holds=1 <= count <= given.shape[axis])
    shape = (*given.shape[:axis], count, *given.shape[axis + 1 :])
    return Made([Tensor(shape, given.dtype), Tensor(shape, _INT64)])


def one_hot(call: Call) -> Made:
    """A new axis with one element on, the others off."""
    places, (classes,) = call.tensor(0), call.known(1) if call.tensor(1).elements == 1 else [0]
    call.check(holds=classes >= 1 and call.tensor(2).shape == (2,))
    axis = call.axis(call.setting("axis", -1), len(places.shape) + 1)
    return Made([Tensor((*places.shape[:axis], classes, *places.shape[axis:]), call.tensor(2).dtype)])
