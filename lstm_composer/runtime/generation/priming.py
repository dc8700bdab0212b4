"""Giving the network notes that it has not made: a phrase of the player's, or the beginning of a piece."""

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import Final

from lstm_composer.runtime.generation.directives import BiasTowards
from lstm_composer.runtime.generation.free_voice import LONGEST_REST, FreeVoice
from lstm_composer.runtime.generation.voice_state import FreeState
from lstm_composer.runtime.graph.engine import Engine, Step
from lstm_composer.runtime.music.event_encoding import HEADS, quantise, velocity_class
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note, without_overlaps

GRIDS: Final = (TICKS_PER_QUARTER // 4, TICKS_PER_QUARTER // 3)
"""Ticks of what a player means: sixteenths, and the triplets of quarters."""
MOST_NOTES: Final = 512
"""Of a long piece the last notes are given: as many as a network with a memory remembers, and more than others do."""


def snap_to_grid(notes: Sequence[Note]) -> list[Note]:
    """Move what a player has played onto the nearest sixteenth or triplet; ends as well, at least one grid apart."""
    moved = []
    for note in notes:
        onset = _nearest(note.onset)
        moved.append(Note(onset, note.pitch, max(GRIDS[0], _nearest(note.end) - onset), note.velocity))
    return without_overlaps(moved)


def _nearest(tick: int) -> int:
    candidates = [round(tick / grid) * grid for grid in GRIDS]
    return min(candidates, key=lambda candidate: abs(candidate - tick))


def primed_state(engine: Engine, free_voice: FreeVoice, notes: Sequence[Note], state: FreeState) -> FreeState:
    """Feed notes to the network and return the state after them, as if it had made them itself.

    Args:
        engine: Runs the network.
        free_voice: Under whose controls.
        notes: From the position of the state on; moved to the nearest values that the network knows.
        state: Where they begin, on a bar line.

    """
    for note in quantise(notes[-MOST_NOTES:], state.onset):
        request = free_voice.request(state, BiasTowards(note, inf))
        _, state = free_voice.advance(state, as_loud(engine.step(*request), note.velocity))
    return state


def after_last_long_rest(notes: Sequence[Note]) -> Sequence[Note]:
    """Return the notes after the last rest that is longer than the network knows: it would take it for a shorter one.

    Args:
        notes: In the order of their onsets.

    """
    gaps = [later.onset - earlier.onset for earlier, later in pairwise(notes)]
    return notes[max((index + 1 for index, gap in enumerate(gaps) if gap > LONGEST_REST), default=0) :]


def as_loud(step: Step, velocity: int) -> Step:
    """Give an event another velocity: the graph takes no bias for it."""
    event = step.state.event.copy()
    event[0, HEADS.index("velocity")] = velocity_class(velocity)
    return step._replace(state=step.state.replaced(event=event))
