"""Make tests/data/tiny.onnx, tests/data/memory/tiny.onnx and their cards: bundles whose music is known beforehand.

The tests of the runtime play it, so that they need neither TensorFlow nor a trained network. It keeps the whole tensor
contract of `runtime.bundle.tensors.expected_tensors` (one layer, four units, one style) and samples as an exported
graph does, but its logits come from a few tables and rules instead of weights. At temperature 0:

- delta: 0 for the first note of a piece, then a quarter note;
- pitch: the C major scale from 60 to 72, then 60 again; whatever sounds, so that a struck pitch can be forced;
- duration: a quarter note, but a half note for 72, which so sounds on under the next 60;
- velocity: bin 28 on the first beat of a bar, else bin 20;
- the piece ends after 37 notes (h[0, :, 0] counts them), or when `delta_bias` says so.

Away from its favourite class a head loses `SLOPES` nats a class, so that noise makes neighbours of it.

The one in the folder memory/ has a memory of the piece beside all that: see `tests.support.tiny_memory`.

    PYTHONPATH=. python tests/support/make_tiny_bundle.py [FOLDER]
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from lstm_composer.runtime.bundle.encodings import encoding_card
from lstm_composer.runtime.bundle.files import write_bundle
from lstm_composer.runtime.bundle.schema import (
    SCHEMA_VERSION,
    BundleCard,
    DataSource,
    NetworkCard,
    ParityCard,
    PartCard,
    ProvenanceCard,
    SamplingCard,
    StyleCard,
)
from lstm_composer.runtime.bundle.tensors import TensorCard, expected_tensors
from lstm_composer.runtime.music.event_encoding import (
    DELTA_CLASSES,
    DELTA_END,
    DURATION_CLASSES,
    HEADS,
    LADDER,
    PITCHES,
    START,
    STEERED,
    VELOCITY_BINS,
)
from tests.support import tiny_memory

LAYERS, UNITS, STYLES = 1, 4, 1
PIECE_NOTES = 37
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
QUARTER, HALF = LADDER.index(24), LADDER.index(48)
LOUD, SOFT = 28, 20
SLOPES = {"delta": 0.25, "pitch": 1.0, "duration": 0.25, "velocity": 1.0}
SIZES = {"delta": DELTA_CLASSES, "pitch": PITCHES, "duration": DURATION_CLASSES, "velocity": VELOCITY_BINS}
SILENT, MUTED, COLDEST, SMALLEST_MIN_P = -384, -1e9, 1e-4, 1e-30
OPSET, IR_VERSION = 18, 8
_TYPES = {"int32": TensorProto.INT32, "float32": TensorProto.FLOAT}


class Graph:
    """Nodes and constants as they are added; a value is its name."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, values: Any, dtype: type = np.float32) -> str:
        """Add a constant and return its name; equal ones are kept once."""
        tensor = numpy_helper.from_array(np.array(values, dtype))
        name = f"constant_{hashlib.sha256(tensor.SerializeToString()).hexdigest()[:8]}"
        tensor.name = name
        self.constants[name] = tensor
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def add_many(self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> None:
        """Add a node with several outputs."""
        self.nodes.append(helper.make_node(kind, list(inputs), list(outputs), **attributes))

    def cast(self, value: str, dtype: str) -> str:
        """Turn a value to int32 or float32."""
        return self.add("Cast", value, to=_TYPES[dtype])

    def column(self, value: str, index: int) -> str:
        """[voices] of [voices, n]."""
        return self.add("Gather", value, self.constant(index, np.int64), axis=1)

    def widen(self, value: str) -> str:
        """[voices, 1] of [voices]."""
        return self.add("Unsqueeze", value, self.constant([-1], np.int64))

    def look_up(self, table: Sequence[int], index: str) -> str:
        """Value of a table of int32 at [voices]."""
        return self.add("Gather", self.constant(table, np.int32), index)


def tiny_model(memory: int = 0) -> ModelProto:
    """Return the event graph, of a network that remembers so many events."""
    graph = Graph()
    if memory:
        tiny_memory.remember(graph)
    previous = {head: graph.column("event", index) for index, head in enumerate(HEADS)}
    chosen: dict[str, str] = {}
    log_probability: dict[str, str] = {}

    def choose(head: str, logits: str) -> None:
        bias = f"{head}_bias" if head in STEERED else ""
        chosen[head], log_probability[head] = _pick(graph, head, logits, bias)

    choose("delta", _delta_logits(graph, previous["delta"]))
    ticks = graph.look_up([*LADDER, 0, 0], chosen["delta"])
    position = graph.add("Mod", graph.add("Add", "position", ticks), "ticks_per_bar", output="next_position")
    choose("pitch", _pitch_logits(graph, previous["pitch"], memory))
    lasting = [HALF if pitch == SCALE[-1] else QUARTER for pitch in range(PITCHES)]
    choose("duration", _logits(graph, "duration", graph.look_up(lasting, chosen["pitch"])))
    on_downbeat = graph.add("Equal", position, graph.constant(0, np.int32))
    loud = graph.constant(LOUD, np.int32)
    if memory:
        loud = tiny_memory.louder(graph, tiny_memory.tell_time(graph, ticks), loud)
    loudness = graph.add("Where", on_downbeat, loud, graph.constant(SOFT, np.int32))
    choose("velocity", _logits(graph, "velocity", loudness))
    graph.add("Concat", *(graph.widen(chosen[head]) for head in HEADS), axis=1, output="next_event")
    graph.add("Concat", *(graph.widen(log_probability[head]) for head in HEADS), axis=1, output="log_probability")
    _carry(graph, chosen["pitch"])
    _sound(graph, ticks, chosen["pitch"], chosen["duration"])
    return _model(graph, memory)


def _pitch_logits(graph: Graph, previous: str, memory: int) -> str:
    """Logits of the pitch; with a memory in the key, and with an echo."""
    if not memory:
        return _logits(graph, "pitch", graph.look_up(_next_pitches(), previous))
    tonic = tiny_memory.tonic(graph)
    degree = graph.add("Max", graph.add("Sub", previous, tonic), graph.constant(0, np.int32))
    favourite = graph.add("Add", graph.look_up(_next_pitches(), degree), tonic)
    return graph.add("Add", _logits(graph, "pitch", favourite), tiny_memory.echo(graph))


def _next_pitches() -> list[int]:
    """The next higher note of the scale by previous pitch; 60 after its last, after all others and at the start."""
    return [next((note for note in SCALE if pitch < note), SCALE[0]) for pitch in range(START.pitch)] + [SCALE[0]]


def _logits(graph: Graph, head: str, favourite: str) -> str:
    """Logits [voices, classes] that fall off on both sides of a favourite class [voices]."""
    classes = graph.constant([range(SIZES[head])])
    distance = graph.add("Abs", graph.add("Sub", classes, graph.widen(graph.cast(favourite, "float32"))))
    return graph.add("Mul", distance, graph.constant(-SLOPES[head]))


def _delta_logits(graph: Graph, previous: str) -> str:
    """Logits of the delta: that of the end is negative until PIECE_NOTES have been counted, then the largest."""
    favourites = [0 if delta == START.delta else QUARTER for delta in range(START.delta + 1)]
    base = _logits(graph, "delta", graph.look_up(favourites, previous))
    count = graph.add("Gather", graph.add("Squeeze", "h", graph.constant([0], np.int64)), _first(graph), axis=1)
    end = graph.add("Sub", graph.add("Mul", count, graph.constant(4.0)), graph.constant(4.0 * PIECE_NOTES - 2.0))
    is_end = graph.constant([[index == DELTA_END for index in range(DELTA_CLASSES)]], np.bool_)
    return graph.add("Where", is_end, end, base)


def _first(graph: Graph) -> str:
    return graph.constant([0], np.int64)


def _pick(graph: Graph, head: str, logits: str, bias: str) -> tuple[str, str]:
    """Choose a class as an exported graph does: int32 [voices], and its log-probability, [voices]."""
    temperature = graph.widen(graph.column("temperature", HEADS.index(head)))
    warm = graph.cast(graph.add("Greater", temperature, graph.constant(COLDEST)), "float32")
    biased = graph.add("Max", graph.add("Add", logits, bias), graph.constant(MUTED)) if bias else logits
    tempered = graph.add("Div", biased, graph.add("Max", temperature, graph.constant(COLDEST)))
    highest = graph.add("ReduceMax", tempered, graph.constant([-1], np.int64), keepdims=1)
    floor = graph.add("Log", graph.add("Max", "min_p", graph.constant(SMALLEST_MIN_P)))
    left_out = graph.cast(graph.add("Less", tempered, graph.add("Add", highest, floor)), "float32")
    wobble = graph.add("Mul", f"noise_{head}", warm)
    scores = graph.add("Sum", tempered, wobble, graph.add("Mul", left_out, graph.constant(MUTED)))
    index = graph.add("ArgMax", scores, axis=1, keepdims=1)
    log_probability = graph.add("GatherElements", graph.add("LogSoftmax", logits, axis=1), index, axis=1)
    axis = graph.constant([1], np.int64)
    return graph.cast(graph.add("Squeeze", index, axis), "int32"), graph.add("Squeeze", log_probability, axis)


def _carry(graph: Graph, pitch: str) -> None:
    """Count the notes in h[0, :, 0]; the rest of the state is a trace of the pitches, so that it tells steps apart."""
    counts = graph.constant([1.0, 0.0, 0.0, 0.0])
    keeps = graph.constant([1.0, 0.5, 0.5, 0.5])
    trace = graph.add("Mul", graph.widen(graph.cast(pitch, "float32")), graph.constant([[0.0, 0.01, 0.02, 0.03]]))
    graph.add("Sum", graph.add("Mul", "h", keeps), counts, trace, output="next_h")
    graph.add("Sum", graph.add("Mul", "c", graph.constant(0.5)), trace, output="next_c")


def _sound(graph: Graph, ticks: str, pitch: str, duration: str) -> None:
    """Remaining ticks of each pitch after the event."""
    sounding = graph.add("Sub", "remaining", graph.widen(ticks))
    struck = graph.add("Equal", graph.constant([range(PITCHES)], np.int32), graph.widen(pitch))
    lasting = graph.widen(graph.look_up([*LADDER, 0, 0], duration))
    started = graph.add("Where", struck, lasting, graph.constant(SILENT, np.int32))
    graph.add("Max", sounding, started, output="next_remaining")


def _model(graph: Graph, memory: int) -> ModelProto:
    inputs, outputs = ([_value(card) for card in cards] for cards in expected_tensors(LAYERS, UNITS, STYLES, memory))
    whole = helper.make_graph(graph.nodes, "tiny", inputs, outputs, initializer=list(graph.constants.values()))
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    model.producer_name = "lstm-composer"
    checker.check_model(model, full_check=True)
    return model


def _value(card: TensorCard) -> Any:
    return helper.make_tensor_value_info(card.name, _TYPES[card.dtype], list(card.shape))


def tiny_card(onnx: bytes, memory: int = 0) -> BundleCard:
    """Return the card of the bundle."""
    inputs, outputs = expected_tensors(LAYERS, UNITS, STYLES, memory)
    return BundleCard(
        schema_version=SCHEMA_VERSION,
        name="tiny",
        licence="MIT",
        styles=[StyleCard(name="scale", tempo_bpm=120.0, meter="4/4", pieces=1, notes=PIECE_NOTES)],
        encoding=encoding_card(),
        network=NetworkCard(layers=LAYERS, units=UNITS, memory=memory),
        inputs=inputs,
        outputs=outputs,
        sampling=SamplingCard(temperature=(1.0, 1.0, 1.0, 1.0), min_p=0.05),
        provenance=ProvenanceCard(
            run="none", epoch=1, preset="stream", seed=0, training_seconds=0.0, machine="none", program_version="0.1.0",
            weights="float32",
        ),
        data=[DataSource(source="none", licence="MIT", attribution="", pieces=1, notes=PIECE_NOTES)],
        split={"train": PartCard(pieces=1, notes=PIECE_NOTES)},
        metrics={},
        parity=ParityCard(steps=0, greedy_equal=True, max_difference=0.0),
        onnx_bytes=len(onnx),
        onnx_sha256=hashlib.sha256(onnx).hexdigest(),
    )  # fmt: skip


def main() -> None:
    """Write the bundles to the folder named on the command line, or to tests/data."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "data"
    for memory, place in ((0, folder), (tiny_memory.EVENTS, folder / "memory")):
        onnx = tiny_model(memory).SerializeToString(deterministic=True)
        write_bundle(tiny_card(onnx, memory), onnx, place)


if __name__ == "__main__":
    main()
