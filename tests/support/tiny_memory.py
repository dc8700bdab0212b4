"""What the known graph with a memory has more than the one without; see `tests.support.make_tiny_bundle`.

- The memory is real: the event before is put into its rows in front (a piece's first step puts nothing), and two rows
  hold how long the match is that ends at each event, by pitches and by durations.
- The pitch ECHO events ago is favoured by ECHO_NATS and by the sum of `recall` without its last; that much of it takes
  over at temperature 0.
- The scale begins on the tonic of `key`, C where there is none.
- Of the downbeats every fourth by the clock's bars, from the first on, is louder still: LOUDEST.
"""

from typing import TYPE_CHECKING

import numpy as np

from lstm_composer.runtime.music.event_encoding import HEADS, START
from lstm_composer.runtime.music.piece_memory import EVENT_ROWS, MATCH_ROWS, RECALLS

if TYPE_CHECKING:
    from tests.support.make_tiny_bundle import Graph

EVENTS = 16
"""That the graph remembers."""
ECHO, ECHO_NATS = 4, 0.5
LONGEST_MATCH = 32.0
LOUDEST, LOUDEST_EVERY = 31, 4
_MATCHED = [HEADS.index("pitch"), HEADS.index("duration")]


def remember(graph: "Graph") -> None:
    """Write `next_memory`."""
    newest = graph.add("Unsqueeze", graph.cast("event", "float32"), graph.constant([2], np.int64))
    rows = graph.constant([EVENT_ROWS, MATCH_ROWS], np.int64)
    events, matches = f"events_{len(graph.nodes)}", f"matches_{len(graph.nodes)}"
    graph.add_many("Split", ["memory", rows], [events, matches], axis=1)
    older = graph.add("Slice", events, *(graph.constant([one], np.int64) for one in (0, EVENTS - 1, 2)))
    now = graph.add("Concat", newest, older, axis=2)
    compared = graph.add("Gather", now, graph.constant(_MATCHED, np.int64), axis=1)
    with_newest = graph.add("Gather", newest, graph.constant(_MATCHED, np.int64), axis=1)
    longer = graph.add("Min", graph.add("Add", matches, graph.constant(1.0)), graph.constant(LONGEST_MATCH))
    agrees = graph.cast(graph.add("Equal", compared, with_newest), "float32")
    is_older = graph.constant([[[float(index > 0) for index in range(EVENTS)]]])
    pushed = graph.add("Concat", now, graph.add("Mul", graph.add("Mul", agrees, longer), is_older), axis=1)
    delta = graph.add("Slice", newest, *(graph.constant([one], np.int64) for one in (0, 1, 1)))
    is_start = graph.add("Equal", delta, graph.constant(float(START.delta)))
    graph.add("Where", is_start, "memory", pushed, output="next_memory")


def echo(graph: "Graph") -> str:
    """Nats [voices, pitches] for the pitch ECHO events before the one to come; none where there was none."""
    pitches = graph.column("next_memory", HEADS.index("pitch"))
    before = graph.cast(graph.column(pitches, ECHO - 1), "int32")
    struck = graph.cast(
        graph.add("Equal", graph.constant([range(START.pitch)], np.int32), graph.widen(before)), "float32"
    )
    wishes = graph.add("Slice", "recall", *(graph.constant([one], np.int64) for one in (0, RECALLS - 1, 1)))
    wished = graph.add("ReduceSum", wishes, graph.constant([1], np.int64), keepdims=1)
    return graph.add("Mul", struck, graph.add("Add", wished, graph.constant(ECHO_NATS)))


def tonic(graph: "Graph") -> str:
    """Pitch class of the key's tonic, int32 [voices]."""
    return graph.add("Mod", "key", graph.constant(12, np.int32))


def tell_time(graph: "Graph", ticks: str) -> str:
    """Write `next_clock`, and return its bars, int32 [voices]."""
    bars = graph.add("Div", graph.add("Add", "position", ticks), "ticks_per_bar")
    counts = graph.add("Concat", graph.widen(ticks), graph.widen(bars), graph.widen(graph.column("event", 1)), axis=1)
    before = graph.add("Mul", graph.add("Max", "clock", graph.constant(0.0)), graph.constant([1.0, 1.0, 0.0]))
    graph.add("Add", before, graph.cast(counts, "float32"), output="next_clock")
    return graph.cast(graph.column("next_clock", 1), "int32")


def louder(graph: "Graph", bars: str, loud: str) -> str:
    """Bin of a downbeat's velocity, int32 [voices]."""
    rest = graph.add("Mod", bars, graph.constant(LOUDEST_EVERY, np.int32))
    is_first = graph.add("Equal", rest, graph.constant(0, np.int32))
    return graph.add("Where", is_first, graph.constant(LOUDEST, np.int32), loud)
