"""Music that somebody else has played: on the grid, and taken up as if the network had made it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.generation.free_voice import FreeVoice, make_advance
from lstm_composer.runtime.generation.priming import GRIDS, primed_state, snap_to_grid
from lstm_composer.runtime.generation.voice_state import FreeState
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.notes import Note, without_overlaps
from tests.runtime.one_style import asked_of

BAR = 96
WARM = GraphInputs(style=(1.0,), min_p=0.02, shortest_piece_bars=1000)


def test_its_own_notes_lead_to_its_own_state(tiny, bach) -> None:
    for engine in (tiny, bach):
        advance, cursor = make_advance(engine, asked_of(engine, WARM), 3), FreeState(engine.start())
        notes: list[Note] = []
        while len(notes) < 40:
            note, cursor = advance(cursor)
            if note is not None:
                notes.append(note)
        taken_up = primed_state(engine, FreeVoice(engine, asked_of(engine, WARM), 3), notes, FreeState(engine.start()))
        assert taken_up.onset == cursor.onset
        assert taken_up.last_end == cursor.last_end
        # The loudness is the network's own: nobody can force it, and it goes into the state.
        assert np.array_equal(taken_up.network.remaining, cursor.network.remaining)
        assert taken_up.network.position == cursor.network.position


@pytest.mark.parametrize("voices", [1, 2])
def test_the_music_goes_on_at_a_position(ensemble, knobs, until, voices: int) -> None:
    players = ensemble(voices=voices)
    phrase = [Note(BAR + 12 * index, 60 + index, 12, 80) for index in range(8)]
    notes = until(players.advance(knobs, 1), players.after(phrase, 3 * BAR), 5 * BAR)
    assert min(notes).onset >= 3 * BAR
    assert len(notes) > 4
    silence = until(players.advance(knobs, 1), players.after([], 3 * BAR + 24), 5 * BAR)
    assert min(silence).onset >= 3 * BAR + 24


def test_a_phrase_makes_a_difference(ensemble, bach, knobs, until) -> None:
    players = ensemble(engine=bach)
    advance = players.advance(knobs, 1)
    low = [Note(12 * index, 40 + index % 5, 12, 80) for index in range(16)]
    high = [Note(12 * index, 80 + index % 5, 12, 80) for index in range(16)]
    after = [until(advance, players.after(phrase, 2 * BAR), 3 * BAR) for phrase in (low, high)]
    assert after[0] != after[1]


NOTES = st.builds(Note, st.integers(0, 2000), st.integers(0, 127), st.integers(1, 300), st.integers(1, 127))


@given(st.lists(NOTES, max_size=20))
def test_what_a_player_plays_is_moved_onto_the_grid(notes: list[Note]) -> None:
    moved = snap_to_grid(notes)
    assert moved == without_overlaps(moved)
    for note in moved:
        assert any(note.onset % grid == 0 for grid in GRIDS)
        assert any(abs(note.onset - one.onset) <= GRIDS[0] // 2 and note.pitch == one.pitch for one in notes)
