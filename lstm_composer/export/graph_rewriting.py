"""The same graph in fewer operations: what the converter writes as several where ONNX has one.

A note costs as many microseconds as its graph has operations, more or less; what they compute matters less.
"""

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import helper, numpy_helper

_MERGED = ("Max", "Min")
_OF_HEADS = ("log_probability",)
"""Outputs that are picked out of a table [voices, classes]."""


def with_fewer_nodes(model: onnx.ModelProto) -> None:
    """Rewrite a converted graph in place; its weights are all in 32 bits yet."""
    graph = _Graph(model.graph)
    for rewrite in (_lstm_of_one_step, _convolution_along_a_line, _one_of_many, _rolled_table, _picked_elements):
        rewrite(graph)
    graph.write()


class _Graph:
    """The nodes of a graph, who makes a tensor and who uses it."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self.nodes = list(graph.node)
        self._outputs = {output.name for output in graph.output}

    def maker(self, name: str, *operators: str) -> onnx.NodeProto | None:
        """Return the node that makes a tensor, if it is one of some operators."""
        return next((node for node in self.nodes if name in node.output and node.op_type in operators), None)

    def users(self, name: str) -> list[onnx.NodeProto]:
        """Return the nodes that use a tensor."""
        return [node for node in self.nodes if name in node.input]

    def only_user(self, name: str, operator: str) -> onnx.NodeProto | None:
        """Return the node that uses a tensor, if there is but one, it is of an operator, and no output of the graph."""
        users = self.users(name)
        return users[0] if len(users) == 1 and users[0].op_type == operator and name not in self._outputs else None

    def constant(self, name: str) -> np.ndarray | None:
        """Return the values of an initializer."""
        return next((numpy_helper.to_array(t) for t in self._graph.initializer if t.name == name), None)

    def add_constant(self, name: str, values: np.ndarray) -> str:
        """Add an initializer, or replace the one of that name."""
        made = numpy_helper.from_array(values, name)
        for tensor in self._graph.initializer:
            if tensor.name == name:
                tensor.CopyFrom(made)
                return name
        self._graph.initializer.append(made)
        return name

    def replace(self, old: Iterable[onnx.NodeProto], new: onnx.NodeProto) -> None:
        """Put a node in the place of the last of some."""
        gone = [id(node) for node in old]
        last = max(index for index, node in enumerate(self.nodes) if id(node) in gone)
        self.nodes[last : last + 1] = [new]
        self.nodes = [node for node in self.nodes if id(node) not in gone]

    def rename(self, old: str, new: str) -> None:
        """Have all who use a tensor use another."""
        for node in self.users(old):
            node.input[:] = [new if name == old else name for name in node.input]

    def write(self) -> None:
        """Write the nodes back, without those that nobody uses, and without constants that nobody uses any more."""
        used = set(self._outputs)
        kept = []
        for node in reversed(self.nodes):
            if used.intersection(node.output):
                kept.append(node)
                used.update(node.input)
        del self._graph.node[:]
        self._graph.node.extend(reversed(kept))
        constants = [tensor for tensor in self._graph.initializer if tensor.name in used]
        del self._graph.initializer[:]
        self._graph.initializer.extend(constants)


def _is(axes: np.ndarray | None, *wanted: int) -> bool:
    return axes is not None and axes.tolist() == list(wanted)


def _lstm_of_one_step(graph: _Graph) -> None:
    """Hand an LSTM layer's last state on instead of the states at every step, of which there is one."""
    for layer in [node for node in graph.nodes if node.op_type == "LSTM"]:
        states, last = layer.output[0], layer.output[1]
        squeezed = graph.only_user(states, "Squeeze")
        if squeezed is not None and _is(graph.constant(squeezed.input[1]), 1):
            graph.rename(squeezed.output[0], last)
        if not graph.users(states):
            layer.output[0] = ""
        _hand_on(graph, layer)
    for added in [node for node in graph.nodes if node.op_type == "Unsqueeze"]:
        taken = graph.maker(added.input[0], "Squeeze")
        if taken is not None and _same(graph, added.input[1], taken.input[1]):
            graph.rename(added.output[0], taken.input[0])


def _hand_on(graph: _Graph, layer: onnx.NodeProto) -> None:
    """Give an LSTM layer its input, [1, voices, features], without the detour over [voices, 1, features]."""
    given = graph.maker(layer.input[0], "Reshape")
    before = None if given is None else graph.maker(given.input[0], "Unsqueeze", "LSTM")
    sizes = None if given is None else graph.constant(given.input[1])
    if given is None or before is None or sizes is None or not _is(sizes[:2], 1, -1):
        return
    if before.op_type == "LSTM":
        graph.rename(given.output[0], given.input[0])
    elif _is(graph.constant(before.input[1]), 1):
        first = graph.add_constant("first_axis", np.array([0]))
        graph.replace([before, given], helper.make_node("Unsqueeze", [before.input[0], first], [given.output[0]]))


def _same(graph: _Graph, one: str, other: str) -> bool:
    axes, others = graph.constant(one), graph.constant(other)
    return axes is not None and others is not None and np.array_equal(axes, others)


def _convolution_along_a_line(graph: _Graph) -> None:
    """Convolve along one axis as such, with the bias inside, and not in a plane that is one row high."""
    for middle in [node for node in graph.nodes if node.op_type == "Conv"]:
        raised, lowered = graph.maker(middle.input[0], "Unsqueeze"), graph.only_user(middle.output[0], "Squeeze")
        biased = None if lowered is None else graph.only_user(lowered.output[0], "Add")
        if raised is None or lowered is None or biased is None or len(middle.input) > 2:
            continue
        kernel, bias = graph.constant(middle.input[1]), graph.constant(biased.input[1])
        pads = next(list(setting.ints) for setting in middle.attribute if setting.name == "pads")
        is_line = _is(graph.constant(raised.input[1]), 2) and _is(graph.constant(lowered.input[1]), 2)
        if not is_line or kernel is None or bias is None or pads[0::2] != [0, 0]:
            continue
        inputs = [
            raised.input[0],
            graph.add_constant(middle.input[1], kernel[:, :, 0]),
            graph.add_constant(biased.input[1], bias.ravel()),
        ]
        line = helper.make_node(
            "Conv", inputs, [biased.output[0]], kernel_shape=[kernel.shape[-1]], pads=pads[1::2]
        )  # fmt: skip
        graph.replace([raised, middle, lowered, biased], line)


def _one_of_many(graph: _Graph) -> None:
    """Take the largest or smallest of several at once, and not two by two."""
    for node in [node for node in graph.nodes if node.op_type in _MERGED]:
        inner = graph.maker(node.input[0], node.op_type)
        outer = None if inner is None else graph.only_user(inner.output[0], node.op_type)
        if inner is not None and outer is not None:
            inputs = [*inner.input, *outer.input[1:]]
            graph.replace([inner, outer], helper.make_node(outer.op_type, inputs, [outer.output[0]]))


def _rolled_table(graph: _Graph) -> None:
    """Look up numbers below 0 from the end of a table, and not after adding to all of them."""
    for shifted in [node for node in graph.nodes if node.op_type == "Sub"]:
        found, shift = graph.only_user(shifted.output[0], "Gather"), graph.constant(shifted.input[1])
        table = None if found is None else graph.constant(found.input[0])
        if found is None or table is None or shift is None or shift.size > 1 or not -len(table) < int(shift) <= 0:
            continue
        graph.add_constant(found.input[0], np.roll(table, int(shift), axis=0))
        graph.rename(shifted.output[0], shifted.input[0])


def _picked_elements(graph: _Graph) -> None:
    """Pick and add up elements of a table [voices, classes] by their classes alone, not by voice and class.

    The network's own code does so along the last of two axes only (`trainer.network.layers.places`,
    `trainer.network.sampling_step.log_probabilities`).
    """
    for picked in [node for node in graph.nodes if node.op_type == "GatherND" and node.output[0] in _OF_HEADS]:
        classes = graph.maker(picked.input[1], "Unsqueeze")
        if classes is not None:
            inputs = [picked.input[0], classes.input[0]]
            graph.replace([picked], helper.make_node("GatherElements", inputs, [picked.output[0]], axis=1))
    for added in [node for node in graph.nodes if node.op_type == "ScatterND"]:
        reduction = next((setting.s.decode() for setting in added.attribute if setting.name == "reduction"), "none")
        pairs = graph.maker(added.input[1], "Concat")
        classes = None if pairs is None else graph.maker(pairs.input[-1], "Unsqueeze")
        if classes is not None:
            node = helper.make_node(
                "ScatterElements", [added.input[0], classes.input[0], added.input[2]], [added.output[0]]
            )
            node.attribute.extend([helper.make_attribute("axis", 1), helper.make_attribute("reduction", reduction)])
            graph.replace([added], node)
