"""Network events as an endless stream of notes in musical time: music that the network improvises freely."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.errors import BundleError
from lstm_composer.runtime.generation.directives import BiasTowards
from lstm_composer.runtime.generation.voice_state import FreeState
from lstm_composer.runtime.graph.carried_state import State
from lstm_composer.runtime.graph.engine import Engine, Step
from lstm_composer.runtime.graph.gumbel_noise import gumbel_noise
from lstm_composer.runtime.graph.inputs import FORBIDDEN, GraphInputs
from lstm_composer.runtime.music.event_encoding import (
    DELTA_END,
    LADDER,
    PITCHES,
    Event,
    duration_class,
    ladder_class,
    velocity_of,
)
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note
from lstm_composer.runtime.music.piece_keys import drawn, shares_of
from lstm_composer.runtime.music.piece_memory import NO_KEY

MAX_EMPTY_EVENTS = 16
"""Events in a row without a note after which a piece is over: a network that repeats itself would go on for ever."""
LONGEST_REST = LADDER[-1]
"""Ticks from one onset to the next that the network can be asked for."""
_KEYS = [np.array([key], np.int32) for key in range(NO_KEY + 1)]


class StepRequest(NamedTuple):
    """A request for one run of the network: the arguments of `Engine.step`."""

    state: State
    controls: Mapping[str, NDArray[Any]]
    noise: Mapping[str, NDArray[Any]]


class FreeVoice:
    """Improvises freely under fixed controls.

    Attributes:
        allowed: bool [128], which pitches may sound.

    """

    def __init__(
        self, engine: Engine, controls: GraphInputs, seed: int, draw_key: Callable[[int], int] | None = None
    ) -> None:
        """Get ready; from the same state always the same event comes.

        Args:
            engine: Runs the network.
            controls: What steers it.
            seed: Of the noise.
            draw_key: Gives the key of a piece by its number, where none is set; None: drawn for each from the seed.

        """
        self._start = engine.start
        self._name = engine.card.name
        self._seed = seed
        self._bar = controls.meter.ticks_per_bar
        self._shortest = controls.shortest_piece_bars * self._bar
        self._tensors = controls.tensors()
        self._unending = controls.tensors(may_end=False)
        self.allowed: NDArray[np.bool_] = np.isfinite(self._tensors["pitch_bias"][0])
        self._has_own_keys = controls.has_memory and controls.key is None
        self._draw_key = draw_key or partial(drawn, shares_of([controls.style], controls.style_keys), seed)

    def request(self, state: FreeState, bias: BiasTowards | None = None) -> StepRequest:
        """Return the run of the network that the next event needs.

        Where the note of a bias may be varied, the network is not told of the match with the first time: it would be so
        sure of that music that it varied nothing.
        """
        network = state.network if bias is None or bias.nats == np.inf else state.network.unmatched()
        tensors = self._unending if self._is_too_short(state) or bias is not None else self._tensors
        if self._has_own_keys:
            tensors = {**tensors, "key": _KEYS[self.key_of(state)]}
        if state.onset < state.not_before:
            tensors = _after_rest(tensors, min(state.not_before - state.onset, LONGEST_REST))
        if bias is not None:
            tensors = _bias_towards(tensors, bias, state.onset)
        return StepRequest(network, tensors, gumbel_noise(self._seed, state.number))

    def advance(self, state: FreeState, step: Step) -> tuple[Note | None, FreeState]:
        """Read the event that the run gives.

        Raises:
            BundleError: If the network makes no notes, or does what it cannot be asked for.

        """
        event = step.event()
        ends = event.delta == DELTA_END
        if ends and self._is_too_short(state):
            raise BundleError(f"bundle {self._name} ends pieces where that is forbidden: export the model again")
        if ends or state.empty_events >= MAX_EMPTY_EVENTS:
            _check_produces_notes(state, self._name)
            return None, _next_piece(state, self._start(), self._bar)
        onset, duration = state.onset + LADDER[event.delta], LADDER[event.duration]
        # Styles may be turned: a piece keeps its key.
        key = self.key_of(state) if self._has_own_keys and state.key is None else state.key
        note, last_end, empty_events, struck = None, state.last_end, state.empty_events + 1, state.struck
        if duration > 0 and not _still_sounds(state.network, event):
            note = Note(onset, event.pitch, duration, velocity_of(event.velocity))
            last_end, empty_events = max(last_end, note.end), 0
            struck = struck + 1 if onset == state.onset else 1
            if struck > PITCHES:
                raise BundleError(
                    f"bundle {self._name} puts more than {PITCHES} notes on one moment and does not go on: "
                    "export the model again"
                )
        # Made for each note: `replace` would take three times as long.
        return note, FreeState(
            network=step.state,
            number=state.number + 1,
            onset=onset,
            piece_start=state.piece_start,
            last_end=last_end,
            empty_events=empty_events,
            struck=struck,
            not_before=state.not_before,
            piece=state.piece,
            key=key,
        )

    def key_of(self, state: FreeState) -> int:
        """Return the key that the network is told for the piece, where none is set; see `GraphInputs.key`."""
        if not self._has_own_keys:
            return NO_KEY
        return self._draw_key(state.piece) if state.key is None else state.key

    def _is_too_short(self, state: FreeState) -> bool:
        return state.onset - state.piece_start < self._shortest

    def aligned_before(self, state: FreeState, tick: int) -> FreeState:
        """Return the state moved by whole bars to at most a bar before a tick, before which nothing starts."""
        ticks = (tick - 1 - state.onset) // self._bar * self._bar
        rested = state.network.rested(ticks, ticks // self._bar)
        return replace(state.shifted(ticks, state.number + 1), network=rested, not_before=tick)

    def bar_line_after(self, tick: int) -> int:
        """Return the first bar line behind a position."""
        return (tick // self._bar + 1) * self._bar

    def rest_until(self, state: FreeState, tick: int) -> FreeState:
        """Return the state from which nothing starts before a position; of whole bars only the clock tells."""
        rested = self.aligned_before(state, tick) if tick - state.onset > self._bar else state
        return replace(rested, not_before=max(rested.not_before, tick), number=state.number + 1)


def make_advance(
    engine: Engine, controls: GraphInputs, seed: int
) -> Callable[[FreeState], tuple[Note | None, FreeState]]:
    """Return the function that makes the next event under fixed controls; the same state always gives the same event.

    It raises `BundleError` if the network makes no notes.
    """
    voice = FreeVoice(engine, controls, seed)

    def advance(state: FreeState) -> tuple[Note | None, FreeState]:
        return voice.advance(state, engine.step(*voice.request(state)))

    return advance


def _after_rest(tensors: Mapping[str, NDArray[Any]], ticks: int) -> dict[str, NDArray[Any]]:
    """Forbid the next onset before so many ticks have passed, and the end of the piece.

    Networks know few rests: after one of more than a beat, where the next onset may be would be anybody's guess.
    """
    bias = tensors["delta_bias"].copy()
    first = bisect_left(LADDER, ticks)
    bias[0, :first] = FORBIDDEN
    if ticks > TICKS_PER_QUARTER:
        bias[0, first] = max(bias[0, first], 0.0)
        bias[0, first + 1 :] = FORBIDDEN
    bias[0, DELTA_END] = FORBIDDEN
    return {**tensors, "delta_bias": bias}


def _bias_towards(tensors: Mapping[str, NDArray[Any]], bias: BiasTowards, onset: int) -> dict[str, NDArray[Any]]:
    """Add the bias towards a note to the inputs; infinite nats leave only that note."""
    note, nats = bias.note, bias.nats
    wanted = {
        "delta_bias": ladder_class(max(0, note.onset - onset)),
        "pitch_bias": note.pitch,
        "duration_bias": duration_class(note.duration),
    }
    return {**tensors, **{name: _raised(tensors[name], index, nats) for name, index in wanted.items()}}


def _raised(bias: NDArray[Any], index: int, nats: float) -> NDArray[Any]:
    if nats == np.inf:
        only = np.full_like(bias, FORBIDDEN)
        only[0, index] = 0.0
        return only
    raised: NDArray[Any] = bias.copy()
    raised[0, index] += nats
    return raised


def _check_produces_notes(state: FreeState, name: str) -> None:
    """Refuse a network that ends a piece before its first note: it would be run for ever."""
    if state.empty_events >= MAX_EMPTY_EVENTS and state.last_end == state.piece_start:
        raise BundleError(f"bundle {name} made {MAX_EMPTY_EVENTS} events and no note: export a better-trained epoch")


def _next_piece(state: FreeState, start: State, ticks_per_bar: int) -> FreeState:
    """Begin a new piece on the first bar line at which nothing sounds any more."""
    end = max(state.last_end, state.onset, state.piece_start + 1, state.not_before)
    bar_line = -(-end // ticks_per_bar) * ticks_per_bar
    empty_events = state.empty_events + 1 if state.last_end == state.piece_start else 0
    return FreeState(start, state.number + 1, bar_line, bar_line, bar_line, empty_events, piece=state.piece + 1)


def _still_sounds(before: State, event: Event) -> bool:
    """Tell whether the event strikes a pitch that sounds: the network nearly rules it out; nobody would hear it."""
    return int(before.remaining[0, event.pitch]) > LADDER[event.delta]
