"""Where the time of a training goes: TensorFlow's own profile of some batches, by part of the network and by kind.

It holds the time that each operation took on one core. Operations carry the name of the layer that they came from;
only the gradients of activations and the sums of gradients come without one.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.common.tables import print_table

_OPERATION = re.compile(r"(?P<path>[^:]+):(?P<kind>_?[A-Za-z]\w*)")
_PARTS = (
    ("optimizer: AdamW, clipping", r"adam"),
    ("batches: packing", r"PyFunc|Generator|Iterator"),
    ("LSTM: input kernels", r"lstm_\d+(_\d+)?/(Tensordot|add)"),
    ("LSTM: recurrence", r"lstm_|^while|^TensorArray|^TensorList"),
    ("what sounds around a pitch: convolution", r"surroundings"),
    ("heads", r"(delta|pitch|duration|velocity)_(hidden|logits)|head_dropout"),
    ("losses and accuracies", r"SparseSoftmax|ArgMax|Equal|accuracy|nll_"),
    ("embeddings and other inputs", r"stream_network"),
    ("without a name: gradients of activations, sums", r""),
)
_KINDS = (
    ("convolution", r"Conv"),
    ("matrix products", r"MatMul"),
    ("sums", r"Sum|BiasAddGrad|AddN|Mean|Prod"),
    ("element by element", r"(Mul|Add(V2)?|Sub|Sigmoid|Tanh|Swish|Square|SelectV2|BiasAdd|Maximum|Minimum|RealDiv)$"),
    ("look-ups", r"Gather|OneHot|Segment"),
    ("copies: lists of steps", r"TensorList"),
    ("copies: join, cut, turn", r"Concat|Split|Slice|Transpose|Pack|Tile|Reshape|Pad"),
    ("softmax and cross-entropy", r"Softmax|ArgMax"),
    ("random numbers", r"Random"),
    ("assignments", r"Assign"),
    ("batches: packing", r"PyFunc|Generator|Iterator"),
    ("all else", r""),
)  # fmt: skip


def operations(folder: Path) -> Iterator[tuple[str, str, float]]:
    """Layer path, kind and seconds of every operation in a profile that TensorFlow wrote."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2  # noqa: PLC0415 - with TensorFlow

    [path] = folder.rglob("*.xplane.pb")
    space = xplane_pb2.XSpace.FromString(path.read_bytes())
    for plane in space.planes:
        for event in (event for line in plane.lines for event in line.events):
            match = _OPERATION.fullmatch(plane.event_metadata[event.metadata_id].name)
            if match:
                yield match["path"].replace("StatefulPartitionedCall/", ""), match["kind"], event.duration_ps / 1e12


def profiled(train: Any) -> list[tuple[str, str, float]]:
    """Operations of what `train()` does."""
    import tensorflow as tf  # noqa: PLC0415 - slow

    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        train()
        tf.profiler.experimental.stop()
        return list(operations(Path(folder)))


def print_profile(found: list[tuple[str, str, float]]) -> None:
    """Print two tables: the time by part of the network, and by kind of operation."""
    for title, names, column in (("part", _PARTS, 0), ("kind of operation", _KINDS, 1)):
        seconds: Counter[str] = Counter()
        for operation in found:
            name = next(name for name, pattern in names if re.search(pattern, str(operation[column])))
            seconds[name] += operation[2]  # type: ignore[assignment] # a Counter may hold seconds
        total = sum(seconds.values())
        rows = [(name, f"{share / total:.1%}") for name, share in seconds.most_common()]
        print_table((title, "share of the time"), rows)
        print()
