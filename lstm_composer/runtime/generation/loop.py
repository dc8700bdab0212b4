"""Holding: the last bars again and again, as they were or varied, until they are let go."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from lstm_composer.runtime.generation.directives import Replay, replayed
from lstm_composer.runtime.generation.form import Form
from lstm_composer.runtime.generation.free_voice import FreeVoice
from lstm_composer.runtime.generation.voice_state import LoopState, VoiceState
from lstm_composer.runtime.music.notes import Note, shifted

NUMBERS_A_HOLD: Final = 1 << 20
"""Events after a hold are numbered so much further on than those in it, so that none draws the noise of another."""


class Loop:
    """How bars are held, come again and are let go."""

    def __init__(self, free_voice: FreeVoice, form: Form, variation: float, *, holding: bool) -> None:
        """Get ready.

        Args:
            free_voice: Who plays variations.
            form: What goes on while bars are held, where the music has a form.
            variation: 0 (note for note) to 1, for repetitions that begin from now on.
            holding: Whether bars may be held: where not, those of a state that was kept are let go.

        """
        self._free = free_voice
        self._form = form
        self._variation = variation
        self._holding = holding

    def hold(self, state: VoiceState, notes: Sequence[Note], first: int, last: int) -> VoiceState:
        """Return the state from which the bars from `first` to `last` come again, from `last` on."""
        after, left = (state, last) if state.loop is None else (state.loop.after, state.loop.left)
        length = last - first
        again = tuple(shifted(notes, length))
        loop = LoopState(after, left, last, again, length, round_start=first, replay=Replay((), 0.0))
        return replace(state, form=None, loop=loop)

    def let_go(self, state: VoiceState, tick: int) -> VoiceState:
        """Return the state from which the music goes on after holding, as if it had not been held."""
        loop = state.loop
        if loop is None:
            return state
        free = loop.after.free
        free = self._free.rest_until(free.shifted(tick - loop.left, free.number + NUMBERS_A_HOLD), tick)
        if loop.after.form is None:
            return VoiceState(free, free.onset, ending=state.ending)
        after = replace(self._form.rest_until(loop.after, loop.after.form, tick), ending=state.ending)
        if after.form is None or after.form.replay is not None or loop.after.form.replay is not None:
            return after
        return replace(after, free=free, onset=free.onset, form=self._form.with_heard(after.form, _heard(loop, tick)))

    def next_round(self, state: VoiceState, loop: LoopState) -> tuple[VoiceState, LoopState]:
        """Return the states at the beginning of the next repetition."""
        start = loop.round_end
        again = replayed(loop.notes, start - loop.began, self._variation)
        free = state.free if again.verbatim else self._free.aligned_before(state.free, start)
        following = replace(loop, round_start=start, replay=again)
        return replace(state, free=free, onset=max(state.onset, start - 1), loop=following), following

    def rest_until(self, state: VoiceState, loop: LoopState, tick: int) -> VoiceState:
        """Return the state from which nothing starts before a position."""
        while tick >= loop.round_end:
            state, loop = self.next_round(state, loop)
        free = self._free.aligned_before(state.free, tick)
        rested = replace(loop, replay=loop.replay.advance(tick - 1, None))
        return replace(state, free=free, onset=max(state.onset, tick - 1), loop=rested)

    def held_at(self, state: VoiceState, loop: LoopState, tick: int) -> VoiceState:
        """Return the state from which what is held is repeated at another position, in the same phase."""
        start = loop.began + (tick - loop.began) // loop.length * loop.length
        again = replayed(loop.notes, start - loop.began, self._variation).advance(tick - 1, None)
        free = self._free.aligned_before(state.free, tick)
        return replace(state, free=free, onset=tick - 1, loop=replace(loop, round_start=start, replay=again))

    def present(self, state: VoiceState) -> VoiceState:
        """Let go what is not held any more: after a locate a state can be one of bars that were held once."""
        if self._holding or state.loop is None:
            return state
        return self.let_go(state, max(state.loop.left, self._free.bar_line_after(state.onset)))


def _heard(loop: LoopState, until: int) -> list[Note]:
    """Return the notes of all repetitions before a position."""
    starts = range(loop.began, until, loop.length)
    again = [note for start in starts for note in shifted(loop.notes, start - loop.began)]
    return [note for note in again if note.onset < until]
