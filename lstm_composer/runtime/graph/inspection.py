"""Whether a graph may be run: asked before onnxruntime sees any of it.

A checksum says that a graph is the one that was exported, not by whom. Run without a look, a stranger's graph could
loop for ever, fill the memory or end the process, and onnxruntime cannot be interrupted. So a graph may use only the
operators of `runtime.graph.operators`, one after another; its shapes are followed from the card's inputs to the card's
outputs, and what it takes in memory and time is limited by them.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from lstm_composer.runtime.bundle.files import Bundle
from lstm_composer.runtime.bundle.tensors import TensorCard
from lstm_composer.runtime.errors import BundleError, InputError
from lstm_composer.runtime.graph.file import GraphFile, Node, Weights, read_graph
from lstm_composer.runtime.graph.operators import OPERATORS
from lstm_composer.runtime.graph.tensors import LARGEST_DIVISOR, Call, Tensor
from lstm_composer.runtime.system.visible_text import visible

VERSIONS: Final = (18,)
"""Of the operators; what `export.onnx_model.OPSET` says."""
VOICES: Final = 17
"""Shapes are followed for so many: no more than 16 ever play, and no size of a network of ours is 17."""
FREE_BYTES: Final = 64 << 20
"""Memory that any graph may take in one run of all voices, beyond what grows with its own size."""
BYTES_A_BYTE: Final = 4
"""The same for each byte of the file: weights that are stored in 16 bits are widened."""
FREE_WORK: Final = 1 << 30
"""Multiplications that any graph may take in one run of all voices: less than a tenth of a second's for each."""
WORK_A_WEIGHT: Final = 4096
"""The same for each weight: the article's networks go through 100 tokens for each that they make."""
MOST_OUTPUTS: Final = 256
MOST_ELEMENTS: Final = 1 << 31
_LONGEST_REASON: Final = 300
_POSITIVE: Final = frozenset({"ticks_per_bar"})
"""Inputs of ours that are 1 or more."""


def check_bundle(bundle: Bundle) -> None:
    """Check that a bundle's graph is one that this program can run.

    Raises:
        BundleError: If it is not.

    """
    try:
        check_graph(bundle.onnx, bundle.card.inputs, bundle.card.outputs)
    except InputError as error:
        reason = visible(str(error)[:_LONGEST_REASON])
        raise BundleError(f"bundle {bundle.card.name}: its graph {reason}; export or download it again") from error


def check_graph(data: bytes, inputs: Sequence[TensorCard], outputs: Sequence[TensorCard]) -> None:
    """Check that a graph is one that this program can run, between the tensors of its card.

    Raises:
        InputError: If it is not; the message is a reason that follows the words "its graph".

    """
    graph = read_graph(data)
    if graph.version not in VERSIONS:
        raise InputError(f"is written in version {graph.version} of ONNX's operators: {VERSIONS[0]} is allowed")
    _check_declared(graph, inputs, outputs)
    known = {
        card.name: Tensor(_sizes(card), np.dtype(card.dtype), above_zero=card.name in _POSITIVE) for card in inputs
    }
    for weights in graph.weights:
        _add(known, weights.name, _constant(weights))
    budget = _Budget(len(data), sum(tensor.elements for tensor in known.values()))
    for node in graph.nodes:
        _run(node, known, budget)
    for card in outputs:
        found = known.get(card.name)
        if found is None or (found.shape, found.dtype) != (_sizes(card), np.dtype(card.dtype)):
            shown = "not there" if found is None else f"{found.dtype} {found.shape}"
            raise InputError(f"makes a {card.name} that is {shown}, but its card says {card.dtype} {card.shape}")


class _Budget:
    """What is left of the memory and the work that a graph may take."""

    def __init__(self, file_bytes: int, weights: int) -> None:
        self._bytes = FREE_BYTES + BYTES_A_BYTE * file_bytes
        self._work = FREE_WORK + WORK_A_WEIGHT * weights

    def spend(self, call: Call, made: Sequence[Tensor], work: int) -> None:
        if any(tensor.elements > MOST_ELEMENTS for tensor in made):
            call.refuse("makes a tensor larger than any graph needs")
        self._bytes -= sum(tensor.elements * tensor.dtype.itemsize for tensor in made)
        self._work -= work + sum(tensor.elements for tensor in (*made, *filter(None, call.inputs)))
        if self._bytes < 0:
            call.refuse("takes more memory than a graph of its size needs")
        if self._work < 0:
            call.refuse("takes more time than a graph of its size needs")


def _run(node: Node, known: dict[str, Tensor], budget: _Budget) -> None:
    """Follow what an operation makes."""
    rule = None if node.domain else OPERATORS.get(node.operator)
    if rule is None:
        where = f" of {node.domain}" if node.domain else ""
        raise InputError(f"uses the operator {node.operator[:80]}{where[:80]}, which is none of those that are allowed")
    missing = next((name for name in node.inputs if name and name not in known), None)
    if missing is not None:
        raise InputError(
            f"has an operation {node.operator} that is given {missing[:80]}, which nothing before it makes"
        )
    call = Call(node, [known[name] if name else None for name in node.inputs])
    if len(node.outputs) > MOST_OUTPUTS or not any(node.outputs):
        call.refuse("gives too many tensors, or none")
    made = rule(call)
    if len(node.outputs) > len(made.outputs):
        call.refuse(f"gives {len(node.outputs)} tensors")
    if any(size < 1 for tensor in made.outputs for size in tensor.shape):
        call.refuse("gives an empty tensor")
    budget.spend(call, made.outputs, made.work)
    for name, tensor in zip(node.outputs, made.outputs, strict=False):
        if name:
            _add(known, name, tensor)


def _add(known: dict[str, Tensor], name: str, tensor: Tensor) -> None:
    if name in known or not name:
        raise InputError(f"has two tensors of one name: {name[:80]}")
    known[name] = tensor


def _constant(weights: Weights) -> Tensor:
    values = weights.values
    above_zero = values is not None and bool(np.all((values >= 1) & (values <= LARGEST_DIVISOR)))
    return Tensor(weights.shape, weights.dtype, values, above_zero=above_zero)


def _sizes(card: TensorCard) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else VOICES for size in card.shape)


def _check_declared(graph: GraphFile, inputs: Sequence[TensorCard], outputs: Sequence[TensorCard]) -> None:
    """Refuse a graph whose weights were made for another vocabulary than the card says."""
    for declared, cards in ((graph.inputs, inputs), (graph.outputs, outputs)):
        found: dict[str, Any] = {one.name: (one.dtype, one.shape) for one in declared}
        if len(found) < len(declared):
            raise InputError("has two tensors of one name")
        if unknown := sorted(found.keys() - {card.name for card in cards}):
            raise InputError(f"has tensors that its card lacks ({', '.join(unknown)[:200]})")
        for card in cards:
            if found.get(card.name) != (np.dtype(card.dtype), card.shape):
                shown = "not there" if card.name not in found else "{} {}".format(*found[card.name])
                raise InputError(
                    f"has a tensor {card.name} that is {shown}, but its card says {card.dtype} {card.shape}: "
                    "the vocabulary does not match the weights"
                )
