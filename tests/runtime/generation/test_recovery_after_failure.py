"""An engine that fails or is slow: the beat is held, the music rests and comes in on a bar line; nothing hangs."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.generation import lookahead
from lstm_composer.runtime.generation.ensemble import Plan
from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.midi.messages import Kind

BAR = 96
Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is tried again without waiting: the time that passes is the fake clock's."""
    monkeypatch.setattr(lookahead, "WAIT_SECONDS", 0.001)


class Spoilt:
    """Raises for calls of certain numbers, whoever's they are."""

    def __init__(self, fails: Callable[[int], bool]) -> None:
        self.calls = self.failures = self.failed_at = 0
        self._fails = fails

    def __call__(self, advance: Advance) -> Advance:
        def advance_or_fail(place: Any) -> Any:
            self.calls += 1
            if self._fails(self.calls):
                self.failures += 1
                self.failed_at = place.onset
                raise RuntimeError("CUDA error 719\nand more lines")
            return advance(place)

        return advance_or_fail


@pytest.mark.parametrize("voices", [1, 2])
@pytest.mark.parametrize("form", [None, "AAB"])
@pytest.mark.parametrize("lead_seconds", [0.0, 0.1])
def test_a_failure_now_and_then_costs_rests(
    bach: Engine, stage: Make, voices: int, form: str | None, lead_seconds: float
) -> None:
    spoilt = Spoilt(lambda number: number % 17 == 0)
    plan = Plan(form=form, section_bars=2)
    played = stage(bach, wrap=spoilt, voices=voices, plan=plan, bars=12, lead_seconds=lead_seconds)
    notes = played.play()
    assert played.stream.rests == spoilt.failures > 2
    assert {note.onset // BAR for note in notes} >= {0, 11}
    times = [(one.message.tick, one.due_seconds) for one in played.sent if one.message.kind != Kind.CONTROL]
    assert all(due == pytest.approx(played.transport.seconds_at(tick)) for tick, due in times)
    assert played.left_on() == set()
    assert played.dispatcher.late_notes == 0


def test_it_comes_in_on_the_next_bar_line(bach: Engine, stage: Make) -> None:
    for failing in range(5, 45, 3):
        spoilt = Spoilt(failing.__eq__)
        played = stage(bach, wrap=spoilt, bars=8)
        onsets = [note.onset for note in played.play()]
        assert played.stream.rests == 1
        bar_line = (spoilt.failed_at // BAR + 1) * BAR
        entrance = next(onset for onset in onsets if onset > spoilt.failed_at)
        # A short rest may end with an upbeat to nothing: the network chooses; a long one ends on the bar line.
        assert entrance == bar_line or (bar_line - spoilt.failed_at <= 24 and bar_line < entrance < bar_line + BAR)


def test_notes_that_are_made_too_late_are_not_played(bach: Engine, stage: Make) -> None:
    """For four beats nothing is made; then there is music again, on the grid, from a bar line on."""
    played = stage(bach, bars=14)
    fill = played.fill
    slow: list[int] = []
    played.fill = lambda: None if slow else fill()
    played.at(BAR, lambda: slow.append(1))
    played.at(6 * BAR + 30, slow.clear)
    notes = played.play()
    silent = [bar for bar in range(14) if not any(note.onset // BAR == bar for note in notes)]
    assert silent in ([4, 5, 6], [3, 4, 5, 6])
    assert next(note.onset for note in notes if note.onset >= 6 * BAR) == 7 * BAR
    assert played.stream.rests >= 1
    assert played.stream.problem is None
    assert played.dispatcher.late_notes == 0


def test_a_failure_for_good_ends_with_one_error_and_no_note_left(bach: Engine, stage: Make) -> None:
    played = stage(bach, wrap=Spoilt(lambda number: number > 30))
    thread = threading.Thread(target=played.stream.run, args=(played.stop,))
    thread.start()
    played.fill = lambda: played.stream.wait_until_filled(30.0)
    with pytest.raises(MissingError, match=r"failed 50 times in a row \(CUDA error 719\): see") as caught:
        played.play(100 * BAR)
    thread.join(30.0)
    assert [message for message, _ in played.port.sent if message.kind is Kind.NOTE_ON]
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert "\n" not in str(caught.value)
    assert played.left_on() == set()


def test_what_cannot_be_cured_is_not_tried_again(tiny: Engine, stage: Make) -> None:
    gone: list[int] = []

    def refuse(advance: Advance) -> Advance:
        def advance_or_raise(place: Any) -> Any:
            if gone:
                raise MissingError("the GPU has gone")
            return advance(place)

        return advance_or_raise

    played = stage(tiny, wrap=refuse)
    gone.append(1)
    played.stream.take_before(BAR)
    played.stream.run(played.stop)
    assert played.stream.rests == 0
    with pytest.raises(MissingError, match="the GPU has gone"):
        played.stream.take_before(BAR + 1)
    with pytest.raises(MissingError, match="the GPU has gone"):
        stage(tiny, wrap=refuse)  # before there is a port
