"""How often a network of `stream` names all pitches of the next onset: what the article's networks are asked for too.

The network is told all that came before the onset, and the time of the onset, since the article's networks are not
asked for the time. Then it goes on by itself, always with the likeliest class of each head, until it moves on in time:
the pitches up to there are its chord. It is right where the chord has the name of the true one (`onset_tokens`):
of a single note the pitch must be right, of several their pitch classes, as in the article's tokens.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.onset_tokens import token_of
from lstm_composer.runtime.graph.carried_state import State, next_of
from lstm_composer.runtime.graph.gumbel_noise import SIZES
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.event_encoding import HEADS, SILENT
from lstm_composer.trainer.dataset.batches import Arrays, pack, windows_of
from lstm_composer.trainer.dataset.training_piece import EncodedPiece
from lstm_composer.trainer.evaluation.onnx_nll import FORCED, ticks_per_bar
from lstm_composer.trainer.network.excerpts import SteppedNetwork

VOICES = 32
"""Pieces, or onsets, that go through the network at once; always as many, so that it is compiled once."""
MOST_PITCHES = 12
"""Of a chord; who finds no end by then is wrong."""

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
    """One onset: the state before it of a network that has been told the piece, its bar, its delta class, its name."""

    state: State
    constant: Arrays
    delta: int
    name: str


def onset_accuracy(player: SteppedNetwork, sequences: Sequence[EncodedPiece]) -> OnsetAccuracy:
    """Ask for every onset of pieces of one style.

    Args:
        player: A network of one style.
        sequences: At least one piece.

    """
    found = [hit for part in _in_parts(_onsets(player, sequences)) for hit in _asked(player, part)]
    pitches, both = np.mean(found, axis=0)
    return OnsetAccuracy(round(float(pitches), 4), round(float(both), 4), len(found))


def _in_parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    source = iter(items)
    while part := list(islice(source, VOICES)):
        yield part


def _constant(player: SteppedNetwork) -> Arrays:
    """What steers nothing, for all voices."""
    tensors = GraphInputs(style=(1.0,), has_memory=player.has_memory).tensors()
    return {name: np.repeat(values, VOICES, axis=0) for name, values in tensors.items()}


def _noise(head: str = "", classes: IntArray | None = None) -> Arrays:
    """Noise that leaves one class [VOICES] of a head, and the likeliest of all others."""
    noise = {f"noise_{name}": np.zeros((VOICES, size), np.float32) for name, size in SIZES.items()}
    if classes is not None:
        noise[f"noise_{head}"][np.arange(VOICES), classes] = FORCED
    return noise


def _onsets(player: SteppedNetwork, sequences: Sequence[EncodedPiece]) -> Iterator[_Onset]:
    """Go through the pieces as they are, and stop before each onset."""
    for part in _in_parts(sorted(sequences, key=lambda sequence: sequence.steps)):
        filled = [*part, *[part[-1]] * (VOICES - len(part))]
        inputs, target, weights = pack([window for s in filled for window in windows_of(s, s.steps)], 1)
        deltas, is_note = target[..., 0], weights[..., 1] > 0
        state = player.carried.start(VOICES)
        bars = ticks_per_bar(inputs, target)
        for step in range(target.shape[1]):
            told = {name: np.ascontiguousarray(inputs[name][:, step]) for name in ("event", "position")}
            told["remaining"] = np.maximum(inputs["remaining"][:, step], SILENT).astype(np.int32)
            state = state.replaced(**told)
            constant = {
                "meter": np.ascontiguousarray(inputs["meter"][:, step]),
                "ticks_per_bar": np.ascontiguousarray(bars[:, step]),
            }
            if player.has_memory:
                constant["key"] = inputs["key"]
            for voice in range(len(part)):
                if is_note[voice, step] and (step == 0 or deltas[voice, step]):
                    own = {name: values[voice : voice + 1] for name, values in constant.items()}
                    before = player.carried.of_voice(state, voice)
                    yield _Onset(before, own, int(deltas[voice, step]), _name_at(target[voice], step))
            found = player.step({**_constant(player), **constant, **state.tensors, **_noise()})
            state = player.carried.after(found[next_of(name)] for name in player.carried.names)


def _name_at(target: IntArray, step: int) -> str:
    later = np.flatnonzero(target[step + 1 :, 0])  # the next onset, or the end; after it there is only padding
    stop = step + 1 + int(later[0]) if len(later) else len(target)
    return token_of(target[step:stop, 1].tolist())


def _asked(player: SteppedNetwork, onsets: list[_Onset]) -> Iterator[tuple[bool, bool]]:
    """For each onset, at most VOICES: pitches right, and time and pitches right."""
    filled = [*onsets, *[onsets[-1]] * (VOICES - len(onsets))]
    told = {name: np.concatenate([o.constant[name] for o in filled]) for name in filled[0].constant}
    inputs = {**_constant(player), **told, **player.carried.joined([o.state for o in filled]).tensors}
    true_deltas = np.array([onset.delta for onset in filled], np.int32)
    likeliest = player.step({**inputs, **_noise()})["next_event"][:, 0]
    chords = _chords(player, inputs, true_deltas)
    for onset, chord, delta in zip(onsets, chords, likeliest.tolist(), strict=False):
        right = token_of(chord) == onset.name
        yield right, right and delta == onset.delta


def _chords(player: SteppedNetwork, inputs: Arrays, deltas: IntArray) -> list[list[int]]:
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
        inputs = {**inputs, **{name: found[next_of(name)] for name in player.carried.names}}
        noise = _noise()
    return chords
