"""The tensors of a graph, as a card lists them: what goes in and what comes out of one step."""

from typing import Annotated, Literal

import msgspec

from lstm_composer.runtime.music.event_encoding import (
    DELTA_CLASSES,
    DURATION_CLASSES,
    HEADS,
    PITCHES,
    STEERED,
    VELOCITY_BINS,
)
from lstm_composer.runtime.music.piece_memory import CLOCK_COUNTS, MEMORY_ROWS, RECALLS
from lstm_composer.runtime.music.token_encoding import TokenEncoding, token_tensors

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Size = Annotated[int, msgspec.Meta(ge=1, le=1 << 20)]


class TensorCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tensor of the graph; a size is a number, or "voices" for the batch."""

    name: Name
    dtype: Literal["int32", "float32"]
    shape: Annotated[tuple[Size | Name, ...], msgspec.Meta(max_length=8)]


Tensors = tuple[list[TensorCard], list[TensorCard]]
"""Inputs and outputs of a graph."""


def expected_tensors(layers: int, units: int, styles: int, memory: int = 0) -> Tensors:
    """Inputs and outputs of an event graph for a network of some size; `memory` as in `NetworkCard`."""
    sizes = dict(zip(HEADS, (DELTA_CLASSES, PITCHES, DURATION_CLASSES, VELOCITY_BINS), strict=True))
    state = [_floats("h", layers, units), _floats("c", layers, units)]
    remembered, key, recall = _memory_tensors(memory) if memory else ([], [], [])
    inputs = [
        TensorCard(name="event", dtype="int32", shape=("voices", len(HEADS))),
        *(TensorCard(name=name, dtype="int32", shape=("voices",)) for name in ("position", "ticks_per_bar", "meter")),
        *key,
        TensorCard(name="style", dtype="float32", shape=("voices", styles)),
        *state,
        TensorCard(name="remaining", dtype="int32", shape=("voices", PITCHES)),
        *remembered,
        TensorCard(name="temperature", dtype="float32", shape=("voices", len(HEADS))),
        TensorCard(name="min_p", dtype="float32", shape=("voices", 1)),
        *recall,
        *(TensorCard(name=f"{head}_bias", dtype="float32", shape=("voices", sizes[head])) for head in STEERED),
        *(TensorCard(name=f"noise_{head}", dtype="float32", shape=("voices", sizes[head])) for head in HEADS),
    ]
    outputs = [
        TensorCard(name="next_event", dtype="int32", shape=("voices", len(HEADS))),
        TensorCard(name="log_probability", dtype="float32", shape=("voices", len(HEADS))),
        TensorCard(name="next_position", dtype="int32", shape=("voices",)),
        *(_next(card) for card in state),
        TensorCard(name="next_remaining", dtype="int32", shape=("voices", PITCHES)),
        *(_next(card) for card in remembered),
    ]
    return inputs, outputs


def _memory_tensors(memory: int) -> tuple[list[TensorCard], list[TensorCard], list[TensorCard]]:
    """What is carried from note to note, the key, and what is wished of the past; see `runtime.music.piece_memory`."""
    remembered = [
        TensorCard(name="memory", dtype="float32", shape=("voices", MEMORY_ROWS, memory)),
        TensorCard(name="clock", dtype="float32", shape=("voices", CLOCK_COUNTS)),
    ]
    key = TensorCard(name="key", dtype="int32", shape=("voices",))
    return remembered, [key], [TensorCard(name="recall", dtype="float32", shape=("voices", RECALLS))]


def _next(card: TensorCard) -> TensorCard:
    return TensorCard(name=f"next_{card.name}", dtype=card.dtype, shape=card.shape)


def expected_token_tensors(encoding: TokenEncoding) -> Tensors:
    """Inputs and outputs of the graph of one of the article's presets."""
    inputs, outputs = (
        [
            msgspec.convert({"name": name, "dtype": dtype, "shape": shape}, TensorCard)
            for name, (dtype, shape) in shapes.items()
        ]
        for shapes in token_tensors(encoding)
    )
    return inputs, outputs


def _floats(name: str, layers: int, units: int) -> TensorCard:
    return TensorCard(name=name, dtype="float32", shape=(layers, "voices", units))
