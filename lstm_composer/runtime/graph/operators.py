"""The operators that a graph may use, and what each makes of the shapes and types that it is given.

This is the list: what is not in OPERATORS is refused. Whoever lets the exporter write another operator adds it here
with its rule, from the operator's own page (onnx.ai, operators of version 18). A rule gives the exact shape, so that a
graph's memory and time are known before it runs; where the shape hangs on values that are computed, it refuses.

None of these can stop the process where its rule is kept: whole numbers are divided only by what is known not to be 0.
"""

from collections.abc import Callable, Mapping
from typing import Final

from lstm_composer.runtime.graph import elementwise_rules, layer_rules, layout_rules, reduction_rules
from lstm_composer.runtime.graph.tensors import Call, Made

Rule = Callable[[Call], Made]

OPERATORS: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(
        ("Add", "Max", "Mean", "Min", "Mul", "Sub", "Sum", "And", "Or", "Xor"), elementwise_rules.stretched
    ),
    **dict.fromkeys(("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"), elementwise_rules.compared),
    **dict.fromkeys(
        ("Abs", "Ceil", "Clip", "Exp", "Floor", "Identity", "Log", "LogSoftmax", "Neg", "Not"), elementwise_rules.same
    ),
    **dict.fromkeys(
        ("Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Softmax", "Softplus", "Sqrt", "Tanh"),
        elementwise_rules.same,
    ),
    **dict.fromkeys(("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"), reduction_rules.reduced),
    **dict.fromkeys(("ArgMax", "ArgMin"), reduction_rules.place_of_most),
    **dict.fromkeys(("Div", "Mod"), elementwise_rules.divided),
    "Cast": elementwise_rules.cast,
    "Concat": layout_rules.concatenated,
    "Conv": layer_rules.convolved,
    "CumSum": elementwise_rules.accumulated,
    "Expand": layout_rules.expanded,
    "Gather": layout_rules.gathered,
    "GatherElements": layout_rules.gathered_elements,
    "GatherND": layout_rules.gathered_many,
    "Gemm": layer_rules.gemm,
    "LSTM": layer_rules.lstm,
    "MatMul": layer_rules.multiplied,
    "OneHot": reduction_rules.one_hot,
    "Pad": layout_rules.padded,
    "Reshape": layout_rules.reshaped,
    "ScatterElements": layout_rules.scattered_elements,
    "Shape": layout_rules.measured,
    "Slice": layout_rules.sliced,
    "Split": layout_rules.split,
    "Squeeze": layout_rules.squeezed,
    "Tile": layout_rules.repeated,
    "TopK": reduction_rules.most,
    "Transpose": layout_rules.transposed,
    "Unsqueeze": layout_rules.unsqueezed,
    "Where": elementwise_rules.chosen,
}
"""By name; all of ONNX's own domain."""
