"""The inputs of the event graph that control the music, and how the parameters set them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.event_encoding import (
    DELTA_CLASSES,
    DELTA_END,
    DURATION_CLASSES,
    HEADS,
    LADDER,
    PITCHES,
    meter_class,
)
from lstm_composer.runtime.music.key_estimation import profile_of
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Meter
from lstm_composer.runtime.music.piece_keys import key_number, shares_of
from lstm_composer.runtime.music.piece_memory import DEFAULT_RECALL, NO_KEY, RECALL_LENGTHS
from lstm_composer.runtime.music.scales import pitch_classes
from lstm_composer.runtime.parameters.parameters import WHOLE, Parameters, Register

FORBIDDEN = -np.inf
HEARD = 0.1
"""Weight from which on a style of a mix brings its register."""
DENSITY_NATS = 1.5
"""Nats by which density 1 favours an onset over one that comes twice as late."""
RECALL_NATS = 3.0
"""Nats by which returns 1 favours what the past of the piece suggests more than the style does (`recall`)."""
KEY_NATS = 0.25
"""Nats for each standard deviation of the profile of the key that is set, for networks with a memory.

Profiles are in lstm_composer/runtime/music/key_estimation.py.

To forbid the notes of other keys is not enough: C minor has those of Eb major, and music that has begun there stays.
Where a style has little music in that mode, as fiddle tunes in minor, it takes up to 1 + OTHER_MODE times as much.
"""
OTHER_MODE = 1.5
"""See KEY_NATS: for a style that is all in the other mode; 0 for one that is half in each."""
MAJOR_KEYS = 12
"""Of the 24 keys the first ones."""
HALF_MATCH = 4
"""Events of agreement with the past after which its going on is favoured half as much as after many."""
LONGEST_OCTAVES = 3.0
"""Doublings of an eighth's distance beyond which density makes no further difference."""


@dataclass(frozen=True, slots=True)
class GraphInputs:
    """The inputs of the event graph besides its state and noise, as values for one voice.

    Attributes:
        style: Weight of each of the bundle's styles; they add up to 1.
        style_strength: How much of the style: 1 as learned, 0 what all styles have in common; above 1, what sets it
            apart from them is laid on thicker.
        meter: The meter the music is made in.
        temperature: One per head (delta, pitch, duration, velocity), 0 or more; 0 takes the likeliest class.
        min_p: 0..1; classes less likely than this share of the likeliest are never taken.
        delta_bias: 106 values added to the logits of the time to the next onset, in nats, the last one to that of the
            end of the piece; minus infinity forbids a class. None for all 0.
        pitch_bias: 128 values added to the pitch logits, likewise.
        duration_bias: 105 values added to the duration logits, likewise.
        shortest_piece_bars: Bars before which a piece does not end.
        registers: Lowest and highest pitch 0..127 that each of the bundle's styles uses; empty where that is not known.
        has_memory: Whether the network remembers the piece; only such a network takes the two that follow.
        key: 0..11 major on C to B, 12..23 minor, 24 none; None: the piece's own, which whoever makes the music tells.
        recall: Nats by which what the piece's own past suggests is favoured, RECALLS values: in going on with what has
            agreed with it for each of RECALL_LENGTHS events, and in beginning a return; the last is how much less what
            goes round is, with each doubling of its rounds; 0 as learned.
        style_keys: How much of each style's music is in each of the 24 keys; None where that is not known.

    """

    style: tuple[float, ...]
    style_strength: float = 1.0
    meter: Meter = Meter(4, 4)  # noqa: RUF009 - frozen, so that one may be shared
    temperature: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    min_p: float = 0.0
    delta_bias: tuple[float, ...] | None = None
    pitch_bias: tuple[float, ...] | None = None
    duration_bias: tuple[float, ...] | None = None
    shortest_piece_bars: int = 8
    registers: tuple[Register, ...] = ()
    has_memory: bool = False
    key: int | None = None
    recall: tuple[float, ...] = DEFAULT_RECALL
    style_keys: tuple[tuple[float, ...] | None, ...] = ()

    def tensors(self, *, may_end: bool = True) -> dict[str, NDArray[Any]]:
        """Return the constant inputs of the event graph for one voice, each [1, ...].

        Args:
            may_end: Whether the piece may end with the next event.

        """
        delta_bias = _bias(self.delta_bias, DELTA_CLASSES)
        if not may_end:
            delta_bias[0, DELTA_END] = FORBIDDEN
        remembering = {}
        if self.has_memory:
            key = NO_KEY if self.key is None else self.key
            remembering = {"key": np.array([key], np.int32), "recall": np.array([self.recall], np.float32)}
        return {
            "style": np.array([self._style_weights()], np.float32),
            "meter": np.array([meter_class(self.meter)], np.int32),
            "ticks_per_bar": np.array([self.meter.ticks_per_bar], np.int32),
            "temperature": np.array([self.temperature], np.float32),
            "min_p": np.array([[self.min_p]], np.float32),
            "delta_bias": delta_bias,
            "pitch_bias": _bias(self.pitch_bias, PITCHES),
            "duration_bias": _bias(self.duration_bias, DURATION_CLASSES),
            **remembering,
        }

    def register_of(self, style: Sequence[float]) -> Register:
        """Return the lowest and the highest pitch that a mix of styles uses, by their weights."""
        heard = [used for used, weight in zip(self.registers, style, strict=False) if weight >= HEARD]
        return (min(low for low, _ in heard), max(high for _, high in heard)) if heard else WHOLE

    def _style_weights(self) -> NDArray[np.float64]:
        """Weights of the styles [styles], moved away from equal weights, or towards them; they still add up to 1.

        The network's vector of a mix is the weighted sum of its styles' vectors, so that this moves the vector along
        the line from the mean of all of them through its own: the thought of classifier-free guidance (Ho and Salimans
        2021), in the place where it costs nothing.
        """
        weights = np.array(self.style, np.float64)
        if self.style_strength != 1:
            weights = weights.mean() + self.style_strength * (weights - weights.mean())
        return weights


def pitch_bias(allowed: Callable[[int], bool]) -> tuple[float, ...] | None:
    """Return what forbids all other pitches; None where all are allowed."""
    bias = tuple(0.0 if allowed(pitch) else FORBIDDEN for pitch in range(PITCHES))
    return bias if min(bias) == FORBIDDEN else None


def _bias(values: Sequence[float] | None, classes: int) -> NDArray[np.float32]:
    return np.zeros((1, classes), np.float32) if values is None else np.array([values], np.float32)


def stack_voices(voices: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Join the inputs of several voices, each [1, ...], into one batch [voices, ...]."""
    return {name: np.concatenate([voice[name] for voice in voices]) for name in voices[0]}


def temperatures(value: float | None, defaults: Sequence[float]) -> tuple[float, float, float, float]:
    """One temperature for all heads, or the bundle's own where none is given."""
    delta, pitch, duration, velocity = [value] * len(HEADS) if value is not None else defaults
    return float(delta), float(pitch), float(duration), float(velocity)


def graph_inputs(parameters: Parameters, before: GraphInputs) -> GraphInputs:
    """Return the graph inputs of before with the values of the parameters.

    Raises:
        InputError: If no pitch of the key lies in the register.

    """
    return replace(
        before,
        style=parameters.style,
        style_strength=parameters.style_strength,
        temperature=parameters.temperature,
        min_p=parameters.min_p,
        key=before.key if parameters.key is None else key_number(parameters.key),
        recall=_recall(parameters, before.recall),
        delta_bias=_delta_bias(parameters),
        pitch_bias=_pitch_bias(parameters, before),
    )


def _recall(parameters: Parameters, before: tuple[float, ...]) -> tuple[float, ...]:
    """More of going on the longer the past has been agreed with, and of beginning."""
    shares = [*(1 - 0.5 ** (length / HALF_MATCH) for length in RECALL_LENGTHS), 1.0, 0.0]
    return tuple(nats + parameters.returns * RECALL_NATS * share for nats, share in zip(before, shares, strict=True))


def _pitch_bias(parameters: Parameters, before: GraphInputs) -> tuple[float, ...] | None:
    lowest, highest = before.register_of(parameters.style) if parameters.register == WHOLE else parameters.register
    allowed = pitch_classes(parameters.key) if parameters.key else frozenset(range(12))
    if not any(pitch % 12 in allowed for pitch in range(lowest, highest + 1)):
        raise InputError(f"no note of {parameters.key} lies between {lowest} and {highest}: widen the register")
    bias = pitch_bias(lambda pitch: lowest <= pitch <= highest and pitch % 12 in allowed)
    number = NO_KEY if parameters.key is None else key_number(parameters.key)
    if bias is None or number == NO_KEY or not before.has_memory:
        return bias
    seldom = max(0.0, 2 * _other_mode(number, parameters.style, before) - 1)
    lean = KEY_NATS * (1 + OTHER_MODE * seldom) * profile_of(number)
    return tuple(nats + float(lean[pitch % 12]) for pitch, nats in enumerate(bias))


def _other_mode(key: int, style: Sequence[float], before: GraphInputs) -> float:
    """Return the share 0..1 of a style's music that is in minor where the key is major, or the other way round."""
    shares = shares_of([style], before.style_keys)
    if shares is None:
        return 0.0
    major, minor = sum(shares[:MAJOR_KEYS]), sum(shares[MAJOR_KEYS:NO_KEY])
    return (minor if key < MAJOR_KEYS else major) / (major + minor)


def _delta_bias(parameters: Parameters) -> tuple[float, ...] | None:
    if parameters.density == 0.0:
        return None
    return tuple(
        _delta_nats(parameters, LADDER[index]) if index < len(LADDER) else 0.0 for index in range(DELTA_CLASSES)
    )


def _delta_nats(parameters: Parameters, ticks: int) -> float:
    """Nats for a time to the next onset; notes of a chord, 0 ticks apart, are for the harmony to decide."""
    if ticks == 0:
        return 0.0
    octaves = math.log2(ticks / (TICKS_PER_QUARTER / 2))
    return -parameters.density * DENSITY_NATS * min(max(octaves, -LONGEST_OCTAVES), LONGEST_OCTAVES)
