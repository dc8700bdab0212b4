"""An ending: the last bar is a chord on the tonic, chosen by the network and held to the end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from runtime.generation.loop import cursor_of
from runtime.generation.voice import Bias, FreeVoice, StepRequest, Voice, VoiceState
from runtime.graph.engine import Step
from runtime.graph.inputs import FORBIDDEN
from runtime.music.event_encoding import PITCHES, duration_class, floor_class, velocity_of
from runtime.music.key_estimation import KEYS, key_of
from runtime.music.notes import Note
from runtime.music.piece_memory import NO_KEY
from runtime.music.scales import pitch_classes, tonic_of

MOST_NOTES: Final = 4
"""In the last chord."""
HIGHEST_BASS: Final = 60
HEARD_NOTES: Final = 64
"""Latest notes that the key is told by, where none is set."""


@dataclass(frozen=True, slots=True)
class EndingState:
    """The state of a voice whose music will end.

    Attributes:
        inner: The voice's own place.
        onset: Position of the previous onset.
        heard: The latest notes.
        chord: Of the last chord so far; None before it.

    """

    inner: Any
    onset: int
    heard: tuple[Note, ...] = ()
    chord: tuple[Note, ...] | None = None


class EndingVoice:
    """A `Voice` that ends another's music on the tonic; its states are `EndingState`s."""

    def __init__(
        self, voice: Voice, free_voice: FreeVoice, end_tick: int, bar_ticks: int, key: str | None = None
    ) -> None:
        """Get ready.

        Args:
            voice: Who plays before the last bar.
            free_voice: Who chooses the chord: at the bottom of `voice`.
            end_tick: Where the music ends, on a bar line.
            bar_ticks: Length of a bar.
            key: The key; if None, that which the network has been told for the piece, or else that of the latest notes.

        """
        self._voice = voice
        self._free_voice = free_voice
        self._end = end_tick
        self._last_bar = end_tick - bar_ticks
        self._key = key

    def request(self, place: EndingState, bias: Bias | None = None) -> StepRequest | None:
        """Return the run of the network that is needed."""
        if place.chord is None:
            return self._voice.request(place.inner, bias)
        cursor: VoiceState = cursor_of(place.inner)
        request = self._free_voice.request(cursor)
        pitches = self._pitches(place, np.isfinite(request.controls["pitch_bias"][0]))
        if not pitches.any():
            return None
        return request._replace(
            controls=_only(request.controls, self._last_bar - cursor.onset, pitches, self._duration)
        )

    def advance(self, place: EndingState, step: Step | None) -> tuple[Note | None, EndingState]:
        """Return the next note and the place after it."""
        if place.chord is None:
            note, inner = self._voice.advance(place.inner, step)
            if inner.onset >= self._last_bar:
                return None, replace(place, inner=cursor_of(place.inner), chord=())
            after = replace(place, inner=inner, onset=inner.onset)
            if note is None:
                return None, after
            # What would sound on into the chord ends there: a pitch of the chord could not be struck under it.
            note = replace(note, duration=min(note.duration, self._last_bar - note.onset))
            return note, replace(after, heard=(*place.heard[1 - HEARD_NOTES :], note))
        if step is None:
            return None, replace(place, onset=self._end)
        event = step.event()
        last = Note(self._last_bar, event.pitch, self._duration, velocity_of(event.velocity))
        cursor = replace(place.inner, state=step.state, number=place.inner.number + 1, onset=self._last_bar)
        return last, replace(place, inner=cursor, onset=self._last_bar, chord=(*place.chord, last))

    def shifted(self, place: EndingState, ticks: int, number: int) -> EndingState:
        """Return a place as if it were so many ticks later."""
        return replace(place, inner=self._voice.shifted(place.inner, ticks, number), onset=place.onset + ticks)

    def rest_until(self, place: EndingState, tick: int) -> EndingState:
        """Return the place from which nothing starts before a position."""
        if place.chord is not None:
            return place
        inner = self._voice.rest_until(place.inner, tick)
        return replace(place, inner=inner, onset=max(place.onset, inner.onset))

    @property
    def _duration(self) -> int:
        return self._end - self._last_bar

    def _pitches(self, place: EndingState, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which pitches the chord may go on with: the tonic in the bass, then the triad, upward."""
        numbers = np.arange(PITCHES)
        if not place.chord:
            tonics, low = numbers % 12 == tonic_of(self._key_at(place)), numbers <= HIGHEST_BASS
            choices = (tonics & low & allowed, tonics & allowed, tonics & low)  # the last where no tonic is allowed
            return next(pitches for pitches in choices if pitches.any())
        if len(place.chord) == MOST_NOTES:
            return np.zeros(PITCHES, bool)
        above = numbers > place.chord[-1].pitch
        return np.asarray(above & allowed & np.isin(numbers % 12, list(self._triad(place))), bool)

    def _key_at(self, place: EndingState) -> str:
        if self._key:
            return self._key
        told = self._free_voice.key_of(cursor_of(place.inner))
        return key_of(place.heard) if told == NO_KEY else KEYS[told]

    def _triad(self, place: EndingState) -> frozenset[int]:
        """The tonic, its third in the key, and its fifth."""
        key = self._key_at(place)
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
