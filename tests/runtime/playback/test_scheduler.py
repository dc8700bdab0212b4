"""The scheduler: exact messages for small scores, and what holds after any sequence of calls."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.music.notes import Note, without_overlaps
from lstm_composer.runtime.playback.scheduler import RELEASE_VELOCITY, Scheduler

ON, OFF, CONTROL = Kind.NOTE_ON, Kind.NOTE_OFF, Kind.CONTROL
FAR = 10_000


def on(tick: int, pitch: int, velocity: int = 64, channel: int = 1) -> Message:
    return Message(tick, ON, channel, pitch, velocity)


def off(tick: int, pitch: int, channel: int = 1) -> Message:
    return Message(tick, OFF, channel, pitch, RELEASE_VELOCITY)


def loaded(*notes: Note) -> Scheduler:
    scheduler = Scheduler()
    scheduler.add(notes, 1)
    return scheduler


@pytest.mark.parametrize(
    ("notes", "messages"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([Note(0, 60, 24, 64)], [on(0, 60), off(24, 60)], id="one note"),
        pytest.param(
            [Note(0, 64, 6, 64), Note(0, 60, 12, 64)],
            [on(0, 60), on(0, 64), off(6, 64), off(12, 60)],
            id="a chord goes from low to high",
        ),
        pytest.param(
            [Note(0, 60, 6, 64), Note(6, 60, 6, 64), Note(6, 48, 6, 64)],
            [on(0, 60), off(6, 60), on(6, 48), on(6, 60), off(12, 48), off(12, 60)],
            id="ends come before starts",
        ),
        pytest.param(
            [Note(0, 60, 24, 64), Note(6, 60, 6, 80)],
            [on(0, 60), off(6, 60), on(6, 60, 80), off(12, 60)],
            id="a repeated pitch ends the earlier note, whose own end is gone",
        ),
        pytest.param(
            [Note(0, 60, 6, 90), Note(0, 60, 24, 30)],
            [on(0, 60, 30), off(24, 60)],
            id="of two that start together the longer plays",
        ),
        pytest.param(
            [Note(0, 60, 24, 30), Note(0, 60, 24, 90)],
            [on(0, 60, 90), off(24, 60)],
            id="of two that are equally long the louder plays",
        ),
    ],
)
def test_messages_of_a_score(notes: list[Note], messages: list[Message]) -> None:
    assert loaded(*notes).due(FAR) == messages
    assert loaded(*reversed(notes)).due(FAR) == messages


def test_messages_come_when_they_are_due() -> None:
    scheduler = loaded(Note(0, 60, 24, 64), Note(12, 62, 24, 64))
    assert scheduler.next_tick() == 0
    assert scheduler.due(11) == [on(0, 60)]
    assert scheduler.next_tick() == 12
    assert scheduler.due(11) == []
    assert scheduler.due(24) == [on(12, 62), off(24, 60)]
    assert scheduler.sounding == {(1, 62)}
    assert scheduler.next_tick() == 36


def test_one_pitch_on_two_channels_is_two_sounds() -> None:
    scheduler = loaded(Note(0, 60, 24, 64))
    scheduler.add([Note(6, 60, 24, 64)], 2)
    assert scheduler.due(FAR) == [on(0, 60), on(6, 60, channel=2), off(24, 60), off(30, 60, channel=2)]


def test_a_late_note_starts_at_the_first_open_position() -> None:
    scheduler = loaded(Note(24, 60, 24, 64))
    scheduler.due(24)
    scheduler.add([Note(12, 62, 24, 64), Note(0, 65, 24, 64)], 1)
    assert scheduler.due(FAR) == [on(25, 62), off(36, 62), off(48, 60)]


def test_silence_ends_what_sounds_and_drops_what_waits() -> None:
    scheduler = loaded(Note(0, 60, 24, 64), Note(0, 55, 96, 64), Note(48, 62, 24, 64))
    scheduler.add([Note(0, 40, 96, 64)], 10)
    scheduler.due(30)
    assert scheduler.silence(31) == [
        off(31, 55),
        off(31, 40, channel=10),
        Message(31, CONTROL, 1, 64, 0),
        Message(31, CONTROL, 10, 64, 0),
        Message(31, CONTROL, 1, 123, 0),
        Message(31, CONTROL, 10, 123, 0),
    ]
    assert scheduler.next_tick() is None
    assert scheduler.due(FAR) == []
    assert scheduler.silence(32) == []


def test_silence_of_a_channel_that_played_nothing_is_empty() -> None:
    assert loaded(Note(10, 60, 24, 64)).silence(5) == []


def test_silence_leaves_a_note_that_just_started_a_length() -> None:
    scheduler = loaded(Note(24, 60, 24, 64))
    scheduler.due(24)
    assert scheduler.silence(24)[0] == off(25, 60)


def test_what_is_taken_back_has_not_happened() -> None:
    scheduler = loaded(Note(0, 60, 24, 64), Note(12, 62, 24, 64), Note(24, 60, 24, 64))
    given_out = scheduler.due(24)
    assert given_out == [on(0, 60), on(12, 62), off(24, 60), on(24, 60)]
    scheduler.take_back(given_out[1:])
    assert scheduler.sounding == {(1, 60)}
    assert scheduler.silence(13)[0] == off(13, 60)


PITCHES = st.integers(60, 63)
NOTES = st.builds(Note, st.integers(0, 40), PITCHES, st.integers(1, 30), st.integers(1, 127))
ADD = st.tuples(st.just("add"), st.tuples(st.lists(NOTES, max_size=6), st.integers(1, 2)))
DUE = st.tuples(st.just("due"), st.integers(0, 80))
SILENCE = st.tuples(st.just("silence"), st.integers(0, 80))


def sounding_after(messages: Iterable[Message]) -> set[tuple[int, int]]:
    """What sounds after messages, checking that every start has exactly one end."""
    sounding: set[tuple[int, int]] = set()
    for message in messages:
        key = (message.channel, message.number)
        if message.kind is ON:
            assert key not in sounding
            sounding.add(key)
        elif message.kind is OFF:
            sounding.remove(key)
    return sounding


def in_order(messages: list[Message]) -> bool:
    keys = [(message.tick, message.kind) for message in messages]
    return all(one <= other for one, other in itertools.pairwise(keys))


@given(st.lists(NOTES, max_size=40), st.lists(st.integers(0, 80), max_size=5))
def test_a_score_plays_as_its_notes_without_overlaps(notes: list[Note], stops: list[int]) -> None:
    scheduler = loaded(*notes)
    played = [message for tick in [*sorted(stops), FAR] for message in scheduler.due(tick)]
    expected = [
        message
        for note in without_overlaps(notes)
        for message in (on(note.onset, note.pitch, note.velocity), off(note.end, note.pitch))
    ]
    assert played == sorted(expected)


@given(st.lists(st.one_of(ADD, DUE, SILENCE), max_size=30))
def test_nothing_is_left_sounding_after_any_sequence(commands: list[tuple[str, object]]) -> None:
    scheduler = Scheduler()
    sent: list[Message] = []
    for command, argument in commands:
        match command, argument:
            case "add", (list(notes), int(channel)):
                scheduler.add(notes, channel)
            case "due", int(tick):
                sent += scheduler.due(tick)
            case "silence", int(tick):
                sent += scheduler.silence(tick)
                assert sounding_after(sent) == set()
        assert in_order(sent)
        assert sounding_after(sent) == scheduler.sounding
    sent += scheduler.silence(80)
    assert in_order(sent)
    assert sounding_after(sent) == set()
    assert scheduler.sounding == set()
    assert scheduler.next_tick() is None


@given(st.lists(NOTES, max_size=20), st.integers(0, 80), st.data())
def test_what_never_left_is_not_ended_and_what_did_is(notes: list[Note], tick: int, data: st.DataObject) -> None:
    scheduler = loaded(*notes)
    given_out = scheduler.due(tick)
    left = data.draw(st.integers(0, len(given_out)))
    scheduler.take_back(given_out[left:])
    sent = given_out[:left] + scheduler.silence(0)
    assert in_order(sent)
    assert sounding_after(sent) == set()


def test_what_waits_and_when_what_sounds_ends_can_be_looked_at() -> None:
    scheduler = loaded(Note(0, 60, 24, 80), Note(12, 64, 24, 80))
    scheduler.due(0)
    assert (scheduler.waiting, scheduler.ends) == ([Note(12, 64, 24, 80)], {(1, 60): 24})


@given(st.lists(NOTES, max_size=20), st.integers(0, 80), st.data())
def test_what_is_taken_back_comes_again_as_it_was(notes: list[Note], tick: int, data: st.DataObject) -> None:
    straight = loaded(*notes).due(FAR)
    scheduler = loaded(*notes)
    given_out = scheduler.due(tick)
    left = data.draw(st.integers(0, len(given_out)))
    scheduler.take_back(given_out[left:])
    assert given_out[:left] + scheduler.due(FAR) == straight


@given(st.lists(NOTES, max_size=20), st.integers(0, 80))
def test_what_is_hushed_has_ended_and_the_rest_is_played(notes: list[Note], tick: int) -> None:
    straight = loaded(*notes).due(FAR)
    scheduler = loaded(*notes)
    before = scheduler.due(tick)
    hushed = scheduler.hush(tick + 1, scheduler.sounding, {1})
    assert sounding_after([*before, *hushed]) == set() == scheduler.sounding
    sent = [*before, *hushed, *scheduler.due(FAR)]
    assert sounding_after(sent) == set()
    assert [one for one in sent if one.kind is ON] == [one for one in straight if one.kind is ON]
