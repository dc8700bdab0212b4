"""What the player plays is taken up: continued after a rest, or answered in turns."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.improviser import Advance
from runtime.listening import FEED_TICKS, Listener, Together
from runtime.notes import Note

BAR, BEAT = 96, 24
TICK_SECONDS = 0.02


def unused(_: Any) -> tuple[None, Any]:
    raise AssertionError


@dataclass
class Stream:
    """Keeps what it is told; notes have been handed over a little ahead of the present."""

    told: list[tuple[str, int]] = field(default_factory=list)
    now: int = 0

    def pause(self) -> None:
        self.told.append(("pause", self.now))

    def go_on(self, advance: Advance, place: Any = None) -> None:
        assert advance is unused
        self.told.append(("go on", place))

    def taken_before(self) -> int:
        return self.now + 13


@dataclass
class Rig:
    """A listener and a player; `play` lets time pass until a position."""

    together: Together
    stream: Stream = field(default_factory=Stream)
    phrases: list[list[Note]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = Listener(
            self.together,
            self.stream,
            self.after,
            lambda: unused,
            lambda seconds: round(seconds / TICK_SECONDS),
            lambda: self.stream.now * TICK_SECONDS,
        )

    def after(self, notes: list[Note], tick: int) -> int:
        self.phrases.append(notes)
        return tick

    def play(self, until: int, *events: tuple[int, int, int]) -> None:
        """Let time pass; events are (position, pitch, velocity), 0 to let go of a key."""
        waiting = sorted(events)
        while self.stream.now < until:
            while waiting and waiting[0][0] <= self.stream.now:
                tick, pitch, velocity = waiting.pop(0)
                self.listener.put(bytes([0x90, pitch, velocity]), tick * TICK_SECONDS)
            self.listener.look()
            self.stream.now += 1


@pytest.fixture
def continuing() -> Rig:
    return Rig(Together(mode="continue", bar_ticks=BAR, beat_ticks=BEAT))


@pytest.fixture
def answering() -> Rig:
    return Rig(Together(mode="answer", bar_ticks=BAR, beat_ticks=BEAT, turn_bars=2))


def test_we_fall_silent_and_go_on_a_beat_after_the_last_key(continuing: Rig) -> None:
    continuing.play(400, (100, 60, 90), (123, 60, 0), (125, 64, 80), (169, 64, 0))
    assert continuing.stream.told[0] == ("pause", 100)
    (_, went_on) = continuing.stream.told[1]
    assert went_on % BEAT == 0
    assert 169 + BEAT < went_on <= 169 + BEAT + 13 + BEAT
    assert continuing.phrases == [[Note(102, 60, 18, 90), Note(126, 64, 42, 80)]]
    assert len(continuing.stream.told) == 2


def test_a_key_that_is_held_keeps_us_waiting(continuing: Rig) -> None:
    continuing.play(1000, (10, 60, 90), (30, 64, 90), (40, 64, 0))
    assert continuing.stream.told == [("pause", 10)]
    continuing.play(1100, (1000, 60, 0))
    assert [what for what, _ in continuing.stream.told] == ["pause", "go on"]


def test_each_phrase_is_taken_up_by_itself(continuing: Rig) -> None:
    continuing.play(300, (0, 60, 90), (20, 60, 0), (200, 67, 90), (215, 67, 0))
    assert [what for what, _ in continuing.stream.told] == ["pause", "go on"] * 2
    assert [[note.pitch for note in phrase] for phrase in continuing.phrases] == [[60], [67]]


def test_turns_are_answered_on_the_bar_line(answering: Rig) -> None:
    answering.play(8 * BAR, (12, 60, 90), (36, 60, 0), (150, 62, 90), (4 * BAR + 5, 70, 60), (4 * BAR + 29, 70, 0))
    assert answering.stream.told == [("go on", 2 * BAR), ("go on", 6 * BAR)]
    first, second = answering.phrases
    assert [(note.onset, note.pitch) for note in first] == [(12, 60), (150, 62)]
    assert first[1].end <= 2 * BAR - FEED_TICKS + 6  # still held: it is heard up to now
    assert [(note.onset, note.pitch) for note in second] == [(4 * BAR + 6, 70)]


def test_a_turn_that_is_left_empty_is_not_taken_up(answering: Rig) -> None:
    answering.play(8 * BAR)
    assert answering.stream.told == []


NOTES = st.lists(st.builds(Note, st.integers(0, 2000), st.just(60), st.integers(1, 400), st.just(80)), max_size=30)


@given(notes=NOTES, bars=st.integers(1, 4), first=st.integers(0, 3))
def test_nothing_of_ours_sounds_in_the_players_turns(notes: list[Note], bars: int, first: int) -> None:
    together = Together(mode="answer", bar_ticks=BAR, beat_ticks=BEAT, turn_bars=bars, first_tick=first * BAR)
    for note in together.ours([note for note in notes if note.onset >= first * BAR]):
        assert together.turn(note.onset) == together.turn(note.end - 1)
        assert together.turn(note.onset) % 2 == 1
    assert Together(mode="continue", bar_ticks=BAR, beat_ticks=BEAT).ours(notes) == notes


MESSAGES = st.binary(max_size=4) | st.builds(
    lambda status, pitch, velocity: bytes([status, pitch, velocity]),
    st.sampled_from([0x80, 0x90, 0x93]),
    st.integers(0, 127),
    st.integers(0, 127),
)


@given(messages=st.lists(st.tuples(MESSAGES, st.integers(0, 60)), max_size=80))
def test_whatever_comes_in_we_pause_and_go_on_in_turn(messages: list[tuple[bytes, int]]) -> None:
    rig = Rig(Together(mode="continue", bar_ticks=BAR, beat_ticks=BEAT))
    for message, wait in messages:
        rig.listener.put(message, rig.stream.now * TICK_SECONDS)
        rig.play(rig.stream.now + wait)
    told = [what for what, _ in rig.stream.told]
    assert told == (["pause", "go on"] * len(told))[: len(told)]
    assert all(place >= when for (_, when), (_, place) in pairwise(rig.stream.told))
