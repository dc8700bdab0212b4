"""What is known of a graph's tensors before it runs, and how a rule asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, Never

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.graph.file import Node

Shape = tuple[int, ...]
LARGEST_DIVISOR = 2**31 - 1
"""A larger one could become 0, or less, where it is made an int32."""


class Tensor(NamedTuple):
    """What is known of a tensor before the graph runs.

    Attributes:
        shape: Its sizes.
        dtype: Type of its elements.
        values: Flat; None where they are not known.
        above_zero: Whether all its elements are known to be from 1 to LARGEST_DIVISOR.

    """

    shape: Shape
    dtype: np.dtype[Any]
    values: NDArray[Any] | None = None
    above_zero: bool = False

    @property
    def elements(self) -> int:
        """How many elements it has."""
        return prod(self.shape)

    def arranged(self) -> NDArray[Any]:
        """Return the values in the tensor's shape; only where they are known."""
        if self.values is None:
            raise ValueError("the values are not known")
        return self.values.reshape(self.shape)


class Made(NamedTuple):
    """What an operation gives, and how many multiplications and additions that takes beyond one an element."""

    outputs: list[Tensor]
    work: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """An operation and what goes into it; None where an input is left out."""

    node: Node
    inputs: Sequence[Tensor | None]

    def tensor(self, index: int) -> Tensor:
        """Return an input that must be there."""
        found = self.inputs[index] if index < len(self.inputs) else None
        return self.refuse(f"lacks its input {index}") if found is None else found

    def has(self, index: int) -> bool:
        """Tell whether an input is there."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def known(self, index: int) -> list[int]:
        """Return the whole numbers of an input that must be written in the graph."""
        values = self.tensor(index).values
        if values is None:
            self.refuse(f"has an input {index} that is not written in the graph in a few whole numbers")
        return [int(value) for value in values]

    def setting(self, name: str, otherwise: Any) -> Any:
        """Return a setting, of the kind of what it is if it is left out."""
        value = self.node.settings.get(name, otherwise)
        return value if type(value) is type(otherwise) else self.refuse(f"has a {name} of the wrong kind")

    def axis(self, number: int, rank: int) -> int:
        """Return an axis counted from the first."""
        return number % rank if -rank <= number < rank else self.refuse(f"has an axis {number} of {rank}")

    def axes(self, numbers: Sequence[int], rank: int) -> list[int]:
        """Return axes counted from the first, each there once."""
        found = [self.axis(number, rank) for number in numbers]
        return found if len(set(found)) == len(found) else self.refuse("has an axis twice")

    def joint(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape to which several are stretched."""
        try:
            return np.broadcast_shapes(*shapes)
        except ValueError:
            return self.refuse(f"has inputs that do not fit each other: {', '.join(map(str, shapes))}")

    def check(self, *, holds: bool) -> None:
        """Refuse inputs that do not fit each other."""
        if not holds:
            shapes = ", ".join(str(one.shape) for one in self.inputs if one is not None)
            self.refuse(f"has inputs that do not fit each other: {shapes}")

    def refuse(self, why: str) -> Never:
        """Refuse the graph."""
        raise InputError(f"has an operation {self.node.operator} that {why}")
