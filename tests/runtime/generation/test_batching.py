"""Several voices in one run of the network: each plays what it would play alone."""

from dataclasses import replace

import pytest

from lstm_composer.runtime.music.notes import Note

BAR = 96
SEED = 3


@pytest.mark.parametrize("voices", [2, 3, 16])
def test_each_voice_plays_as_if_it_were_alone(ensemble, knobs, until, voices: int) -> None:
    players = ensemble(voices=voices)
    notes = until(players.advance(knobs, SEED), players.start(), 6 * BAR)
    assert [note.onset for note in notes] == sorted(note.onset for note in notes)
    for voice in range(voices):
        alone = ensemble()
        expected = until(alone.advance(knobs, SEED + voice), alone.start(), 6 * BAR)
        assert [replace(note, voice=0) for note in notes if note.voice == voice] == expected


def test_they_can_be_taken_up_anywhere_with_other_knobs_too(ensemble, knobs, until) -> None:
    players = ensemble(voices=3)
    advance, other = players.advance(knobs, SEED), players.advance(replace(knobs, key="Eb minor"), SEED)
    whole = until(advance, players.start(), 6 * BAR)
    place = players.start()
    while place.onset < 4 * BAR:
        before = place
        note, place = advance(place)
        if note is not None and note.onset % 72 == 0 and note.voice == 0:
            rest = [one for one in whole if (one.onset, one.pitch) >= (note.onset, note.pitch)]
            assert sorted(until(advance, before, 6 * BAR)) == sorted(rest)
            turned = until(other, before, 6 * BAR)
            assert {one.pitch % 12 for one in turned} <= {3, 5, 6, 8, 10, 11, 1}
            assert all(one.onset >= note.onset for one in turned)


def test_voices_rest_and_begin_again_together(ensemble, knobs, until) -> None:
    players = ensemble(voices=2)
    notes = until(players.advance(knobs, SEED), players.rest_until(players.piece_at(2 * BAR), 5 * BAR), 8 * BAR)
    assert min(notes).onset >= 5 * BAR
    assert {note.voice for note in notes} == {0, 1}


def test_notes_say_whose_they_are() -> None:
    assert Note(0, 60, 1, 1) < Note(0, 60, 1, 1, voice=1)
