"""An ending: the last bar is a chord on the tonic, chosen by the network and held to the end."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.generation.directives import PART_OVER, Directive, OneOf
from lstm_composer.runtime.generation.free_voice import FreeVoice, StepRequest
from lstm_composer.runtime.generation.voice_state import EndingState, FreeState, VoiceState
from lstm_composer.runtime.graph.engine import Step
from lstm_composer.runtime.graph.inputs import FORBIDDEN
from lstm_composer.runtime.music.event_encoding import PITCHES, duration_class, floor_class, velocity_of
from lstm_composer.runtime.music.key_estimation import KEYS, key_of
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.piece_memory import NO_KEY
from lstm_composer.runtime.music.scales import pitch_classes, tonic_of

MOST_NOTES: Final = 4
"""In the last chord."""
HIGHEST_BASS: Final = 60
HEARD_NOTES: Final = 64
"""Latest notes that the key is told by, where none is set."""


class Ending:
    """How music comes to its last chord, and what its notes are."""

    def __init__(self, free_voice: FreeVoice, end_tick: int | None, bar_ticks: int, key: str | None) -> None:
        """Get ready.

        Args:
            free_voice: Who chooses the chord.
            end_tick: Where the music ends, on a bar line; None where it does not end on its tonic.
            bar_ticks: Length of a bar.
            key: The key; if None, that which the network has been told for the piece, or else that of the latest notes.

        """
        self._free = free_voice
        self._end = sys.maxsize if end_tick is None else end_tick
        self._last_bar = self._end - bar_ticks
        self._ends = end_tick is not None
        self._duration = bar_ticks
        self._key = key

    def begin(self) -> EndingState | None:
        """Return the state long before the last chord; None where there will be none."""
        return EndingState() if self._ends else None

    def checked(self, before: VoiceState, note: Note | None, after: VoiceState) -> tuple[Note | None, VoiceState]:
        """Return an event that comes before the last bar; where it would come later, none, and the last chord begins.

        What would sound on into the chord ends there: a pitch of the chord could not be struck under it.

        Args:
            before: The state before the event.
            note: The note that the event makes, if any.
            after: The state after it.

        """
        ending = before.ending
        if ending is None or ending.chord is not None:
            return note, after
        if after.onset >= self._last_bar:
            return None, VoiceState(before.free, before.onset, ending=replace(ending, chord=()))
        if note is None:
            return None, after
        note = replace(note, duration=min(note.duration, self._last_bar - note.onset))
        return note, replace(after, ending=replace(ending, heard=(*ending.heard[1 - HEARD_NOTES :], note)))

    def directive(self, free: FreeState, heard: Sequence[Note], chord: Sequence[Note]) -> Directive:
        """Return what the next note of the last chord has to be: the tonic in the bass, then the triad, upward."""
        numbers, allowed = np.arange(PITCHES), self._free.allowed
        if len(chord) == MOST_NOTES:
            return PART_OVER
        key = self._key_at(free, heard)
        if not chord:
            tonics, low = numbers % 12 == tonic_of(key), numbers <= HIGHEST_BASS
            choices = (tonics & low & allowed, tonics & allowed, tonics & low)  # the last where no tonic is allowed
            return OneOf(next(pitches for pitches in choices if pitches.any()))
        pitches = (numbers > chord[-1].pitch) & allowed & np.isin(numbers % 12, list(_triad(key)))
        return OneOf(pitches) if pitches.any() else PART_OVER

    def request(self, free: FreeState, pitches: NDArray[np.bool_]) -> StepRequest:
        """Return the run of the network that chooses among some pitches of the chord."""
        request = self._free.request(free)
        return request._replace(controls=_only(request.controls, self._last_bar - free.onset, pitches, self._duration))

    def chord_note(self, state: VoiceState, step: Step) -> tuple[Note, VoiceState]:
        """Return the note of the chord that the run gives, and the state after it."""
        event, ending = step.event(), state.ending or EndingState()
        note = Note(self._last_bar, event.pitch, self._duration, velocity_of(event.velocity))
        free = replace(state.free, network=step.state, number=state.free.number + 1, onset=self._last_bar)
        chord = (*(ending.chord or ()), note)
        return note, replace(state, free=free, onset=self._last_bar, ending=replace(ending, chord=chord))

    def over(self, state: VoiceState) -> VoiceState:
        """Return the state at the end of the music."""
        return replace(state, onset=self._end)

    def _key_at(self, free: FreeState, heard: Sequence[Note]) -> str:
        if self._key:
            return self._key
        told = self._free.key_of(free)
        return key_of(heard) if told == NO_KEY else KEYS[told]


def _triad(key: str) -> frozenset[int]:
    """The tonic, its third in the key, and its fifth."""
    tonic, scale = tonic_of(key), pitch_classes(key)
    third = 4 if (tonic + 4) % 12 in scale else 3
    return frozenset({tonic, (tonic + third) % 12, (tonic + 7) % 12})


def _only(
    tensors: Mapping[str, NDArray[Any]], delta: int, pitches: NDArray[np.bool_], duration: int
) -> dict[str, NDArray[Any]]:
    """Leave nothing but some pitches after a time, as long as the bar."""
    biases = {
        "delta_bias": np.arange(tensors["delta_bias"].shape[1]) == floor_class(max(0, delta)),
        "pitch_bias": pitches,
        "duration_bias": np.arange(tensors["duration_bias"].shape[1]) == duration_class(duration),
    }
    return {**tensors, **{name: _forbidding(allowed) for name, allowed in biases.items()}}


def _forbidding(allowed: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.where(allowed, 0.0, FORBIDDEN).astype(np.float32)[None]
