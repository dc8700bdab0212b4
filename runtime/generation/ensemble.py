"""Who plays: one voice or several, each improvising, in a form, holding bars and ending as it is asked to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from runtime.generation.batching import BatchState, batched, start_all, with_states
from runtime.generation.ending import EndingState, EndingVoice
from runtime.generation.form import FormState, FormVoice
from runtime.generation.loop import LoopState, LoopVoice
from runtime.generation.priming import MOST_NOTES, after_last_long_rest, primed_state
from runtime.generation.voice import Advance, FreeVoice, Voice, VoiceState, single_voice
from runtime.graph.engine import Engine
from runtime.graph.inputs import GraphInputs, graph_inputs
from runtime.music.key_estimation import KEYS, key_of
from runtime.music.notes import Note
from runtime.music.piece_keys import drawn, shares_of
from runtime.parameters.parameters import Parameters

NUMBERS_A_TICK: Final = 1 << 32
"""Events of music that begins at a position of its own are numbered from a multiple of this: no two draw one noise."""
ENDING_BARS: Final = 5
"""So many bars before the end music begins at the latest that ends on its tonic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the music as a whole shall be.

    Attributes:
        form: Letters of the sections, None for none.
        section_bars: Bars in each.
        end_tick: Position at which the last bar ends, in a chord on the tonic; None where it just stops.
        first_tick: Position of the first bar line.

    """

    form: str | None = None
    section_bars: int = 8
    end_tick: int | None = None
    first_tick: int = 0


class Ensemble:
    """Makes music from knobs; all its places are of one kind, which only it and its streams know.

    Attributes:
        voices: How many play.
        meter: The meter of all.

    """

    def __init__(self, engine: Engine, controls: Sequence[GraphInputs], plan: Plan | None = None) -> None:
        """Get ready.

        Args:
            engine: Runs the network for all voices.
            controls: Of each voice; where there are several, each keeps its style.
            plan: What the music as a whole shall be.

        """
        self._engine = engine
        self._controls = controls
        self._plan = plan or Plan()
        self._bar = controls[0].meter.ticks_per_bar
        self.voices = len(controls)
        self.meter = controls[0].meter
        self._plain = [
            self._player(one, 0, Parameters(style=one.style, temperature=one.temperature, min_p=one.min_p))
            for one in controls
        ]

    def advance(self, parameters: Parameters, seed: int) -> Advance:
        """Return the function that makes the next event; voices after the first have the seeds after it.

        Raises:
            InputError: If the knobs allow no note.

        """
        voices: list[Voice] = []
        draw_key = None if self.voices == 1 else self._joint_key(seed)
        for index, before in enumerate(self._controls):
            own = parameters if self.voices == 1 else replace(parameters, style=before.style)
            controls = graph_inputs(own, before)
            voices.append(self._player(controls, seed + index, parameters, draw_key).voice)
        return single_voice(self._engine, voices[0]) if self.voices == 1 else batched(self._engine, voices)

    def _joint_key(self, seed: int) -> Callable[[int], int]:
        """Return what draws the key of several voices: one for all, since each comes to its next piece at its time."""
        shares = shares_of([one.style for one in self._controls], self._controls[0].style_keys)
        return lambda _: drawn(shares, seed, 0)

    def start(self) -> Any:
        """Return the place before the first note."""
        return self.piece_at(self._plan.first_tick)

    def piece_at(self, tick: int) -> Any:
        """Return the place before a new piece that begins at a bar line; a form begins again."""
        return self._joined([one.begin(self._piece(tick), tick) for one in self._plain])

    def anew(self, beginning: Any, present: Any, tick: int) -> Any:
        """Return the place from which a bar line is played that is far from all that was played.

        What is held is held there too. Otherwise the music begins as it did in the beginning, after a primer if there
        was one, but with noise that is the position's; in a form it begins with the section, and sections that have
        been played come back. An ending comes after a few bars that tell its key.

        Args:
            beginning: The place before the first note.
            present: Where the music is.
            tick: Position of the bar line; the notes before it are to be passed over.

        """
        if tick <= self._plan.first_tick:
            return beginning
        if self._plan.end_tick is not None:
            before_end = self._plan.end_tick - ENDING_BARS * self._bar
            tick = max(self._plan.first_tick, min(tick, before_end))
        places = [
            player.anew(first, place, tick - self._plan.first_tick, tick)
            for player, first, place in zip(self._plain, _states(beginning), _states(present), strict=True)
        ]
        return self._joined(places)

    def rest_until(self, place: Any, tick: int) -> Any:
        """Return the place from which nothing starts before a position."""
        return self._each(place, lambda player, one, _: player.voice.rest_until(one, tick))

    def hold(self, place: Any, notes: Sequence[Note], first: int, last: int) -> Any:
        """Return the place from which the notes from `first` to `last` are repeated, from `last` on."""
        return self._each(
            place,
            lambda player, one, index: player.hold(one, [note for note in notes if note.voice == index], first, last),
        )

    def let_go(self, place: Any, tick: int) -> Any:
        """Return the place from which the music goes on after holding."""
        return self._each(place, lambda player, one, _: player.let_go(one, tick))

    def after(self, notes: Sequence[Note], tick: int) -> Any:
        """Return the place at a position after notes that somebody else has played, in the order of their onsets."""
        latest = after_last_long_rest(notes)[-MOST_NOTES:]
        origin = latest[0].onset // self._bar * self._bar if latest else tick // self._bar * self._bar
        begun = self._piece(origin)
        if latest:
            begun = replace(begun, key=KEYS.index(key_of(latest)))
        places = []
        for player in self._plain:
            cursor = primed_state(self._engine, player.free, latest, begun)
            cursor = player.free.rest_until(cursor, tick)
            places.append(player.begin(cursor, tick // self._bar * self._bar))
        return self._joined(places)

    def _piece(self, tick: int) -> VoiceState:
        return VoiceState(self._engine.start(), onset=tick, piece_start=tick, last_end=tick, not_before=tick)

    def _player(
        self, controls: GraphInputs, seed: int, parameters: Parameters, draw_key: Callable[[int], int] | None = None
    ) -> "_Player":
        plan = self._plan
        allowed = _allowed(controls)
        free = FreeVoice(self._engine, controls, seed, draw_key)
        form = None
        if plan.form is not None:
            ticks = plan.section_bars * self._bar
            remembers = controls.has_memory
            form = FormVoice(free, plan.form, ticks, parameters.variation, allowed, remembers=remembers)
        loop = LoopVoice(form or free, free, parameters.variation, allowed, holding=bool(parameters.hold))
        ending = None if plan.end_tick is None else EndingVoice(loop, free, plan.end_tick, self._bar, parameters.key)
        return _Player(free, form, loop, ending)

    def _joined(self, places: list[Any]) -> Any:
        return places[0] if self.voices == 1 else start_all(places)

    def _each(self, place: Any, change: "Callable[[_Player, Any, int], Any]") -> Any:
        """Change the places of all voices."""
        if not isinstance(place, BatchState):
            return change(self._plain[0], place, 0)
        parts = [
            change(player, part.state, index)
            for index, (player, part) in enumerate(zip(self._plain, place.queues, strict=True))
        ]
        return with_states(place, parts)


@dataclass(frozen=True, slots=True)
class _Player:
    """One voice and the layers that it is made of."""

    free: FreeVoice
    form: FormVoice | None
    loop: LoopVoice
    ending: EndingVoice | None

    @property
    def voice(self) -> Voice:
        return self.ending or self.loop

    def begin(self, cursor: VoiceState, tick: int) -> Any:
        place: Any = cursor if self.form is None else self.form.begin(cursor, tick)
        return place if self.ending is None else EndingState(place, cursor.onset)

    def anew(self, beginning: Any, present: Any, ticks: int, tick: int) -> Any:
        """Begin at a bar line, so many ticks after the beginning, that nobody has come to; see `Ensemble.anew`."""
        beginning, present = _inner(beginning), _inner(present)
        place: Any
        if isinstance(present, LoopState):
            place = self.loop.held_at(present, tick)
        elif self.form is not None:
            form = present if isinstance(present, FormState) and present.origin <= tick else beginning
            ticks = form.origin - beginning.origin
            inner = self.free.shifted(beginning.inner, ticks, beginning.inner.number)
            place = self.form.begin_at(inner, form.origin, tick, form.kept)
        else:
            place = self.free.shifted(beginning, ticks, tick * NUMBERS_A_TICK)
        return place if self.ending is None else EndingState(place, place.onset)

    def hold(self, place: Any, notes: Sequence[Note], first: int, last: int) -> Any:
        return _inside(place, lambda one: self.loop.hold(one, notes, first, last))

    def let_go(self, place: Any, tick: int) -> Any:
        return _inside(place, lambda one: self.loop.let_go(one, tick))


def _inner(place: Any) -> Any:
    return place.inner if isinstance(place, EndingState) else place


def _states(place: Any) -> list[Any]:
    """Return the place of each voice."""
    return [part.state for part in place.queues] if isinstance(place, BatchState) else [place]


def _inside(place: Any, change: Callable[[Any], Any]) -> Any:
    """Change the place inside one of music that will end."""
    if not isinstance(place, EndingState):
        return change(place)
    return place if place.chord is not None else replace(place, inner=change(place.inner))


def _allowed(controls: GraphInputs) -> Callable[[int], bool]:
    bias = controls.pitch_bias
    return (lambda _: True) if bias is None else (lambda pitch: bool(np.isfinite(bias[pitch])))
