"""Sections that return: as they were, varied, and what is new is new."""

from dataclasses import replace

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.generation.directives import repeat_bias_nats
from lstm_composer.runtime.generation.form import read_form
from lstm_composer.runtime.music.notes import Note, shifted

BAR = 96
SECTION = 2 * BAR
SEED = 5


def sections(notes: list[Note], count: int) -> list[list[Note]]:
    """The notes of each section, as if it were the first."""
    parts = [
        [note for note in notes if index * SECTION <= note.onset < (index + 1) * SECTION] for index in range(count)
    ]
    return [shifted(part, -index * SECTION) for index, part in enumerate(parts)]


@pytest.mark.parametrize("voices", [1, 2])
def test_a_letter_that_returns_is_note_for_note_the_same(ensemble, knobs, until, voices: int) -> None:
    players = ensemble(voices=voices, form="AABA", section_bars=2)
    first, second, other, last, again = sections(until(players.advance(knobs, SEED), players.start(), 5 * SECTION), 5)
    assert first == second == last == again
    assert other != first
    assert all(len(part) > 4 for part in (first, other))


def test_what_follows_the_same_music_is_not_the_same_again(ensemble, knobs, until) -> None:
    players = ensemble(form="ABACAD", section_bars=2)
    parts = sections(until(players.advance(knobs, SEED), players.start(), 6 * SECTION), 6)
    assert parts[0] == parts[2] == parts[4]
    assert len({tuple(parts[index]) for index in (0, 1, 3, 5)}) == 4


def test_the_music_of_a_form_can_be_taken_up_anywhere(ensemble, knobs, until) -> None:
    players = ensemble(form="ABA", section_bars=2)
    advance, place = players.advance(knobs, SEED), players.start()
    whole = until(advance, place, 5 * SECTION)
    while place.onset < 4 * SECTION:
        before = place
        note, place = advance(place)
        if note is not None and note.onset % 50 == 0:
            assert until(advance, before, 5 * SECTION) == [one for one in whole if one >= note]


def kept_share(ensemble, bach, knobs, until, variation: float) -> float:
    players = ensemble(engine=bach, form="AA", section_bars=4)
    knobs = replace(knobs, min_p=0.01, variation=variation)
    length = 4 * BAR
    notes = until(players.advance(knobs, SEED), players.start(), 2 * length)
    first = {(note.onset, note.pitch) for note in notes if note.onset < length}
    second = {(note.onset - length, note.pitch) for note in notes if note.onset >= length}
    assert len(second) > 20
    return len(first & second) / len(second)


def test_variation_changes_some_notes_more_notes_nearly_all(ensemble, bach, knobs, until) -> None:
    none, some, more, most = (kept_share(ensemble, bach, knobs, until, value) for value in (0.0, 0.2, 0.6, 1.0))
    assert none == 1.0
    assert 0.5 < some < 1.0
    assert most < more < some
    assert most < 0.3


def test_varied_sections_keep_their_length(ensemble, bach, knobs, until) -> None:
    players = ensemble(engine=bach, form="AAAB", section_bars=1)
    notes = until(players.advance(replace(knobs, variation=0.3), SEED), players.start(), 12 * BAR)
    assert [note.onset for note in notes] == sorted(note.onset for note in notes)
    assert {note.onset // BAR for note in notes} == set(range(12))


def test_a_key_that_is_set_meanwhile_leaves_out_what_is_foreign_to_it(ensemble, knobs, until) -> None:
    players = ensemble(form="AA", section_bars=2)
    advance, place = players.advance(knobs, SEED), players.start()
    while place.onset < SECTION:
        _, place = advance(place)
    held = until(players.advance(replace(knobs, key="Eb minor"), SEED), place, 2 * SECTION)
    assert {note.pitch % 12 for note in held} <= {3, 5, 6, 8, 10, 11, 1}


def test_silence_in_a_form_goes_on_with_the_form(ensemble, knobs, until) -> None:
    players = ensemble(form="AB", section_bars=2)
    advance = players.advance(knobs, SEED)
    notes = until(advance, players.rest_until(players.start(), 3 * BAR), 5 * SECTION)
    assert notes[0].onset >= 3 * BAR
    parts = sections(notes, 5)
    assert parts[1] == parts[3]


@pytest.mark.parametrize(("text", "letters"), [("AABA", "AABA"), ("a a b a", "AABA"), ("A,B", "AB"), ("x", "X")])
def test_forms(text: str, letters: str) -> None:
    assert read_form(text) == letters


@pytest.mark.parametrize("text", ["", " ", "A1", "A-B", "Ä", "A" * 65])
def test_what_is_no_form(text: str) -> None:
    with pytest.raises(InputError, match="write 1 to 64 letters, such as AABA"):
        read_form(text)


def test_less_variation_favours_more() -> None:
    nats = [repeat_bias_nats(value / 50) for value in range(1, 51)]
    assert nats == sorted(nats, reverse=True)
    assert nats[-1] == 0.0
