"""A song position far from all that was played: music at once, on the right bar, and the same each time."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.bundle.encodings import ArticleEncoding
from lstm_composer.runtime.generation.bar_history import FIRST_BARS, LATEST_BARS
from lstm_composer.runtime.generation.ensemble import ENDING_BARS, Plan
from lstm_composer.runtime.generation.stretches import MOST_STRETCHES, NEAR_BARS, Stretches
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.token_encoding import TokenControls, token_advancer, token_anew, token_start
from lstm_composer.runtime.parameters.parameters import Parameters
from tests.support.quick import examples

BAR = 96
FAR = 1000
Make = Callable[..., Any]
KINDS = pytest.mark.parametrize(
    ("voices", "form"), [(1, None), (2, None), (1, "AABA"), (2, "AB")], ids=["solo", "voices", "form", "voices, form"]
)


class Song:
    """A look-ahead that is gone about in; `play` gives the notes of some bars, and counts what is made for them."""

    def __init__(self, engine: Engine, stage: Make, **more: Any) -> None:
        made = self.made = [0]

        def counting(advance: Any) -> Any:
            def count(place: Any) -> Any:
                made[0] += 1
                return advance(place)

            return count

        self.stage = stage(engine, wrap=counting, **more)
        self.stream = self.stage.stream

    def play(self, bar: int, bars: int = 2) -> list[Note]:
        self.stream.locate(bar * BAR)
        return self.go_on(bar + bars)

    def go_on(self, until_bar: int) -> list[Note]:
        notes: list[Note] = []
        while self.stream.taken_before() < until_bar * BAR:
            self.stage.fill()
            notes += self.stream.take_before(min(self.stream.taken_before() + 24, until_bar * BAR))
        return sorted(notes)


@KINDS
def test_the_music_is_there_at_once_and_the_same_each_time(
    tiny: Engine, stage: Make, voices: int, form: str | None
) -> None:
    more = {"voices": voices, "plan": Plan(form=form, section_bars=2)}
    fresh, used = Song(tiny, stage, **more), Song(tiny, stage, **more)
    first = fresh.play(FAR)
    assert {note.onset // BAR for note in first} == {FAR, FAR + 1}
    assert fresh.made[0] < 200
    beginning = used.play(0, 5)
    used.play(300)
    again = used.play(FAR)
    assert again == first if form is None else {note.onset // BAR for note in again} == {FAR, FAR + 1}
    assert used.play(0, 5) == beginning == fresh.play(0, 5)
    assert used.play(FAR) == again
    assert used.play(FAR + 1, 1) == [note for note in again if note.onset >= (FAR + 1) * BAR]


def test_near_positions_are_those_of_the_music_from_the_beginning(tiny: Engine, stage: Make) -> None:
    straight = Song(tiny, stage).play(0, NEAR_BARS + 20)
    song = Song(tiny, stage)
    assert song.play(NEAR_BARS) == [note for note in straight if NEAR_BARS <= note.onset // BAR < NEAR_BARS + 2]
    assert song.play(2 * NEAR_BARS + 2) == [
        note for note in straight if 2 * NEAR_BARS + 2 <= note.onset // BAR < 2 * NEAR_BARS + 4
    ]


def test_far_positions_are_other_music_than_the_beginning(tiny: Engine, stage: Make) -> None:
    song = Song(tiny, stage)
    begun = [moved(song.play(bar, 3), bar) for bar in (0, 100, 200, 300)]
    assert len({tuple(one) for one in begun}) == len(begun)


def moved(notes: list[Note], bar: int) -> list[tuple[int, int, int]]:
    return [(note.onset - bar * BAR, note.pitch, note.velocity) for note in notes]


def test_a_form_that_was_played_comes_back(tiny: Engine, stage: Make) -> None:
    """Section A of bar 1 is that of bar 1,000, and its letter the one that the form has there."""
    song = Song(tiny, stage, plan=Plan(form="AB", section_bars=2))
    first, second = moved(song.play(0, 2), 0), moved(song.go_on(4), 2)
    song.go_on(6)
    assert moved(song.play(FAR, 2), FAR) == first
    assert moved(song.go_on(FAR + 4), FAR + 2) == second
    assert moved(song.play(FAR + 102, 2), FAR + 102) == second
    assert moved(song.play(501, 1), 501) == [(onset - BAR, *more) for onset, *more in first if onset >= BAR]


def test_what_is_held_is_held_there(tiny: Engine, stage: Make) -> None:
    song = Song(tiny, stage)
    song.play(0, 4)
    song.stage.steering.submit("hold 2")
    song.stage.steering.apply_pending()
    song.go_on(6)
    held = moved(song.go_on(8), 6)
    assert held
    for bar in (FAR, 400, 88):
        assert moved(song.play(bar, 2), bar) == held
    song.stage.steering.submit("hold off")
    song.stage.steering.apply_pending()
    assert {note.onset // BAR for note in song.go_on(94)} >= {91, 92, 93}


def test_a_hold_that_is_to_come_comes(tiny: Engine, stage: Make) -> None:
    song = Song(tiny, stage)
    notes = moved(song.play(0, 4), 0)
    song.stream.take_before(4 * BAR + 10)
    song.stage.steering.submit("hold 1")
    song.stage.steering.apply_pending()
    first = moved(song.play(FAR, 1), FAR)
    assert first == moved(song.go_on(FAR + 2), FAR + 1)
    assert notes


def test_an_ending_is_on_its_bar(tiny: Engine, stage: Make) -> None:
    song = Song(tiny, stage, plan=Plan(end_tick=200 * BAR), bars=200)
    last = song.play(199, 1)
    assert {note.onset for note in last} == {199 * BAR}
    assert {note.duration for note in last} == {BAR}
    assert song.made[0] < 60 * ENDING_BARS
    song.stream.locate(500 * BAR)
    song.stage.fill()
    assert song.stream.finished()


def test_a_turn_is_heard_everywhere(tiny: Engine, stage: Make) -> None:
    song = Song(tiny, stage)
    song.play(0, 3)
    song.play(FAR)
    for line in ("register 60 64", "new"):
        song.stage.steering.submit(line)
        song.stage.steering.apply_pending()
    for bar in (FAR, 2, 0, 500):
        assert all(60 <= note.pitch <= 64 for note in song.play(bar, 3))
    song.stage.steering.submit("new")
    song.stage.steering.apply_pending()
    before, song.made[0] = song.made[0], 0
    assert before
    assert song.play(800, 1)
    assert song.made[0] < 200


@settings(deadline=None, max_examples=examples(30))
@example(bars=[FAR + 3, 0, FAR + 3, 300, FAR + 5])
@given(bars=st.lists(st.integers(0, 40) | st.integers(0, 4000), max_size=12))
def test_wherever_we_go_each_bar_is_the_same_each_time(tiny: Engine, stage: Make, bars: list[int]) -> None:
    """As long as less than a bar is played from each position: what is played on goes on."""
    song = Song(tiny, stage, plan=Plan(form="ABA", section_bars=3))
    heard: dict[int, list[Note]] = {}
    for bar in [*bars, *bars]:
        before = song.made[0]
        notes = song.play(bar, 1)
        assert heard.setdefault(bar, notes) == notes
        assert song.made[0] - before < 100 * (NEAR_BARS + 4)


def test_so_many_positions_are_kept() -> None:
    stretches = Stretches(BAR, "beginning")
    for number in range(3 * MOST_STRETCHES):
        stretches.begin(100 * (number + 1), "far")
    kept = [bar for bar in range(0, 100 * 3 * MOST_STRETCHES + 1, 100) if stretches.covering(bar) is not None]
    assert len(kept) == MOST_STRETCHES
    assert kept[0] == 0
    assert kept[-1] == 300 * MOST_STRETCHES


def test_a_long_way_from_a_far_position_its_beginning_is_still_known(tiny: Engine, stage: Make) -> None:
    song = Song(tiny, stage)
    first = song.play(FAR + 1, 1)
    song.go_on(FAR + LATEST_BARS + FIRST_BARS + 20)
    assert song.play(FAR + 1, 1) == first


def _likeliest(found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The token of the largest noise."""
    return {"next_token": found["noise"].argmax(axis=1), "log_probability": np.zeros(1)}


def test_the_articles_networks_begin_there_too() -> None:
    encoding = ArticleEncoding(vocabulary=["C4", "E4", "G4"], window=2, prompts=[[0, 1]], step_ticks=12)
    controls = TokenControls()
    advance = token_advancer(_likeliest, encoding, controls, seed=3)
    beginning = token_start(encoding, 3)
    place = token_anew(encoding)(beginning, beginning, FAR * BAR)
    played = []
    for _ in range(20):
        note, place = advance(place)
        played.append(note)
    assert [note.onset for note in played] == [FAR * BAR + 12 * index for index in range(20)]


@pytest.mark.parametrize("form", [None, "AB"])
def test_a_primer_leads_to_far_bars_too(tiny: Engine, stage: Make, form: str | None) -> None:
    ensemble = stage(tiny, plan=Plan(form=form, section_bars=2, first_tick=2 * BAR)).ensemble
    beginning = ensemble.after([Note(24 * index, 60 + index, 24, 80) for index in range(8)], 2 * BAR)
    assert ensemble.anew(beginning, beginning, BAR) is beginning
    first = ensemble.anew(beginning, beginning, FAR * BAR)
    assert first.onset < FAR * BAR
    advance = ensemble.advance(warm_knobs(), 3)
    played = []
    place = first
    while place.onset < (FAR + 1) * BAR:
        note, place = advance(place)
        played += [] if note is None else [note]
    assert played
    assert all(note.onset >= FAR * BAR for note in played)


def warm_knobs() -> Parameters:
    return Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.02)
