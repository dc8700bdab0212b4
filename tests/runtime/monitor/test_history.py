"""What has been sent, as notes and classes of lateness."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, Kind, Message, Sent
from lstm_composer.runtime.monitor.history import LIMITS_MS, History
from lstm_composer.runtime.monitor.snapshot import RollNote


def sent(kind: Kind, tick: int, number: int, value: int = 80, late_ms: float = 0.0) -> Sent:
    return Sent(Message(tick, kind, 1, number, value), 0.0, late_ms / 1000)


def heard(*messages: Sent) -> History:
    history = History()
    for message in messages:
        history.append(message)
    assert history.notes == 0  # nothing is looked at on the dispatcher's thread
    history.collect()
    return history


def test_a_note_is_open_until_it_ends() -> None:
    on, off = sent(Kind.NOTE_ON, 24, 60), sent(Kind.NOTE_OFF, 48, 60)
    assert (heard(on).open, heard(on).past) == ({(1, 60): (24, 80)}, [])
    assert (heard(on, off).open, heard(on, off).past) == ({}, [RollNote(24, 60, 24, 80, 1)])


def test_all_notes_off_ends_what_is_open() -> None:
    history = heard(sent(Kind.NOTE_ON, 0, 60), sent(Kind.NOTE_ON, 0, 64), sent(Kind.CONTROL, 12, ALL_NOTES_OFF))
    assert history.open == {}
    assert [(note.pitch, note.duration) for note in history.past] == [(60, 12), (64, 12)]


def test_an_end_without_a_start_is_nothing() -> None:
    assert heard(sent(Kind.NOTE_OFF, 48, 60)).past == []


def test_what_is_long_past_or_of_a_place_that_was_left_is_forgotten() -> None:
    ends = [(0, 24), (24, 48), (96, 120)]
    history = heard(*(one for on, off in ends for one in (sent(Kind.NOTE_ON, on, 60), sent(Kind.NOTE_OFF, off, 60))))
    history.keep_between(24, 95)
    assert [note.onset for note in history.past] == [24]


@pytest.mark.parametrize(("late_ms", "which"), [(0.0, 0), (0.1, 0), (0.11, 1), (1.0, 2), (9.9, 5), (10.1, 6), (999, 6)])
def test_classes_of_lateness(late_ms: float, which: int) -> None:
    lateness = heard(sent(Kind.NOTE_ON, 0, 60, late_ms=late_ms)).lateness(0.5)
    assert [index for index, count in enumerate(lateness.counts) if count] == [which]
    assert (lateness.limits_ms, lateness.worst_ms) == (LIMITS_MS, 500.0)


@given(st.lists(st.tuples(st.sampled_from(Kind), st.integers(0, 500), st.integers(0, 127))))
def test_every_start_is_counted_once_and_is_open_or_past(events: list[tuple[Kind, int, int]]) -> None:
    history = heard(*(sent(*event) for event in sorted(events, key=lambda event: event[1])))
    starts = sum(kind is Kind.NOTE_ON for kind, _, _ in events)
    assert history.notes == sum(history.lateness(0.0).counts) == starts
    assert len(history.open) + len(history.past) <= starts
    assert all(note.duration >= 1 for note in history.past)
