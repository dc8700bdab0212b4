"""Network events as an endless stream of notes in musical time."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.errors import BundleError
from runtime.graph.carried_state import State
from runtime.graph.engine import Engine, Step
from runtime.graph.gumbel_noise import gumbel_noise
from runtime.graph.inputs import FORBIDDEN, GraphInputs
from runtime.music.event_encoding import DELTA_END, LADDER, PITCHES, Event, duration_class, ladder_class, velocity_of
from runtime.music.notes import TICKS_PER_QUARTER, Note
from runtime.music.piece_keys import drawn, shares_of
from runtime.music.piece_memory import NO_KEY

MAX_EMPTY_EVENTS = 16
"""Events in a row without a note after which a piece is over: a network that repeats itself would go on for ever."""
LONGEST_REST = LADDER[-1]
"""Ticks from one onset to the next that the network can be asked for."""
_KEYS = [np.array([key], np.int32) for key in range(NO_KEY + 1)]


@dataclass(frozen=True, slots=True)
class VoiceState:
    """The state of a voice between two events, from which its music can be resumed at any time.

    Attributes:
        state: What the network carries.
        number: Count of the event to come, over all pieces: what its noise is drawn by.
        onset: Position in ticks of the previous onset, or of the piece's first bar line.
        piece_start: Position in ticks of the piece's first bar line.
        last_end: Position in ticks at which the piece's notes so far have all ended.
        empty_events: Consecutive events without a note; a piece that ends with notes resets the count.
        struck: Notes that start at `onset`.
        not_before: Position before which nothing may start: what is between is a rest.
        piece: Number of the piece since the music began.
        key: Of the piece, as its network is told it; None until it is told for the first time.

    """

    state: State
    number: int = 0
    onset: int = 0
    piece_start: int = 0
    last_end: int = 0
    empty_events: int = 0
    struck: int = 0
    not_before: int = 0
    piece: int = 0
    key: int | None = None


class Place(Protocol):
    """A place between two notes of a stream that can be resumed from there; what else it holds is its stream's."""

    @property
    def onset(self) -> int:
        """Position in ticks of the previous onset."""


@dataclass(frozen=True, slots=True)
class NoteWithState:
    """A note of the stream and the stream's state before it."""

    note: Note
    before: Any


class StepRequest(NamedTuple):
    """A request for one run of the network: the arguments of `Engine.step`."""

    state: State
    controls: Mapping[str, NDArray[Any]]
    noise: Mapping[str, NDArray[Any]]


class Bias(NamedTuple):
    """A note to bias sampling towards, used when a section is repeated with variation.

    Attributes:
        note: The note.
        nats: By how much its onset, pitch and duration are each made likelier; infinity leaves nothing else.

    """

    note: Note
    nats: float


class Voice(Protocol):
    """Makes the next note from a state, in two halves, so that one run of the network can serve several voices."""

    def request(self, place: Any, bias: Bias | None = None) -> StepRequest | None:
        """Return the run of the network that the next event needs; None if it needs none."""
        ...

    def advance(self, place: Any, step: Step | None) -> tuple[Note | None, Any]:
        """Return the note that the run gives, None if it gives none, and the state after it."""
        ...

    def shifted(self, place: Any, ticks: int, number: int) -> Any:
        """Return a place as if it were so many ticks later, its next event the `number`th."""
        ...

    def rest_until(self, place: Any, tick: int) -> Any:
        """Return the place from which nothing starts before a position."""
        ...


Advance = Callable[[Any], tuple[Note | None, Any]]
"""Makes one event from a `Place`: its note, or None where it made none, and the place after it, of the same kind."""


class FreeVoice:
    """A `Voice` that samples freely from the network under fixed controls; its states are `VoiceState`s."""

    def __init__(
        self, engine: Engine, controls: GraphInputs, seed: int, draw_key: Callable[[int], int] | None = None
    ) -> None:
        """Get ready; from the same cursor always the same event comes.

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
        self._has_own_keys = controls.has_memory and controls.key is None
        self._draw_key = draw_key or partial(drawn, shares_of([controls.style], controls.style_keys), seed)

    def request(self, place: VoiceState, bias: Bias | None = None) -> StepRequest:
        """Return the run of the network that the next event needs.

        Where the note of a bias may be varied, the network is not told of the match with the first time: it would be so
        sure of that music that it varied nothing.
        """
        state = place.state if bias is None or bias.nats == np.inf else place.state.unmatched()
        tensors = self._unending if self._is_too_short(place) or bias is not None else self._tensors
        if self._has_own_keys:
            tensors = {**tensors, "key": _KEYS[self.key_of(place)]}
        if place.onset < place.not_before:
            tensors = _after_rest(tensors, min(place.not_before - place.onset, LONGEST_REST))
        if bias is not None:
            tensors = _bias_towards(tensors, bias, place.onset)
        return StepRequest(state, tensors, gumbel_noise(self._seed, place.number))

    def advance(self, place: VoiceState, step: Step | None) -> tuple[Note | None, VoiceState]:
        """Read the event that the run gives.

        Raises:
            BundleError: If the network makes no notes, or does what it cannot be asked for.

        """
        if step is None:
            raise ValueError("an improvisation needs a run of the network for each event")
        event = step.event()
        ends = event.delta == DELTA_END
        if ends and self._is_too_short(place):
            raise BundleError(f"bundle {self._name} ends pieces where that is forbidden: export the model again")
        if ends or place.empty_events >= MAX_EMPTY_EVENTS:
            _check_produces_notes(place, self._name)
            return None, _next_piece(place, self._start(), self._bar)
        after = replace(place, state=step.state, number=place.number + 1, onset=place.onset + LADDER[event.delta])
        if self._has_own_keys and place.key is None:
            after = replace(after, key=self.key_of(place))  # styles may be turned: a piece keeps its key
        if LADDER[event.duration] == 0 or _still_sounds(place.state, event):
            return None, replace(after, empty_events=place.empty_events + 1)
        note = Note(after.onset, event.pitch, LADDER[event.duration], velocity_of(event.velocity))
        struck = place.struck + 1 if after.onset == place.onset else 1
        if struck > PITCHES:
            raise BundleError(
                f"bundle {self._name} puts more than {PITCHES} notes on one moment and does not go on: "
                "export the model again"
            )
        return note, replace(after, last_end=max(after.last_end, note.end), empty_events=0, struck=struck)

    def key_of(self, place: VoiceState) -> int:
        """Return the key that the network is told for the piece, where none is set; see `GraphInputs.key`."""
        if not self._has_own_keys:
            return NO_KEY
        return self._draw_key(place.piece) if place.key is None else place.key

    def _is_too_short(self, place: VoiceState) -> bool:
        return place.onset - place.piece_start < self._shortest

    def shifted(self, place: VoiceState, ticks: int, number: int) -> VoiceState:
        """Return a place as if it were so many ticks later, its next event the `number`th."""
        return replace(
            place,
            number=number,
            onset=place.onset + ticks,
            piece_start=place.piece_start + ticks,
            last_end=place.last_end + ticks,
            not_before=place.not_before + ticks,
        )

    def aligned_before(self, place: VoiceState, tick: int) -> VoiceState:
        """Return the state moved by whole bars to at most a bar before a tick, before which nothing starts."""
        ticks = (tick - 1 - place.onset) // self._bar * self._bar
        rested = place.state.rested(ticks, ticks // self._bar)
        return replace(self.shifted(place, ticks, place.number + 1), state=rested, not_before=tick)

    def bar_line_after(self, tick: int) -> int:
        """Return the first bar line behind a position."""
        return (tick // self._bar + 1) * self._bar

    def rest_until(self, place: VoiceState, tick: int) -> VoiceState:
        """Return the place from which nothing starts before a position; of whole bars only the clock tells."""
        rested = self.aligned_before(place, tick) if tick - place.onset > self._bar else place
        return replace(rested, not_before=max(rested.not_before, tick), number=place.number + 1)

    def without_match(self, place: VoiceState) -> VoiceState:
        """Return the state without its match, so that the network does not repeat what followed the matched passage."""
        return replace(place, state=place.state.unmatched())


def single_voice(engine: Engine, voice: Voice) -> Advance:
    """Return the function that makes the next event of one voice."""

    def advance(place: Any) -> tuple[Note | None, Any]:
        request = voice.request(place)
        return voice.advance(place, None if request is None else engine.step(*request))

    return advance


def make_advance(engine: Engine, controls: GraphInputs, seed: int) -> Advance:
    """Return the function that makes the next event under fixed controls; the same state always gives the same event.

    It raises `BundleError` if the network makes no notes.
    """
    return single_voice(engine, FreeVoice(engine, controls, seed))


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


def _bias_towards(tensors: Mapping[str, NDArray[Any]], bias: Bias, onset: int) -> dict[str, NDArray[Any]]:
    """Add the bias towards a note to the inputs; infinite nats leave only that note."""
    note, nats = bias
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


def _check_produces_notes(cursor: VoiceState, name: str) -> None:
    """Refuse a network that ends a piece before its first note: it would be run for ever."""
    if cursor.empty_events >= MAX_EMPTY_EVENTS and cursor.last_end == cursor.piece_start:
        raise BundleError(f"bundle {name} made {MAX_EMPTY_EVENTS} events and no note: export a better-trained epoch")


def _next_piece(cursor: VoiceState, start: State, ticks_per_bar: int) -> VoiceState:
    """Begin a new piece on the first bar line at which nothing sounds any more."""
    end = max(cursor.last_end, cursor.onset, cursor.piece_start + 1, cursor.not_before)
    bar_line = -(-end // ticks_per_bar) * ticks_per_bar
    empty_events = cursor.empty_events + 1 if cursor.last_end == cursor.piece_start else 0
    return VoiceState(start, cursor.number + 1, bar_line, bar_line, bar_line, empty_events, piece=cursor.piece + 1)


def _still_sounds(before: State, event: Event) -> bool:
    """Tell whether the event strikes a pitch that sounds: the network nearly rules it out; nobody would hear it."""
    return int(before.remaining[0, event.pitch]) > LADDER[event.delta]


def note_stream(advance: Advance, cursor: Place) -> Iterator[NoteWithState]:
    """Yield notes for ever, in the order of their onsets, each with the state before it."""
    while True:
        before = cursor
        note, cursor = advance(cursor)
        if note is not None:
            yield NoteWithState(note, before)
