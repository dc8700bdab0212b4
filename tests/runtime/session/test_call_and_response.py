"""What the player plays is taken up: continued after a rest, or answered in turns."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.midi.held_keys import LONGEST_HELD_SECONDS
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.session.call_and_response import FEED_TICKS, CallAndResponse, Responder

BAR, BEAT = 96, 24
TICK_SECONDS = 0.02


@dataclass
class Stream:
    """Keeps what it is told; notes have been handed over a little ahead of the present."""

    told: list[tuple[str, int]] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    now: int = 0

    def pause(self) -> None:
        self.told.append(("pause", self.now))

    def go_on(self, place: Any) -> None:
        self.taken.append(self.taken_before())
        self.told.append(("go on", place))

    def taken_before(self) -> int:
        return self.now + 13


@dataclass
class Rig:
    """A responder and a player; `play` lets time pass until a position."""

    exchange: CallAndResponse
    stream: Stream = field(default_factory=Stream)
    phrases: list[list[Note]] = field(default_factory=list)
    jumped: int = 0

    def __post_init__(self) -> None:
        self.responder = Responder(
            self.exchange,
            self.stream,
            self.after,
            lambda seconds: round(seconds / TICK_SECONDS) - self.jumped,
            lambda: self.seconds,
        )

    @property
    def seconds(self) -> float:
        return (self.stream.now + self.jumped) * TICK_SECONDS

    def jump(self, tick: int) -> None:
        """Go on from another position; the time goes on as it does."""
        self.jumped, self.stream.now = self.jumped + self.stream.now - tick, tick

    def after(self, notes: list[Note], tick: int) -> Any:
        self.phrases.append(notes)
        return tick

    def play(self, until: int, *events: tuple[int, int, int]) -> None:
        """Let time pass; events are (position, pitch, velocity), 0 to let go of a key."""
        waiting = sorted(events)
        while self.stream.now < until:
            while waiting and waiting[0][0] <= self.stream.now:
                tick, pitch, velocity = waiting.pop(0)
                self.responder.put(bytes([0x90, pitch, velocity]), (tick + self.jumped) * TICK_SECONDS)
            self.responder.look()
            self.stream.now += 1


@pytest.fixture
def continuing() -> Rig:
    return Rig(CallAndResponse(mode="continue", bar_ticks=BAR, beat_ticks=BEAT))


@pytest.fixture
def answering() -> Rig:
    return Rig(CallAndResponse(mode="answer", bar_ticks=BAR, beat_ticks=BEAT, turn_bars=2))


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
    exchange = CallAndResponse(mode="answer", bar_ticks=BAR, beat_ticks=BEAT, turn_bars=bars, first_tick=first * BAR)
    for note in exchange.only_our_bars([note for note in notes if note.onset >= first * BAR]):
        assert exchange.turn_at(note.onset) == exchange.turn_at(note.end - 1)
        assert exchange.turn_at(note.onset) % 2 == 1
    assert CallAndResponse(mode="continue", bar_ticks=BAR, beat_ticks=BEAT).only_our_bars(notes) == notes


LOST = [bytes([0xB0, number, 0]) for number in (120, 121, 123, 124, 127)] + [b"\xff"]


@pytest.mark.parametrize("message", LOST)
def test_keys_whose_note_offs_are_lost_are_let_go(continuing: Rig, message: bytes) -> None:
    continuing.play(50, (10, 60, 90), (20, 64, 90))
    continuing.responder.put(message, 50 * TICK_SECONDS)
    continuing.play(150)
    (_, paused), (what, went_on) = continuing.stream.told
    assert (paused, what) == (10, "go on")
    assert 50 + BEAT < went_on <= 50 + BEAT + 13 + BEAT
    assert continuing.phrases == [[Note(12, 60, 36, 90), Note(18, 64, 30, 90)]]


def test_all_notes_off_is_for_its_channel(continuing: Rig) -> None:
    continuing.play(20, (10, 60, 90))
    continuing.responder.put(b"\xb1\x7b\x00", 20 * TICK_SECONDS)
    continuing.play(200)
    assert [what for what, _ in continuing.stream.told] == ["pause"]


def test_panics_again_and_again_do_not_keep_us_silent(continuing: Rig) -> None:
    continuing.play(30, (10, 60, 90))
    for tick in range(30, 200, 10):
        continuing.responder.put(b"\xb0\x7b\x00", tick * TICK_SECONDS)
        continuing.play(tick + 10)
    assert [what for what, _ in continuing.stream.told] == ["pause", "go on"]


def test_a_key_is_not_held_for_ever(continuing: Rig) -> None:
    held = round(LONGEST_HELD_SECONDS / TICK_SECONDS)
    continuing.play(held, (10, 60, 90), (30, 64, 90), (40, 64, 0))
    assert [what for what, _ in continuing.stream.told] == ["pause"]
    continuing.play(held + 150)
    assert [what for what, _ in continuing.stream.told] == ["pause", "go on"]
    assert continuing.phrases == [[Note(12, 60, 28, 90), Note(30, 64, 10, 90)]]


def test_a_keyboard_that_sensed_and_is_silent_has_gone(continuing: Rig) -> None:
    continuing.play(10)
    for tick in range(10, 100, 15):
        continuing.responder.put(b"\xfe", tick * TICK_SECONDS)
        continuing.play(tick + 15, (tick, 60, 90) if tick == 10 else (tick, 59, 0))
    assert [what for what, _ in continuing.stream.told] == ["pause"]
    continuing.play(115 + 50 + BEAT)
    assert [what for what, _ in continuing.stream.told] == ["pause", "go on"]


MESSAGES = st.one_of(
    st.binary(max_size=4),
    st.sampled_from([*LOST, b"\xfe"]),
    st.builds(
        lambda status, pitch, velocity: bytes([status, pitch, velocity]),
        st.sampled_from([0x80, 0x90, 0x90, 0x93, 0xB0, 0xA0]),
        st.integers(58, 62) | st.integers(0, 127),
        st.integers(0, 127),
    ),
)


@settings(deadline=None)
@example(messages=[(b"\x90\x00\x01", 0), (b"\x80\x00\x00", 25), (b"\x90\x00\x01", 1)])
@example(messages=[(b"\x90\x00\x01", 25), (b"\x80\x00\x00", 1), (b"\x90\x01\x01", 1)])
@given(messages=st.lists(st.tuples(MESSAGES, st.integers(0, 60)), max_size=80))
def test_whatever_comes_in_we_pause_and_go_on_in_turn(messages: list[tuple[bytes, int]]) -> None:
    """And at last we go on, whatever note-offs are lost: from a beat that nothing has been taken beyond."""
    rig = Rig(CallAndResponse(mode="continue", bar_ticks=BAR, beat_ticks=BEAT))
    for message, wait in messages:
        rig.responder.put(message, rig.stream.now * TICK_SECONDS)
        rig.play(rig.stream.now + wait)
    rig.play(rig.stream.now + round(LONGEST_HELD_SECONDS / TICK_SECONDS) + 2 * BEAT + 2)
    told = [what for what, _ in rig.stream.told]
    assert told == ["pause", "go on"] * (len(told) // 2)
    pauses, places = [when for _, when in rig.stream.told[::2]], [place for _, place in rig.stream.told[1::2]]
    # A pause can come before the place that we would have gone on from: nothing of that has been taken.
    assert all(place >= when + BEAT for when, place in zip(pauses, places, strict=True))
    assert places == sorted(set(places))
    assert all(place % BEAT == 0 for place in places)
    assert [place for place, taken in zip(places, rig.stream.taken, strict=True) if place < taken] == []
    assert all(
        note.duration >= 1 and note.onset < place
        for phrase, place in zip(rig.phrases, places, strict=True)
        for note in phrase
    )


@settings(deadline=None)
@given(messages=st.lists(st.tuples(MESSAGES, st.integers(0, 60)), max_size=60), jumps=st.lists(st.integers(0, 900)))
def test_whatever_comes_in_we_go_on_at_last_though_the_song_jumps(
    messages: list[tuple[bytes, int]], jumps: list[int]
) -> None:
    rig = Rig(CallAndResponse(mode="continue", bar_ticks=BAR, beat_ticks=BEAT))
    for index, (message, wait) in enumerate(messages):
        rig.responder.put(message, rig.seconds)
        rig.play(rig.stream.now + wait)
        if index < len(jumps):
            rig.jump(jumps[index])
    rig.play(rig.stream.now + round(LONGEST_HELD_SECONDS / TICK_SECONDS) + 2 * BEAT + 2)
    assert [what for what, _ in rig.stream.told] == ["pause", "go on"] * (len(rig.stream.told) // 2)
