"""How often a network of `stream` names all pitches of the next onset: what the article's networks are asked for too.

The network is told all that came before the onset, and the time of the onset, since the article's networks are not
asked for the time. Then it goes on by itself, always with the likeliest class of each head, until it moves on in time:
the pitches up to there are its chord. It is right where the chord has the name of the true one (`onset_tokens`):
of a single note the pitch must be right, of several their pitch classes, as in the article's tokens.
"""

from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from onset_tokens import token_of

from runtime.controls import Controls
from runtime.encoding import HEADS, LADDER, SILENT
from runtime.noise import SIZES
from trainer.batches import Arrays, pack, windows_of
from trainer.excerpts import Player
from trainer.features import Sequence
from trainer.scoring import FORCED

VOICES = 32
"""Pieces, or onsets, that go through the network at once; always as many, so that it is compiled once."""
MOST_PITCHES = 12
"""Of a chord; who finds no end by then is wrong."""
CARRIED = ("h", "c")
_FAR = 2**30

IntArray = NDArray[np.int32]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class OnsetAccuracy:
    """Shares of onsets, 0..1: all pitches right where the time is told, and time and pitches right; and how many."""

    pitches: float
    time_and_pitches: float
    onsets: int


@dataclass(frozen=True, slots=True)
class _Onset:
    """One onset: what the network is told before it (rows of its inputs), its delta class and its true name."""

    told: Arrays
    delta: int
    name: str


def onset_accuracy(player: Player, sequences: Many[Sequence]) -> OnsetAccuracy:
    """Ask for every onset of pieces of one style.

    Args:
        player: A network of one style.
        sequences: At least one piece.

    """
    found = [hit for part in _in_parts(list(_onsets(player, sequences))) for hit in _asked(player, part)]
    pitches, both = np.mean(found, axis=0)
    return OnsetAccuracy(round(float(pitches), 4), round(float(both), 4), len(found))


def _in_parts(items: list[Item]) -> Iterator[list[Item]]:
    yield from (items[start : start + VOICES] for start in range(0, len(items), VOICES))


def _constant() -> Arrays:
    """What steers nothing, for all voices."""
    tensors = Controls(style=(1.0,)).tensors()
    return {name: np.repeat(values, VOICES, axis=0) for name, values in tensors.items()}


def _noise(head: str = "", classes: IntArray | None = None) -> Arrays:
    """Noise that leaves one class [VOICES] of a head, and the likeliest of all others."""
    noise = {f"noise_{name}": np.zeros((VOICES, size), np.float32) for name, size in SIZES.items()}
    if classes is not None:
        noise[f"noise_{head}"][np.arange(VOICES), classes] = FORCED
    return noise


def _onsets(player: Player, sequences: Many[Sequence]) -> Iterator[_Onset]:
    """Go through the pieces as they are, and stop before each onset."""
    for part in _in_parts(sorted(sequences, key=lambda sequence: sequence.steps)):
        filled = [*part, *[part[-1]] * (VOICES - len(part))]
        inputs, target, weights = pack([window for s in filled for window in windows_of(s, s.steps)], 1)
        deltas, is_note = target[..., 0], weights[..., 1] > 0
        carried: Arrays = {name: np.zeros((player.layers, VOICES, player.units), np.float32) for name in CARRIED}
        for step in range(target.shape[1]):
            told = {name: inputs[name][:, step] for name in ("event", "position", "meter", "remaining")}
            told["remaining"] = np.maximum(told["remaining"], SILENT).astype(np.int32)
            told["ticks_per_bar"] = _ticks_to_bar(told["position"], deltas[:, step], inputs["next_position"][:, step])
            for voice in range(len(part)):
                if is_note[voice, step] and (step == 0 or deltas[voice, step]):
                    row = {name: values[voice] for name, values in told.items()}
                    row |= {name: values[:, voice] for name, values in carried.items()}
                    yield _Onset(row, int(deltas[voice, step]), _name_at(target[voice], step))
            found = player.step({**_constant(), **carried, **_contiguous(told), **_noise()})
            carried = {name: found[f"next_{name}"] for name in CARRIED}


def _contiguous(arrays: Arrays) -> Arrays:
    return {name: np.ascontiguousarray(values) for name, values in arrays.items()}


def _ticks_to_bar(position: IntArray, delta: IntArray, next_position: IntArray) -> IntArray:
    """Length of a bar by which the network arrives where the piece does, whatever its meters do."""
    passed = position + np.array([*LADDER, 0, 0], np.int32)[delta] - next_position
    return np.where(passed > 0, passed, _FAR).astype(np.int32)


def _name_at(target: IntArray, step: int) -> str:
    later = np.flatnonzero(target[step + 1 :, 0])  # the next onset, or the end; after it there is only padding
    stop = step + 1 + int(later[0]) if len(later) else len(target)
    return token_of(target[step:stop, 1].tolist())


def _asked(player: Player, onsets: list[_Onset]) -> Iterator[tuple[bool, bool]]:
    """For each onset, at most VOICES: pitches right, and time and pitches right."""
    filled = [*onsets, *[onsets[-1]] * (VOICES - len(onsets))]
    told = {name: np.stack([o.told[name] for o in filled], name in CARRIED) for name in filled[0].told}
    inputs = {**_constant(), **told}
    true_deltas = np.array([onset.delta for onset in filled], np.int32)
    likeliest = player.step({**inputs, **_noise()})["next_event"][:, 0]
    chords = _chords(player, inputs, true_deltas)
    for onset, chord, delta in zip(onsets, chords, likeliest.tolist(), strict=False):
        right = token_of(chord) == onset.name
        yield right, right and delta == onset.delta


def _chords(player: Player, inputs: Arrays, deltas: IntArray) -> list[list[int]]:
    """Pitches that each voice strikes at the onset, the likeliest of each head, before it moves on in time."""
    chords: list[list[int]] = [[] for _ in range(VOICES)]
    goes_on, noise = np.ones(VOICES, bool), _noise("delta", deltas)
    for _ in range(MOST_PITCHES):
        found = player.step({**inputs, **noise})
        event = found["next_event"]
        if chords[0]:
            goes_on &= event[:, HEADS.index("delta")] == 0
        if not goes_on.any():
            break
        for voice in np.flatnonzero(goes_on):
            chords[voice].append(int(event[voice, HEADS.index("pitch")]))
        names = ("event", "position", "h", "c", "remaining")
        inputs = {**inputs, **{name: found[f"next_{name}"] for name in names}}
        noise = _noise()
    return chords
