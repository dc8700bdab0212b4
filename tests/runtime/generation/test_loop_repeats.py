"""Bars that are held: again and again, varied, and let go."""

from dataclasses import replace
from typing import Any

import pytest

from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.music.notes import Note, shifted

BAR = 96
SEED = 7


def place_at(advance: Advance, place: Any, tick: int) -> Any:
    """The place before the first note from a position on."""
    while True:
        note, after = advance(place)
        if after.onset >= tick and (note is None or note.onset >= tick):
            return place
        place = after


@pytest.mark.parametrize("voices", [1, 2])
@pytest.mark.parametrize("bars", [1, 2, 4])
@pytest.mark.parametrize("form", [None, "AB"])
def test_held_bars_come_again_and_then_the_music_goes_on(ensemble, knobs, until, voices, bars, form) -> None:
    players = ensemble(voices=voices, form=form, section_bars=3)
    advance = players.advance(knobs, SEED)
    usual = until(advance, players.start(), 8 * BAR)
    first, last = (4 - bars) * BAR, 4 * BAR
    held = [note for note in usual if first <= note.onset < last]
    place = players.hold(place_at(advance, players.start(), last), held, first, last)
    holding = players.advance(replace(knobs, hold=bars), SEED)
    rounds = until(holding, place, last + 3 * bars * BAR)
    assert rounds == [note for turn in (1, 2, 3) for note in shifted(held, turn * bars * BAR)]
    end = last + bars * BAR
    let_go = players.let_go(place_at(holding, place, end), end)
    after = until(advance, let_go, end + 4 * BAR)
    assert after[0].onset >= end
    assert len(after) > 4 * voices


def test_what_is_let_go_goes_on_from_where_it_was(ensemble, knobs, until) -> None:
    """A greedy network does the same from the same state, whatever the noise."""
    players = ensemble()
    greedy = players.advance(replace(knobs, temperature=(0.0,) * 4), SEED)
    usual = until(greedy, players.start(), 9 * BAR)
    place = place_at(greedy, players.start(), 4 * BAR)
    held = players.hold(place, [note for note in usual if 2 * BAR <= note.onset < 4 * BAR], 2 * BAR, 4 * BAR)
    holding = players.advance(replace(knobs, temperature=(0.0,) * 4, hold=2), SEED)
    let_go = players.let_go(place_at(holding, held, 8 * BAR), 8 * BAR)
    went_on = [note for note in usual if note.onset >= 4 * BAR]
    assert until(greedy, let_go, 13 * BAR) == shifted(went_on, 4 * BAR)


def test_variation_varies_most_rounds(ensemble, bach, knobs, until) -> None:
    players = ensemble(engine=bach)
    advance = players.advance(knobs, SEED)
    usual = until(advance, players.start(), 4 * BAR)
    held = [note for note in usual if note.onset >= 2 * BAR]
    place = players.hold(place_at(advance, players.start(), 4 * BAR), held, 2 * BAR, 4 * BAR)
    varied = until(players.advance(replace(knobs, variation=0.4, hold=2), SEED), place, 12 * BAR)
    rounds = [
        shifted([n for n in varied if n.onset // (2 * BAR) == turn], -2 * BAR * (turn - 1)) for turn in range(2, 6)
    ]
    assert sum(turn != held for turn in rounds) >= 3
    kept = [len({(n.onset, n.pitch) for n in turn} & {(n.onset, n.pitch) for n in held}) for turn in rounds]
    assert all(count > 0.2 * len(held) for count in kept)


def test_nothing_can_be_held_too(ensemble, knobs) -> None:
    players = ensemble()
    advance, place = players.advance(replace(knobs, hold=1), SEED), players.hold(players.start(), [], 0, BAR)
    heard: list[Note | None] = []
    while place.onset < 10 * BAR:
        note, place = advance(place)
        heard.append(note)
    assert set(heard) == {None}
