"""A voice: one line of music from the network, in a form, holding bars and ending as it is asked to.

What each event has to be follows from the state (`Voice.directive`), and from that whether the network is run for it
(`Voice.request`) and what its note and the state after it are (`Voice.advance`).
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Generic, TypeVar

from lstm_composer.runtime.generation.directives import FREE, BiasTowards, Directive, Free, OneOf, PartOver, Verbatim
from lstm_composer.runtime.generation.ending import Ending
from lstm_composer.runtime.generation.form import Form
from lstm_composer.runtime.generation.free_voice import FreeVoice, StepRequest
from lstm_composer.runtime.generation.loop import Loop
from lstm_composer.runtime.generation.priming import as_loud
from lstm_composer.runtime.generation.voice_state import EnsembleState, FreeState, VoiceState
from lstm_composer.runtime.graph.engine import Step
from lstm_composer.runtime.music.notes import Note

NUMBERS_A_TICK = 1 << 32
"""Events of music that begins at a position of its own are numbered from a multiple of this: no two draw one noise."""

S = TypeVar("S")
Advance = Callable[[EnsembleState], tuple[Note | None, EnsembleState]]
"""Makes one event from a state: its note, or None where it made none, and the state after it."""


@dataclass(frozen=True, slots=True)
class NoteWithState(Generic[S]):
    """A note of the stream and the stream's state before it."""

    note: Note
    before: S


class Voice:
    """Makes the next event from a state, in two halves, so that one run of the network can serve several voices.

    Attributes:
        free: Improvises.

    """

    def __init__(self, free: FreeVoice, form: Form, loop: Loop, ending: Ending) -> None:
        """Get ready: `free` improvises, and the others say how sections, held bars and the last chord come."""
        self.free = free
        self._form = form
        self._loop = loop
        self._ending = ending

    def directive(self, state: VoiceState) -> Directive:
        """Return what the next event has to be."""
        ending = state.ending
        if ending is not None and ending.chord is not None:
            return self._ending.directive(state.free, ending.heard, ending.chord)
        if state.loop is not None:
            return state.loop.replay.directive(is_given=False)
        if state.form is not None:
            return self._form.directive(state.form)
        return FREE

    def request(self, state: VoiceState) -> StepRequest | None:
        """Return the run of the network that the next event needs; None if it needs none."""
        state = self._loop.present(state)
        match self.directive(state):
            case Free():
                return self.free.request(state.free)
            case BiasTowards() as bias:
                return self.free.request(state.free, bias)
            case Verbatim(note, is_given=True):
                return self.free.request(state.free, BiasTowards(note, inf))
            case OneOf(pitches):
                return self._ending.request(state.free, pitches)
            case Verbatim() | PartOver():
                return None

    def advance(self, state: VoiceState, step: Step | None) -> tuple[Note | None, VoiceState]:
        """Return the note that the requested run gives, None if it gives none, and the state after it."""
        note, after = self._event(self._loop.present(state), step)
        return self._ending.checked(state, note, after)

    def _event(self, state: VoiceState, step: Step | None) -> tuple[Note | None, VoiceState]:
        match self.directive(state):
            case Free() | BiasTowards():
                made, free = self.free.advance(state.free, _needed(step))
                if free.onset >= self._part_end(state):
                    return None, self._next_part(state)
                return made, _played(state, free, free.onset, made)
            case PartOver():
                return None, self._next_part(state)
            case Verbatim(note, is_given):
                free = state.free
                if is_given:
                    _, free = self.free.advance(free, as_loud(_needed(step), note.velocity))
                return (note if self.free.allowed[note.pitch] else None), _played(state, free, note.onset, note)
            case OneOf():
                return self._ending.chord_note(state, _needed(step))

    def begin(self, free: FreeState, tick: int) -> VoiceState:
        """Return the state at the beginning of music whose first bar line is at a position."""
        return replace(self._form.begin(free, tick), ending=self._ending.begin())

    def begin_far(self, beginning: VoiceState, present: VoiceState, ticks: int, tick: int) -> VoiceState:
        """Return the state at a bar line, so many ticks after the beginning, that nobody has come to.

        See `Ensemble.anew`.
        """
        if present.loop is not None:
            state = self._loop.held_at(present, present.loop, tick)
        elif beginning.form is not None:
            form = beginning.form
            if present.form is not None and present.form.origin <= tick:
                form = present.form
            free = beginning.free.shifted(form.origin - beginning.form.origin, beginning.free.number)
            state = self._form.begin_at(free, form.origin, tick, form.kept)
        else:
            free = beginning.free.shifted(ticks, tick * NUMBERS_A_TICK)
            state = VoiceState(free, free.onset)
        return replace(state, ending=self._ending.begin())

    def rest_until(self, state: VoiceState, tick: int) -> VoiceState:
        """Return the state from which nothing starts before a position."""
        if _is_last_chord(state):
            return state
        if state.loop is not None:
            rested = self._loop.rest_until(state, state.loop, tick)
        elif state.form is not None:
            rested = self._form.rest_until(state, state.form, tick)
        else:
            free = self.free.rest_until(state.free, tick)
            rested = replace(state, free=free, onset=free.onset)
        return rested if state.ending is None else replace(rested, onset=max(state.onset, rested.onset))

    def hold(self, state: VoiceState, notes: Sequence[Note], first: int, last: int) -> VoiceState:
        """Return the state from which the notes from `first` to `last` are repeated, from `last` on."""
        return state if _is_last_chord(state) else self._loop.hold(state, notes, first, last)

    def let_go(self, state: VoiceState, tick: int) -> VoiceState:
        """Return the state from which the music goes on after holding."""
        return self._loop.let_go(state, tick)

    def _part_end(self, state: VoiceState) -> int:
        """Return the position at which a repetition or a section ends."""
        if state.loop is not None:
            return state.loop.round_end
        return sys.maxsize if state.form is None else self._form.end_of(state.form)

    def _next_part(self, state: VoiceState) -> VoiceState:
        """Return the state at the beginning of the next repetition or section, or at the end of the music."""
        if state.loop is not None:
            return self._loop.next_round(state, state.loop)[0]
        if state.form is not None:
            return self._form.next_section(state, state.form)[0]
        return self._ending.over(state)


def _played(state: VoiceState, free: FreeState, onset: int, note: Note | None) -> VoiceState:
    """Return the state after an event, with or without a note, at a tick."""
    form = None if state.form is None else state.form.played(onset, note)
    loop = None if state.loop is None else state.loop.played(onset, note)
    return VoiceState(free, onset, form, loop, state.ending)


def _is_last_chord(state: VoiceState) -> bool:
    return state.ending is not None and state.ending.chord is not None


def _needed(step: Step | None) -> Step:
    if step is None:
        raise ValueError("the network has to be run for this event: see request")
    return step


def note_stream(advance: Callable[[S], tuple[Note | None, S]], state: S) -> Iterator[NoteWithState[S]]:
    """Yield notes for ever, in the order of their onsets, each with the state before it."""
    while True:
        before = state
        note, state = advance(state)
        if note is not None:
            yield NoteWithState(note, before)
