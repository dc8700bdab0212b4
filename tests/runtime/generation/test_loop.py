"""Holding: the last bars from the next bar line on, to the letter, and then the music goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_composer.runtime.generation.ensemble import Plan
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.scales import pitch_classes
from tests.runtime.free_music import free_of

BAR = 96
Make = Callable[..., Any]


def bars(notes: list[Note], moved: Make, first: int, count: int) -> list[tuple[int, ...]]:
    return moved(notes, first * BAR, (first + count) * BAR)  # type: ignore[no-any-return] # a fixture's function


@pytest.mark.parametrize("voices", [1, 2])
@pytest.mark.parametrize("held", [1, 2, 4, 8])
def test_the_last_bars_come_again_from_the_next_bar_line(
    tiny: Engine, stage: Make, moved: Make, held: int, voices: int
) -> None:
    played, usual = stage(tiny, voices=voices, bars=30), stage(tiny, voices=voices, bars=30).play()
    played.at(8 * BAR + 31, f"hold {held}")
    notes = played.play()
    assert bars(notes, moved, 0, 9) == bars(usual, moved, 0, 9)
    again = bars(usual, moved, 9 - held, held)
    assert len(again) > 2 * held
    for start in range(9, 31 - held, held):
        assert bars(notes, moved, start, held) == again


@pytest.mark.parametrize("voices", [1, 2])
def test_let_go_the_music_goes_on_where_it_was(bach: Engine, stage: Make, moved: Make, voices: int) -> None:
    played, usual = stage(bach, voices=voices, bars=20), stage(bach, voices=voices, bars=20).play()
    played.at(4 * BAR + 31, "hold 2")
    played.at(8 * BAR + 50, "hold off")
    notes = played.play()
    assert bars(notes, moved, 5, 2) == bars(notes, moved, 7, 2) == bars(usual, moved, 3, 2)
    after = [note for note in notes if note.onset >= 9 * BAR]
    assert 9 * BAR <= after[0].onset < 10 * BAR
    assert max(note.onset for note in after) > 19 * BAR
    # No new piece: the network goes on from what it had played before it was held.
    places = [voice.free for voice in played.stream._song.history.state_before(9).voices]
    assert all(place.piece_start == (4 if place.piece_start else 0) * BAR for place in places)


def test_in_the_first_bar_there_is_as_much_as_there_is(tiny: Engine, stage: Make, moved: Make) -> None:
    played = stage(tiny, bars=7)
    played.at(20, "hold 8")
    notes = played.play()
    assert len(bars(notes, moved, 0, 1)) > 2
    for bar in range(1, 7):
        assert bars(notes, moved, bar, 1) == bars(notes, moved, 0, 1)


def test_other_bars_can_be_held_without_letting_go(bach: Engine, stage: Make, moved: Make) -> None:
    played, usual = stage(bach, bars=16), stage(bach, bars=16).play()
    played.at(3 * BAR + 31, "hold 4")
    played.at(7 * BAR + 31, "hold 1")
    played.at(10 * BAR + 31, "hold off")
    notes = played.play()
    assert bars(notes, moved, 4, 4) == bars(usual, moved, 0, 4)
    for bar in (8, 9, 10):
        assert bars(notes, moved, bar, 1) == bars(usual, moved, 3, 1)
    # It goes on from before both: seven bars later than it would have.
    before = free_of(played.stream._song.history.state_before(11))
    assert (before.piece_start, before.not_before) == (7 * BAR, 11 * BAR)
    assert {bar for bar in range(11, 16) if bars(notes, moved, bar, 1)} == set(range(11, 16))


def test_held_and_let_go_before_the_bar_line_nothing_is_held(tiny: Engine, stage: Make) -> None:
    played = stage(tiny, bars=8)
    played.at(2 * BAR + 20, "hold 2")
    played.at(2 * BAR + 40, "hold off")
    assert played.play() == stage(tiny, bars=8).play()


@pytest.mark.parametrize("late", [1, 9, 30, 60])
def test_held_and_let_go_where_nothing_sounds(tiny: Engine, stage: Make, moved: Make, late: int) -> None:
    """The place to go on from can be one of held bars already, although none has been heard."""
    played = stage(tiny, turns=["density -1", "temperature 2"], bars=12, seed=4)
    played.at(3 * BAR + 20, "hold 1")
    played.at(3 * BAR + 20 + late, "hold off")
    notes = played.play()
    tail = [bars(notes, moved, bar, 1) for bar in range(4, 12)]
    assert not all(bar == tail[0] for bar in tail)


def test_variation_varies_what_is_held(bach: Engine, stage: Make, moved: Make) -> None:
    played = stage(bach, bars=16, turns=["variation 0.4"])
    played.at(3 * BAR + 31, "hold 2")
    notes = played.play()
    rounds = [bars(notes, moved, bar, 2) for bar in range(2, 16, 2)]
    assert len({tuple(one) for one in rounds}) > 3
    assert all(len(one) > 4 for one in rounds)
    assert rounds[1] != rounds[0]  # the first time too
    assert [note.onset for note in notes] == sorted(note.onset for note in notes)


def test_variation_turned_up_after_many_rounds_is_heard_in_the_next(bach: Engine, stage: Make, moved: Make) -> None:
    played = stage(bach, bars=20)
    played.at(2 * BAR + 31, "hold 1")
    played.at(14 * BAR + 31, "variation 0.6")
    notes = played.play()
    assert bars(notes, moved, 14, 1) == bars(notes, moved, 2, 1)
    varied = [bars(notes, moved, bar, 1) for bar in range(15, 20)]
    assert all(len(one) > 2 for one in varied)
    assert sum(one != bars(notes, moved, 2, 1) for one in varied) >= 3


def test_a_key_lock_holds_in_held_bars(bach: Engine, stage: Make) -> None:
    played = stage(bach, bars=10)
    played.at(2 * BAR + 31, "hold 2")
    played.at(5 * BAR + 31, "key E major")
    foreign = [one for one in played.play() if one.pitch % 12 not in pitch_classes("E major")]
    assert foreign
    assert max(note.onset for note in foreign) < 5 * BAR + 31 + 24


@pytest.mark.parametrize("variation", [0.0, 0.5])
@pytest.mark.parametrize("voices", [1, 2])
def test_a_form_goes_on_behind_held_bars(bach: Engine, stage: Make, moved: Make, voices: int, variation: float) -> None:
    """Held from the first repeat of A to the third section: let go, B is there, and A when its time has come."""
    form = Plan(form="AABA", section_bars=4)
    played = stage(bach, voices=voices, plan=form, bars=16)
    usual = stage(bach, voices=voices, plan=form, bars=16).play()
    played.at(5 * BAR + 31, f"variation {variation}", "hold 2")
    played.at(9 * BAR + 31, "variation 0", "hold off")
    notes = played.play()
    if variation == 0.0:
        for start in (6, 8):
            assert bars(notes, moved, start, 2) == bars(usual, moved, 4, 2)
    for bar in range(16):
        assert bars(notes, moved, bar, 1), f"bar {bar} is silent"
    assert bars(notes, moved, 12, 4) == bars(usual, moved, 0, 4)


def test_a_section_in_which_bars_were_held_returns_as_it_was_heard(bach: Engine, stage: Make, moved: Make) -> None:
    played = stage(bach, plan=Plan(form="A", section_bars=8), bars=16)
    played.at(2 * BAR + 31, "hold 2")
    played.at(4 * BAR + 31, "hold off")
    notes = played.play()
    assert bars(notes, moved, 3, 2) == bars(notes, moved, 1, 2)
    assert bars(notes, moved, 8, 8) == bars(notes, moved, 0, 8)


def test_a_section_that_was_held_over_is_improvised_when_it_returns(bach: Engine, stage: Make, moved: Make) -> None:
    played = stage(bach, plan=Plan(form="AB", section_bars=1), bars=8)
    played.at(31, "hold 1")
    played.at(BAR + 50, "hold off")
    notes = played.play()
    assert bars(notes, moved, 1, 1) == bars(notes, moved, 0, 1) == bars(notes, moved, 2, 1)
    b = bars(notes, moved, 3, 1)
    assert b
    assert b != bars(notes, moved, 0, 1)
    assert b == bars(notes, moved, 5, 1) == bars(notes, moved, 7, 1)


@pytest.mark.parametrize("voices", [1, 2])
def test_after_it_was_let_go_going_back_plays_the_same(bach: Engine, stage: Make, voices: int) -> None:
    played = stage(bach, voices=voices)
    heard: list[Note] = []

    def take(until: int) -> list[Note]:
        notes = []
        for tick in range(0, until + 1, 16):
            played.fill()
            notes += played.stream.take_before(tick)
        return notes

    def turn(line: str) -> None:
        played.steering.submit(line)
        played.steering.apply_pending()

    heard += take(3 * BAR - 16)
    turn("hold 2")
    heard += take(6 * BAR - 16)
    turn("hold off")
    heard += take(14 * BAR)
    for bar in (12, 7, 6, 9):
        played.stream.locate(bar * BAR)
        assert played.stream.take_before(14 * BAR) == [note for note in heard if bar * BAR <= note.onset < 14 * BAR]
    # Back in what was held there is music without end: nothing is held any more.
    played.stream.locate(4 * BAR)
    again = take(16 * BAR)
    held = [(note.onset - BAR, note.pitch) for note in again if BAR * 5 <= note.onset < BAR * 7]
    rounds = [
        [(n.onset - start, n.pitch) for n in again if start <= n.onset < start + 2 * BAR]
        for start in range(4 * BAR, 16 * BAR, 2 * BAR)
    ]
    assert held
    assert not all(one == rounds[-1] for one in rounds[-3:])
    assert all(rounds)
