"""The article's networks as a voice: a window of tokens is what such a network carries from note to note."""

from collections.abc import Callable

import numpy as np

from lstm_composer.runtime.generation.stretches import Anew
from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.generation.voice_state import EnsembleState, FreeState, VoiceState, all_at
from lstm_composer.runtime.graph.carried_state import State
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.token_encoding import TokenCursor, TokenEncoding, token_anew, token_start


def token_voice(advance: Callable[[TokenCursor], tuple[Note, TokenCursor]]) -> Advance:
    """Return the function that makes the next note of an ensemble of one, from that which makes it of tokens."""

    def advance_voice(state: EnsembleState) -> tuple[Note | None, EnsembleState]:
        note, cursor = advance(_cursor(state))
        return note, _state(cursor)

    return advance_voice


def token_beginning(encoding: TokenEncoding, seed: int) -> EnsembleState:
    """Return the state before the first token; see `token_start`."""
    return _state(token_start(encoding, seed))


def token_far(encoding: TokenEncoding) -> Anew:
    """Return what gives the state before a far position; see `token_anew`."""
    anew = token_anew(encoding)
    return lambda beginning, present, tick: _state(anew(_cursor(beginning), _cursor(present), tick))


def _state(cursor: TokenCursor) -> EnsembleState:
    tensors = {"window": np.array([cursor.window], np.int32), "pending": np.array([cursor.pending], np.int32)}
    free = FreeState(State(tensors), cursor.number, cursor.onset)
    return all_at([VoiceState(free, free.onset)])


def _cursor(state: EnsembleState) -> TokenCursor:
    free = state.voices[0].free
    window, pending = (tuple(free.network.tensors[name][0].tolist()) for name in ("window", "pending"))
    return TokenCursor(window, free.number, free.onset, pending)
