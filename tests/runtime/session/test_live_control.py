"""Turns that are heard: when, and in which notes."""

from collections.abc import Callable

import pytest

from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.scales import pitch_classes
from tests.runtime.conftest import Stage

BAR = 96
TAKEN_TICKS = 8
"""How many ticks of notes are taken at once, as by a dispatcher."""
Make = Callable[[Engine], Stage]


class Rig:
    """A session whose dispatcher stands still; `play` takes the notes up to a position in its place."""

    def __init__(self, played: Stage) -> None:
        self.played = played
        self.steering, self.lookahead = played.steering, played.stream

    @property
    def problems(self) -> list[str]:
        return self.played.problems

    def play(self, until: int) -> list[Note]:
        notes: list[Note] = []
        for tick in (*range(self.lookahead.taken_before(), until, TAKEN_TICKS), until):
            self.played.fill()
            notes += self.lookahead.take_before(tick)
        return notes

    def turn(self, *turns: bytes | str) -> None:
        for turn in turns:
            self.steering.submit(turn)
        self.steering.apply_pending()


@pytest.fixture
def rig(tiny: Engine, stage: Make) -> Rig:
    return Rig(stage(tiny))


@pytest.fixture
def unturned(tiny: Engine, stage: Make) -> Callable[[int], list[Note]]:
    """The notes up to a position where nothing is turned."""
    return lambda until: Rig(stage(tiny)).play(until)


def test_a_key_is_kept_from_what_has_not_been_taken_on(rig: Rig, unturned: Callable[[int], list[Note]]) -> None:
    before = rig.play(BAR + 50)
    rig.turn("key Eb minor")
    after = rig.play(10 * BAR)
    assert before == [note for note in unturned(2 * BAR) if note.onset < BAR + 50]
    assert {note.pitch % 12 for note in after} <= pitch_classes("Eb minor")
    assert len(after) > 20


def test_a_turn_that_only_shapes_leaves_the_notes_alone(rig: Rig, unturned: Callable[[int], list[Note]]) -> None:
    rig.play(BAR)
    rig.turn("velocity 30", "swing 0.5", "transpose 5", "mute on", "mute off", "volume 0.5", bytes((0xB0, 7, 90)))
    assert rig.play(6 * BAR) == [note for note in unturned(6 * BAR) if note.onset >= BAR]


def test_turning_there_and_back_before_it_is_heard_changes_nothing(
    rig: Rig, unturned: Callable[[int], list[Note]]
) -> None:
    rig.play(BAR)
    rig.turn("temperature 0.1", "temperature 1")
    rig.turn("min-p 0.9")
    rig.turn("min-p 0.02")
    assert rig.play(6 * BAR) == [note for note in unturned(6 * BAR) if note.onset >= BAR]


def test_a_new_idea_begins_on_the_next_bar_line(rig: Rig, unturned: Callable[[int], list[Note]]) -> None:
    rig.play(BAR + 50)
    rig.turn("new")
    rest, idea = rig.play(2 * BAR), rig.play(8 * BAR)
    usual = unturned(8 * BAR)
    assert rest == [note for note in usual if BAR + 50 <= note.onset < 2 * BAR]
    assert idea != [note for note in usual if note.onset >= 2 * BAR]
    assert idea[0].onset >= 2 * BAR


def test_a_turn_between_the_command_and_the_bar_line_keeps_the_bar_line(
    rig: Rig, unturned: Callable[[int], list[Note]]
) -> None:
    rig.play(BAR + 10)
    rig.turn("new")
    rig.turn("register 60 61")
    rest, idea = rig.play(2 * BAR), rig.play(4 * BAR)
    assert {note.pitch for note in rest + idea} <= {60, 61}
    assert idea[0].onset >= 2 * BAR
    assert len(unturned(4 * BAR)) > 0


def test_what_is_wrong_is_said_and_changes_nothing(rig: Rig, unturned: Callable[[int], list[Note]]) -> None:
    rig.turn("key H", "register 61 61", "key C")
    assert len(rig.problems) == 2
    assert "no note of C lies between 61 and 61" in rig.problems[1]
    assert rig.steering.parameters.key is None
    assert len(unturned(BAR)) > 0


def test_panic_reaches_the_dispatcher(rig: Rig) -> None:
    rig.turn("panic", bytes([0xB0, 120, 0]))
    assert len(rig.played.session.requests.take_panics()) == 2


def test_a_flood_is_survived(rig: Rig) -> None:
    for number in range(20_000):
        rig.steering.submit(bytes([0xB0, 1, number % 128]))
    rig.steering.apply_pending()
    assert rig.steering.parameters.temperature == (2.0 * (19_999 % 128) / 127,) * 4


def test_the_program_that_is_set_already_makes_nothing_anew(rig: Rig) -> None:
    """DAWs send it with every Start."""
    rig.play(BAR + 50)
    coming = rig.lookahead.coming()
    rig.turn(bytes([0xC0, 0]), "style one")
    assert rig.lookahead.coming()[: len(coming)] == coming != []
    rig.turn("new")
    assert rig.lookahead.coming()[: len(coming)] != coming


def test_what_is_wrong_is_told_to_who_asked_for_it(rig: Rig) -> None:
    told: list[str] = []
    rig.steering.submit("temperature hot", complain=told.append)
    rig.turn("temperature cold")
    assert [("hot" in problem, "cold" in problem) for problem in (*told, *rig.problems)] == [
        (True, False),
        (False, True),
    ]


def test_paused_it_makes_nothing_whatever_is_turned(rig: Rig) -> None:
    rig.play(BAR + 50)
    seed = rig.steering.seed
    rig.steering.pause()
    rig.turn("key Eb minor")
    rig.turn("new", "hold 1")
    rig.played.fill()
    assert rig.lookahead.take_before(3 * BAR) == []
    rig.steering.go_on(rig.played.ensemble.after([], 4 * BAR))
    notes = rig.play(6 * BAR)
    assert notes[0].onset >= 4 * BAR
    assert {note.pitch % 12 for note in notes} <= pitch_classes("Eb minor")
    assert rig.steering.seed == seed + 1


def test_gone_on_with_a_change_that_was_to_come_has_come(rig: Rig) -> None:
    """A knob that was turned before its bar line brought the old seed back until there."""
    rig.play(BAR + 50)
    rig.turn("new")
    rig.steering.go_on(rig.played.ensemble.after([], BAR + 60))
    rig.turn("key Eb minor")
    assert len(rig.lookahead.coming_segments()) == 1  # the present music, which has not been heard yet
