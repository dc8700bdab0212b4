"""The event encoding: an exact inverse on its grid, the nearest grid value elsewhere."""

import json
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.music.event_encoding import (
    DELTA_CLASSES,
    DELTA_END,
    DURATION_CLASSES,
    END,
    LADDER,
    METER_CLASSES,
    METER_OTHER,
    METERS,
    PITCHES,
    START,
    VELOCITY_BINS,
    Event,
    decode,
    duration_class,
    encode,
    floor_class,
    ladder_class,
    meter_class,
    quantise,
    velocity_class,
    velocity_of,
    vocabulary,
)
from lstm_composer.runtime.music.notes import Meter, Note, without_overlaps

LONGEST = LADDER[-1]
NOTES = st.lists(
    st.builds(
        Note,
        st.one_of(st.integers(0, 60), st.integers(0, 5000)),
        st.one_of(st.integers(60, 62), st.integers(0, 127)),
        st.one_of(st.integers(1, 30), st.integers(1, 1000)),
        st.integers(1, 127),
    ),
    max_size=30,
)
EVENTS = st.lists(
    st.builds(
        Event,
        st.one_of(st.sampled_from([0, 1, 6, 12]), st.integers(0, DELTA_END - 1)),
        st.one_of(st.integers(60, 66), st.integers(0, PITCHES - 1)),
        st.integers(1, DURATION_CLASSES - 1),
        st.integers(0, VELOCITY_BINS - 1),
    ),
    max_size=30,
)


def playable(events: list[Event]) -> list[Event]:
    """Leave out what no keyboard can play: a pitch that sounds already, and a chord that is not written upward."""
    kept: list[Event] = []
    ends: dict[int, int] = {}
    onset = 0
    for event in events:
        start = onset + LADDER[event.delta]
        upward = event.delta != 0 or not kept or event.pitch > kept[-1].pitch
        if upward and ends.get(event.pitch, 0) <= start:
            kept.append(event)
            onset, ends[event.pitch] = start, start + LADDER[event.duration]
    return kept


def test_the_ladder() -> None:
    assert list(LADDER) == sorted(set(LADDER))
    assert (LADDER[0], LADDER[48], LADDER[49], LONGEST, len(LADDER)) == (0, 48, 50, 384, 105)
    assert {12, 16, 18, 24, 36, 48, 72, 96, 144, 192, 288, 384} <= set(LADDER)


def nearest(ticks: int) -> int:
    return min(range(len(LADDER)), key=lambda index: (abs(LADDER[index] - ticks), index))


def test_the_class_of_a_length_is_that_of_the_nearest_value_and_the_smaller_of_two() -> None:
    assert [ladder_class(ticks) for ticks in range(420)] == [nearest(ticks) for ticks in range(420)]


def test_the_floor_class_is_the_last_that_is_not_longer() -> None:
    expected = [max(index for index, value in enumerate(LADDER) if value <= ticks) for ticks in range(420)]
    assert [floor_class(ticks) for ticks in range(420)] == expected


@pytest.mark.parametrize(("ticks", "length"), [(0, 1), (1, 1), (24, 24), (49, 48), (51, 50), (10_000, 384)])
def test_a_duration_is_never_nothing(ticks: int, length: int) -> None:
    assert LADDER[duration_class(ticks)] == length


def test_a_velocity_comes_back_within_half_a_bin() -> None:
    assert max(abs(velocity_of(velocity_class(velocity)) - velocity) for velocity in range(1, 128)) == 2
    assert {velocity_class(velocity) for velocity in range(1, 128)} == set(range(VELOCITY_BINS))


def test_every_bin_is_a_midi_velocity_and_comes_back() -> None:
    assert [velocity_class(velocity_of(index)) for index in range(VELOCITY_BINS)] == list(range(VELOCITY_BINS))
    assert (velocity_of(0), velocity_of(31)) == (2, 126)


@pytest.mark.parametrize(
    ("meter", "expected"), [(Meter(2, 4), 0), (Meter(4, 4), 2), (Meter(12, 16), 17), (Meter(11, 8), METER_OTHER)]
)
def test_meter_classes(meter: Meter, expected: int) -> None:
    assert meter_class(meter) == expected


def test_known_meters_are_spelt_as_meters_are() -> None:
    assert [str(Meter.parse(name)) for name in METERS] == list(METERS)
    assert len(METERS) + 1 == METER_CLASSES


def test_start_and_end_stand_outside_the_classes_of_notes() -> None:
    start, end = astuple(START), astuple(END)
    assert start == (DELTA_CLASSES, PITCHES, DURATION_CLASSES, VELOCITY_BINS)
    assert end == (DELTA_END, PITCHES, DURATION_CLASSES, VELOCITY_BINS)
    assert start == (106, 128, 105, 32)
    assert end == (105, 128, 105, 32)


def test_decoding_stops_at_the_end() -> None:
    events = [Event(0, 60, 24, 20), Event(24, 62, 12, 20), END, Event(24, 64, 12, 20)]
    assert decode(events) == [Note(0, 60, 24, 82), Note(24, 62, 12, 82)]


def test_a_chord_and_its_successor() -> None:
    notes = [Note(96, 60, 24, 82), Note(96, 64, 48, 82), Note(108, 72, 12, 126)]
    events = [Event(96 - 72 + 48, 60, 24, 20), Event(0, 64, 48, 20), Event(12, 72, 12, 31)]
    assert LADDER[events[0].delta] == 96
    assert encode(notes) == events
    assert decode(events) == notes


@given(NOTES)
def test_decoding_what_was_encoded_gives_the_notes_on_the_grid(notes: list[Note]) -> None:
    assert decode(encode(notes)) == quantise(notes)


@given(EVENTS)
def test_encoding_is_exact_on_the_grid(events: list[Event]) -> None:
    written = playable(events)
    notes = decode(written)
    assert quantise(notes) == notes
    assert encode(notes) == written


@given(NOTES)
def test_quantising_twice_changes_nothing(notes: list[Note]) -> None:
    once = quantise(notes)
    assert quantise(once) == once


@given(NOTES)
def test_quantised_notes_never_overlap_themselves(notes: list[Note]) -> None:
    once = quantise(notes)
    assert without_overlaps(once) == once


@given(st.lists(st.tuples(st.integers(0, LONGEST - 6), st.integers(0, 127)), max_size=40))
def test_roundings_do_not_add_up(steps: list[tuple[int, int]]) -> None:
    notes, onset = [], 0
    for delta, pitch in steps:
        onset += delta
        notes.append(Note(onset, pitch, 1, 64))
    onsets = {note.onset for note in notes}
    placed = {note.onset for note in quantise(notes)}
    assert all(min(abs(tick - other) for other in placed) <= 6 for tick in onsets)


def test_a_rest_beyond_the_ladder_becomes_its_longest_and_the_music_behind_it_moves_up() -> None:
    notes = [Note(0, 60, 24, 82), Note(1000, 62, 24, 82), Note(1024, 64, 24, 82)]
    assert quantise(notes) == [Note(0, 60, 24, 82), Note(LONGEST, 62, 24, 82), Note(LONGEST + 24, 64, 24, 82)]


@given(NOTES, st.integers(0, 500))
def test_a_piece_may_start_anywhere(notes: list[Note], start: int) -> None:
    moved = [Note(note.onset + start, note.pitch, note.duration, note.velocity) for note in notes]
    assert encode(moved, start) == encode(notes)
    assert decode(encode(moved, start), start) == quantise(moved, start)


def test_a_note_before_the_start_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="starts at tick 12, before the start of the piece at 24"):
        encode([Note(12, 60, 24, 82)], 24)


def test_the_vocabulary_can_be_written_down() -> None:
    assert json.loads(json.dumps(vocabulary())) == vocabulary()
