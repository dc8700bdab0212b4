"""An ending on the tonic: one chord, held through the last bar."""

from dataclasses import replace

import pytest

BAR = 96
END = 6 * BAR


@pytest.mark.parametrize("voices", [1, 2])
@pytest.mark.parametrize("form", [None, "AABA"])
@pytest.mark.parametrize(("key", "triad"), [("D minor", (2, 5, 9)), ("Bb major", (10, 2, 5))])
def test_the_last_bar_is_a_chord_on_the_tonic(ensemble, bach, knobs, until, *, voices, form, key, triad) -> None:
    players = ensemble(engine=bach, voices=voices, form=form, section_bars=1, end_tick=END)
    notes = until(players.advance(replace(knobs, key=key), 4), players.start(), END)
    last = [note for note in notes if note.onset >= END - BAR]
    assert {note.voice for note in last} == set(range(voices))
    assert {(note.onset, note.duration) for note in last} == {(END - BAR, BAR)}
    assert {note.pitch % 12 for note in last} <= set(triad)
    for voice in range(voices):
        own = [note.pitch for note in last if note.voice == voice]
        assert own == sorted(set(own))
        assert own[0] % 12 == triad[0]
        assert own[0] <= 60


def test_without_a_key_it_is_told_by_the_music(ensemble, tiny, knobs, until) -> None:
    players = ensemble(end_tick=END)
    greedy = replace(knobs, temperature=(0.0,) * 4)
    notes = until(players.advance(greedy, 0), players.start(), END)
    assert notes[-1].onset == END - BAR
    assert next(note for note in notes if note.onset >= END - BAR).pitch % 12 == 0  # the known music is in C


def test_it_comes_to_an_end(ensemble, knobs) -> None:
    players = ensemble(end_tick=END)
    advance, place = players.advance(knobs, 1), players.start()
    for _ in range(2000):
        _, place = advance(place)
        if place.onset >= END:
            return
    pytest.fail("it never came to its end")
