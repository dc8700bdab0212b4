"""What a network carries from note to note: every input `X` of its graph for which there is an output `next_X`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.bundle.tensors import TensorCard
from lstm_composer.runtime.music.event_encoding import SILENT, START
from lstm_composer.runtime.music.piece_memory import CLOCK_START, EVENT_ROWS, MATCH_ROWS, NO_EVENT, NO_MATCH

LATEST = 1 << 23
"""Ticks and bars beyond which a clock is not put on: up to twice as many, 32-bit floats hold all whole numbers."""
VOICES = "voices"
"""The size of an axis on which voices lie beside each other."""


class State(NamedTuple):
    """What the network carries, for any number of voices; never changed in place.

    Attributes:
        tensors: By the names of the inputs; which there are is the network's.

    """

    tensors: Mapping[str, NDArray[Any]]

    @property
    def event(self) -> NDArray[np.int32]:
        """Return int32 [voices, 4], classes of the previous event."""
        return self.tensors["event"]

    @property
    def position(self) -> NDArray[np.int32]:
        """Return int32 [voices], ticks since the bar line at the previous onset."""
        return self.tensors["position"]

    @property
    def remaining(self) -> NDArray[np.int32]:
        """Return int32 [voices, 128], ticks for which each pitch still sounds."""
        return self.tensors["remaining"]

    def rested(self, ticks: int, bars: int) -> "State":
        """Return the state after whole bars of rest, of which a network is told by its clock, where it has one.

        A piece that has not begun begins after the rest. Where the music goes back the clock stays: what is remembered
        would else lie in the future.

        Args:
            ticks: Length of the rest; below 0 where the music goes back.
            bars: The same in bars.

        """
        clock = self.tensors.get("clock")
        if clock is None or ticks <= 0 or (clock[:, 0] < 0).any():
            return self
        later = clock + np.array([ticks, bars, 0], np.float64)
        return self.replaced(clock=np.minimum(later, LATEST).astype(np.float32))

    def unmatched(self) -> "State":
        """Return the state with all match lengths 0; the remembered events stay. Without a memory it is the same."""
        memory = self.tensors.get("memory")
        if memory is None:
            return self
        forgotten = memory.copy()
        forgotten[:, EVENT_ROWS:] = NO_MATCH
        return self.replaced(memory=forgotten)

    def replaced(self, **changed: NDArray[Any]) -> "State":
        """Return a state in which some tensors are others."""
        return State({**self.tensors, **changed})


class Carried:
    """Which tensors a network carries, what they are before the first note, and how those of several voices are joined.

    Attributes:
        names: Of the inputs, in the card's order.

    """

    def __init__(self, inputs: Sequence[TensorCard], outputs: Sequence[TensorCard]) -> None:
        """Find them among the tensors of a card."""
        made = {card.name for card in outputs}
        cards = [card for card in inputs if next_of(card.name) in made]
        self.names = tuple(card.name for card in cards)
        self._axes = {card.name: card.shape.index(VOICES) for card in cards}
        self._firsts = {card.name: _first(card) for card in cards}

    def start(self, voices: int) -> State:
        """Return the state before the first note of a piece, on a bar line."""
        return State({name: np.repeat(first, voices, self._axes[name]) for name, first in self._firsts.items()})

    def after(self, tensors: Iterable[NDArray[Any]]) -> State:
        """Return the state of tensors in the order of `names`."""
        return State(dict(zip(self.names, tensors, strict=True)))

    def joined(self, states: Sequence[State]) -> State:
        """Return the states of several voices, one after another, as one."""
        return State(
            {name: np.concatenate([one.tensors[name] for one in states], axis) for name, axis in self._axes.items()}
        )

    def split(self, state: State, voices: int) -> list[State]:
        """Return one state for each voice; copies, so that none keeps the others' memory."""
        return [self.of_voice(state, index) for index in range(voices)]

    def of_voice(self, state: State, voice: int) -> State:
        """Return the state of one voice, a copy."""
        return State({name: _row(state.tensors[name], axis, voice) for name, axis in self._axes.items()})


def next_of(name: str) -> str:
    """Return the name of the output that is the next step's input."""
    return f"next_{name}"


def _row(tensor: NDArray[Any], axis: int, index: int) -> NDArray[Any]:
    return tensor[(slice(None),) * axis + (slice(index, index + 1),)].copy()


def _first(card: TensorCard) -> NDArray[Any]:
    """Return a tensor of one voice before the first note: zeros but for those whose zero means something else."""
    first = np.zeros([size if isinstance(size, int) else 1 for size in card.shape], card.dtype)
    if card.name == "event":
        first[:] = astuple(START)
    elif card.name == "remaining":
        first[:] = SILENT
    elif card.name == "memory":
        first[:] = np.array([NO_EVENT] * EVENT_ROWS + [NO_MATCH] * MATCH_ROWS)[:, None]
    elif card.name == "clock":
        first[:] = CLOCK_START
    return first
