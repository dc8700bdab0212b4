"""What waits for a bar line: what becomes of it when more is asked for, and how it begins."""

from dataclasses import replace

import pytest

from lstm_composer.runtime.parameters.course import Course, Entry, GoOn, Hold, LetGo, Music, NewPiece, NextMusic
from lstm_composer.runtime.parameters.parameters import Parameters

BAR = 96
STYLE = (1.0,)
TICK = 8 * BAR


def music(seed: int = 1, hold: int = 0, style: tuple[float, ...] = STYLE) -> Music:
    return Music(style, seed, hold)


def following(music: Music, tick: int = TICK, *, new: bool = False) -> NextMusic:
    return NextMusic(tick, music, is_new_piece=new)


OTHER = (0.5,)


@pytest.mark.parametrize(
    ("present", "coming", "entry"),
    [
        (music(), None, GoOn()),
        (music(), following(music(style=OTHER)), GoOn()),
        (music(), following(music(2), new=True), NewPiece(TICK)),
        (music(), following(music(hold=2)), Hold(TICK - 2 * BAR, TICK)),
        (music(), following(music(hold=12)), Hold(0, TICK)),
        (music(), following(music(hold=4), 0), GoOn()),  # nothing has been played
        (music(hold=2), following(music(hold=2, style=OTHER)), GoOn()),  # held already
        (music(hold=2), following(music(hold=1)), Hold(TICK - BAR, TICK)),
        (music(hold=2), following(music(2, hold=2), new=True), Hold(TICK - 2 * BAR, TICK)),
        (music(hold=2), following(music()), LetGo(TICK)),
        (music(hold=2), following(music(2), new=True), NewPiece(TICK)),
    ],
)
def test_how_the_next_music_begins(present: Music, coming: NextMusic | None, entry: Entry) -> None:
    assert Course(present, coming).entry(BAR) == entry


COMING = Course(music(), following(music(4), BAR, new=True))
TURNED = music(hold=4, style=OTHER)


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        (Course(music()), {}, Course(music(style=OTHER))),  # a style is turned at once
        (Course(music()), {"on_bar_line": True}, Course(music(), following(TURNED))),
        (
            Course(music()),
            {"on_bar_line": True, "new_piece": True},
            Course(music(), following(replace(TURNED, seed=4), new=True)),
        ),
        (COMING, {}, COMING),
        (COMING, {"on_bar_line": True}, Course(music(), following(replace(TURNED, seed=4), new=True))),
        (
            COMING,
            {"on_bar_line": True, "new_piece": True},
            Course(music(), following(replace(TURNED, seed=7), new=True)),
        ),
    ],
)
def test_what_becomes_of_the_course(before: Course, asked: dict[str, bool], after: Course) -> None:
    parameters = Parameters(style=OTHER, temperature=(1.0,) * 4, min_p=0.0, hold=4)
    given = {"on_bar_line": False, "new_piece": False, **asked}
    assert before.turned(parameters, next_bar=TICK, voices=3, **given) == after
