"""The song goes elsewhere while something is to come or has come: knobs keep meaning what they say."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.parameters.initial import apply_commands
from lstm_composer.runtime.parameters.parameters import Parameters

BAR = 96
Make = Callable[..., Any]


def take(played: Any, until: int) -> list[Note]:
    notes: list[Note] = []
    for tick in range(played.stream.taken_before(), until + 1, 12):
        played.fill()
        notes += played.stream.take_before(tick)
    return notes


def turn(played: Any, *lines: str) -> None:
    for line in lines:
        played.steering.submit(line)
    played.steering.apply_pending()


def test_after_a_loop_the_new_idea_stays(bach: Engine, stage: Make) -> None:
    """A turn of a knob in the second round brought the old idea back until the bar line of the new one."""
    played, other = stage(bach), stage(bach)
    for side in (played, other):
        take(side, 2 * BAR + 12)
        turn(side, "new")
        take(side, 4 * BAR)
        side.stream.locate(0)
        side.fill()
    turn(played, "variation 0.5")  # which asks nothing of the network here
    assert take(played, 6 * BAR) == take(other, 6 * BAR)


def test_what_was_made_after_a_change_is_the_same_from_any_bar_of_it(bach: Engine, stage: Make) -> None:
    """Places kept under other controls were gone on from."""
    played = stage(bach)
    take(played, 8 * BAR)
    turn(played, "key E major")
    take(played, 9 * BAR)
    played.stream.locate(0)
    heard = take(played, 6 * BAR)
    played.stream.locate(4 * BAR)
    again = take(played, 12 * BAR)
    played.stream.locate(0)
    straight = take(played, 12 * BAR)
    assert [note for note in again if note.onset < 6 * BAR] == [note for note in heard if note.onset >= 4 * BAR]
    assert again == [note for note in straight if note.onset >= 4 * BAR]
    fresh = stage(bach, turns=["key E major"])
    assert straight == take(fresh, 12 * BAR)


@pytest.mark.parametrize("forward", [4, 12, 30])
def test_a_step_forward_before_a_change_that_is_made_already_loses_no_notes(
    tiny: Engine, stage: Make, forward: int
) -> None:
    played, usual = stage(tiny), stage(tiny)
    for side in (played, usual):
        take(side, BAR + 12)
    turn(played, "hold 1")
    played.fill()
    assert played.stream._schedule.coming == ()
    to = played.stream.taken_before() + forward
    played.stream.locate(to)
    played.fill()
    heard = take(played, 2 * BAR)
    assert heard == [note for note in take(usual, 2 * BAR) if note.onset >= to]


def test_far_away_a_change_that_was_to_come_has_come(tiny: Engine, stage: Make) -> None:
    """A turn of a knob brought the old seed back, where the song had gone far away before the bar line of the new."""
    played, other = stage(tiny), stage(tiny)
    for side in (played, other):
        side.stream.locate(1000 * BAR)
        take(side, 1001 * BAR + 12)
        turn(side, "new")
        side.stream.locate(500 * BAR)
    turn(played, "variation 0.5")  # which asks nothing of the network here
    assert take(played, 502 * BAR) == take(other, 502 * BAR)


@pytest.mark.parametrize("line", ["new", "panic", "hold 2"])
def test_what_has_to_be_said_while_it_plays(line: str) -> None:
    with pytest.raises(InputError, match="this can be said only while it plays"):
        apply_commands([line], Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.0), ["one"])
