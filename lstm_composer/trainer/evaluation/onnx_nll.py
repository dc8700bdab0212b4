"""How well a bundle predicts pieces: the event graph is made to play them, and asked how likely each note was.

The graph samples inside, so it is forced: noise that leaves only one class to choose, and no bias. What it says of the
likelihood of its choices is what the network says of the pieces' notes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.graph.carried_state import next_of
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.gumbel_noise import SIZES
from lstm_composer.runtime.music.event_encoding import DELTA_END, HEADS, LADDER, METERS, SILENT, STEERED
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.music.piece_memory import RECALLS
from lstm_composer.trainer.dataset.batches import Arrays, batches_of, pack, windows_of
from lstm_composer.trainer.dataset.training_piece import EncodedPiece
from lstm_composer.trainer.network.excerpts import SteppedNetwork

FORCED = 1e6
"""Noise of the class that must be chosen: more than any logit weighs."""
_BATCH_STEPS = 32_768
_FAR = np.iinfo(np.int32).max // 2


def stepped_engine(engine: Engine) -> SteppedNetwork:
    """The player of a bundle."""
    return SteppedNetwork(engine.carried, engine.run)


def score(player: SteppedNetwork, sequences: Sequence[EncodedPiece], styles: int) -> dict[str, float]:
    """Nats a note, as `trainer.evaluation.keras_nll.evaluate` measures a checkpoint: `loss` and `nll_<head>`."""
    totals = sum(found.sum(axis=0) for found in log_probabilities(player, sequences, styles))
    notes = sum(sequence.notes for sequence in sequences)
    parts = {f"nll_{head}": -float(total / notes) for head, total in zip(HEADS, totals, strict=True)}
    return {"loss": sum(parts.values()), **parts}


def log_probabilities(
    player: SteppedNetwork, sequences: Sequence[EncodedPiece], styles: int
) -> list[NDArray[np.float64]]:
    """Log-probabilities in nats of what each piece does, [steps, 4]; 0 of what its end does not say."""
    order = sorted(range(len(sequences)), key=lambda number: sequences[number].steps)
    windows = [window for number in order for window in windows_of(sequences[number], sequences[number].steps)]
    rows: list[NDArray[np.float64]] = []
    for group in batches_of(windows, _BATCH_STEPS):
        inputs, target, weights = pack(group, styles)
        weighted = _forced(player, inputs, target).astype(np.float64) * weights
        rows += [found[: window.steps] for found, window in zip(weighted, group, strict=True)]
    placed = dict(zip(order, rows, strict=True))
    return [placed[number] for number in range(len(sequences))]


def _forced(
    player: SteppedNetwork, inputs: Mapping[str, NDArray[Any]], target: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Log-probabilities [B, T, 4] of the target classes."""
    voices, steps, _ = target.shape
    carried = dict(player.carried.start(voices).tensors)
    measured = ("event", "position", "remaining")  # what a piece says itself, whatever the graph makes of it
    remembering = [name for name in player.carried.names if name not in measured]
    constant: Arrays = {
        "style": inputs["style"],
        "temperature": np.ones((voices, len(HEADS)), np.float32),
        "min_p": np.zeros((voices, 1), np.float32),
        **{f"{head}_bias": np.zeros((voices, SIZES[head]), np.float32) for head in STEERED},
    }
    if player.has_memory:
        constant |= {"key": inputs["key"], "recall": np.zeros((voices, RECALLS), np.float32)}
    found, bars = [], ticks_per_bar(inputs, target)
    for step in range(steps):
        if player.has_memory:
            carried["clock"] = carried["clock"].copy()
            carried["clock"][:, 1] = inputs["bar"][:, step]
        told = {name: np.ascontiguousarray(inputs[name][:, step]) for name in ("event", "position", "meter")}
        remaining = np.maximum(inputs["remaining"][:, step], SILENT).astype(np.int32)
        told |= {"remaining": remaining, "ticks_per_bar": np.ascontiguousarray(bars[:, step])}
        result = player.step({**constant, **carried, **told, **_noise(target[:, step])})
        carried = {name: result[next_of(name)] for name in remembering}
        found.append(result["log_probability"])
    return np.stack(found, axis=1)


def ticks_per_bar(inputs: Mapping[str, NDArray[Any]], target: NDArray[np.int32]) -> NDArray[np.int32]:
    """Lengths of bars [B, T] by which the graph arrives at the positions of the piece.

    These are those of the meter. Where a bar is cut short, or its meter has no name, it is the length by which the
    graph arrives all the same.
    """
    ticks = np.array([*LADDER, 0, 0], np.int32)[target[..., 0]]
    reached = inputs["position"] + ticks
    passed = reached - inputs["next_position"]
    bar = np.array([*(Meter.parse(name).ticks_per_bar for name in METERS), _FAR], np.int32)[inputs["meter"]]
    arriving = np.where(passed > 0, passed, _FAR)
    is_right = (reached % bar == inputs["next_position"]) | (target[..., 0] == DELTA_END)
    return np.where(is_right, bar, arriving).astype(np.int32)


def _noise(classes: NDArray[np.int32]) -> Arrays:
    """Noise that leaves one class in each head; at the end of a piece only delta counts."""
    forced = {}
    for column, (head, size) in enumerate(SIZES.items()):
        noise = np.zeros((len(classes), size), np.float32)
        noise[np.arange(len(classes)), np.minimum(classes[:, column], size - 1)] = FORCED
        forced[f"noise_{head}"] = noise
    return forced
