"""Transposition as notes are played: within MIDI's range, and each note ends on the pitch that it began with."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.midi.messages import Kind
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.table import COMMANDS
from lstm_composer.runtime.playback.expression import apply_expression
from lstm_composer.runtime.playback.scheduler import Scheduler

FOUR = Meter(4, 4)
PARAMETERS = Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.0)
SEMITONES = st.integers(int(COMMANDS["transpose"].low), int(COMMANDS["transpose"].high))
NOTES = st.builds(
    Note, st.integers(0, 96), st.integers(0, 127), st.integers(1, 48), st.integers(1, 127), st.integers(0, 1)
)
MUSIC = st.lists(NOTES, max_size=12).map(lambda notes: list({(one.voice, one.pitch): one for one in notes}.values()))
"""Of each voice, each pitch once: no note overlaps another of its pitch."""


def played(notes: list[Note], semitones: int) -> list[Note]:
    return apply_expression(notes, replace(PARAMETERS, transpose=semitones, humanise=0.5), FOUR)


def test_all_notes_are_shifted_and_nothing_else_changes() -> None:
    notes = [Note(0, 60, 24, 80), Note(0, 64, 24, 70), Note(24, 60, 24, 90, voice=1)]
    lower = [replace(note, pitch=note.pitch - 3) for note in played(notes, 0)]
    assert played(notes, -3) == lower


def test_what_would_leave_the_range_comes_back_by_octaves() -> None:
    high = [Note(0, 127, 24, 80), Note(24, 104, 24, 80), Note(48, 103, 24, 80)]
    assert [note.pitch for note in played(high, 24)] == [127, 116, 127]
    low = [Note(0, 0, 24, 80), Note(24, 12, 24, 80), Note(48, 13, 24, 80)]
    assert [note.pitch for note in played(low, -13)] == [11, 11, 0]


def test_of_two_that_meet_on_a_pitch_the_later_ends_the_earlier() -> None:
    assert [
        (note.onset, note.pitch, note.end) for note in played([Note(0, 98, 48, 80), Note(24, 110, 48, 80)], 24)
    ] == [
        (0, 122, 24),
        (24, 122, 72),
    ]


@given(music=MUSIC, semitones=SEMITONES)
def test_whatever_is_shifted_can_be_written(music: list[Note], semitones: int) -> None:
    shifted = played(music, semitones)
    assert shifted == sorted(shifted) or semitones == 0
    assert all(0 <= note.pitch <= 127 for note in shifted)
    last_end: dict[tuple[int, int], int] = {}
    for note in shifted if semitones else []:
        assert note.onset >= last_end.get((note.voice, note.pitch), 0)
        last_end[note.voice, note.pitch] = note.end
    classes = {(note.onset, (note.pitch + semitones) % 12, note.voice) for note in music}
    assert {(note.onset, note.pitch % 12, note.voice) for note in shifted} <= classes


@given(parts=st.lists(st.tuples(MUSIC, SEMITONES), min_size=1, max_size=6))
def test_what_sounds_ends_on_the_pitch_it_began_with(parts: list[tuple[list[Note], int]]) -> None:
    scheduler, sounding = Scheduler(), set()
    for number, (notes, semitones) in enumerate(parts):
        begin = 48 * number
        scheduler.add(played([replace(note, onset=note.onset + begin) for note in notes], semitones), channel=1)
        for message in scheduler.due(begin + 47 if number + 1 < len(parts) else 10_000):
            if message.kind is Kind.NOTE_ON:
                assert message.number not in sounding
                sounding.add(message.number)
            else:
                sounding.remove(message.number)
    assert not sounding
