"""How well a bundle predicts pieces: the event graph is made to play them, and asked how likely each note was.

The graph samples inside, so it is forced: noise that leaves only one class to choose, and no bias. What it says of the
likelihood of its choices is what the network says of the pieces' notes.
"""

from collections.abc import Mapping
from collections.abc import Sequence as Many
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.encoding import HEADS, LADDER, SILENT, STEERED
from runtime.engine import Engine
from runtime.noise import SIZES
from trainer.batches import Arrays, batches_of, pack, windows_of
from trainer.excerpts import Player
from trainer.features import Sequence

FORCED = 1e6
"""Noise of the class that must be chosen: more than any logit weighs."""
_BATCH_STEPS = 32_768


def player_of_engine(engine: Engine) -> Player:
    """The player of a bundle."""
    network = engine.card.network
    return Player(network.layers, network.units, engine.run)


def score(player: Player, sequences: Many[Sequence], styles: int) -> dict[str, float]:
    """Nats a note of pieces, as `trainer.evaluation.evaluate` measures a checkpoint: `loss` and `nll_<head>`."""
    windows = sorted((window for s in sequences for window in windows_of(s, s.steps)), key=lambda window: window.steps)
    sums, notes = np.zeros(len(HEADS)), 0.0
    for group in batches_of(windows, _BATCH_STEPS):
        inputs, target, weights = pack(group, styles)
        log_probability = _forced(player, inputs, target)
        sums -= np.einsum("bth,bth->h", log_probability, weights)
        notes += weights[..., 1].sum()
    parts = {f"nll_{head}": float(total / notes) for head, total in zip(HEADS, sums, strict=True)}
    return {"loss": sum(parts.values()), **parts}


def _forced(player: Player, inputs: Mapping[str, NDArray[Any]], target: NDArray[np.int32]) -> NDArray[np.float32]:
    """Log-probabilities [B, T, 4] of the target classes."""
    voices, steps, _ = target.shape
    carried: Arrays = {
        "h": np.zeros((player.layers, voices, player.units), np.float32),
        "c": np.zeros((player.layers, voices, player.units), np.float32),
    }
    constant: Arrays = {
        "style": inputs["style"],
        "temperature": np.ones((voices, len(HEADS)), np.float32),
        "min_p": np.zeros((voices, 1), np.float32),
        **{f"{head}_bias": np.zeros((voices, SIZES[head]), np.float32) for head in STEERED},
    }
    found, bars = [], _ticks_per_bar(inputs, target)
    for step in range(steps):
        told = {name: np.ascontiguousarray(inputs[name][:, step]) for name in ("event", "position", "meter")}
        remaining = np.maximum(inputs["remaining"][:, step], SILENT).astype(np.int32)
        told |= {"remaining": remaining, "ticks_per_bar": np.ascontiguousarray(bars[:, step])}
        result = player.step({**constant, **carried, **told, **_noise(target[:, step])})
        carried = {"h": result["next_h"], "c": result["next_c"]}
        found.append(result["log_probability"])
    return np.stack(found, axis=1)


def _ticks_per_bar(inputs: Mapping[str, NDArray[Any]], target: NDArray[np.int32]) -> NDArray[np.int32]:
    """Lengths of bars [B, T] by which the graph arrives at the positions of the piece, whatever its meters do."""
    ticks = np.array([*LADDER, 0, 0], np.int32)[target[..., 0]]
    passed = inputs["position"] + ticks - inputs["next_position"]
    return np.where(passed > 0, passed, np.iinfo(np.int32).max // 2).astype(np.int32)


def _noise(classes: NDArray[np.int32]) -> Arrays:
    """Noise that leaves one class in each head; at the end of a piece only delta counts."""
    forced = {}
    for column, (head, size) in enumerate(SIZES.items()):
        noise = np.zeros((len(classes), size), np.float32)
        noise[np.arange(len(classes)), np.minimum(classes[:, column], size - 1)] = FORCED
        forced[f"noise_{head}"] = noise
    return forced
