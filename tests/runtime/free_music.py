"""Music of the network alone, as the states of an ensemble of one: for tests that say event by event what is made."""

from collections.abc import Callable

from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.generation.voice_state import EnsembleState, FreeState, VoiceState, all_at
from lstm_composer.runtime.music.notes import Note

FreeAdvance = Callable[[FreeState], tuple[Note | None, FreeState]]


def of_one(free: FreeState) -> EnsembleState:
    """The state of an ensemble whose only voice improvises."""
    return all_at([VoiceState(free, free.onset)])


def free_of(state: EnsembleState) -> FreeState:
    """Where the network of the only voice is."""
    (voice,) = state.voices
    return voice.free


def by_one(advance: FreeAdvance) -> Advance:
    """What makes the next event, for an ensemble of one."""

    def advance_one(state: EnsembleState) -> tuple[Note | None, EnsembleState]:
        note, after = advance(free_of(state))
        return note, of_one(after)

    return advance_one


def section_of(state: EnsembleState) -> int:
    """Number of the section of a form that the only voice plays."""
    (voice,) = state.voices
    assert voice.form is not None
    return voice.form.number
