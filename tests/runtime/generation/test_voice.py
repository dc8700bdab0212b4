"""Events become a stream of notes: the known music, pieces one after another, and resumption from any place."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lstm_composer.runtime.errors import BundleError
from lstm_composer.runtime.generation.free_voice import MAX_EMPTY_EVENTS, make_advance
from lstm_composer.runtime.generation.voice import NoteWithState, note_stream
from lstm_composer.runtime.generation.voice_state import FreeState
from lstm_composer.runtime.graph.carried_state import State
from lstm_composer.runtime.graph.engine import Engine, Step
from lstm_composer.runtime.graph.inputs import FORBIDDEN, GraphInputs
from lstm_composer.runtime.music.event_encoding import DELTA_END, END, LADDER, PITCHES, SILENT, Event
from lstm_composer.runtime.music.notes import Meter, Note, without_overlaps

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
GREEDY = GraphInputs(style=(1.0,), temperature=(0.0,) * 4)
WARM = GraphInputs(style=(1.0,), min_p=0.02)
PIECE_NOTES = 37


def stream(engine: Engine, controls: GraphInputs, count: int, seed: int = 0) -> list[NoteWithState[FreeState]]:
    return list(islice(note_stream(make_advance(engine, controls, seed), FreeState(engine.start())), count))


def notes_of(placed: list[NoteWithState[FreeState]]) -> list[Note]:
    return [one.note for one in placed]


def known(index: int, first_bar_line: int = 0) -> Note:
    """Note of the scale in quarter notes, 4/4."""
    pitch = SCALE[index % len(SCALE)]
    return Note(first_bar_line + 24 * index, pitch, 48 if pitch == 72 else 24, 114 if index % 4 == 0 else 82)


class Scripted:
    """An engine that plays a script of events in each piece, over and over; keeps whether it might end."""

    card = SimpleNamespace(name="scripted")

    def __init__(self, script: Sequence[Event]) -> None:
        self._script = script
        self.may_end: list[bool] = []

    def start(self) -> State:
        silent = np.full((1, PITCHES), SILENT, np.int32)
        return State({"event": np.zeros((1, 4), np.int32), "count": np.zeros(1, np.int32), "remaining": silent})

    def step(self, state: State, controls: Mapping[str, NDArray[Any]], _noise: Mapping[str, NDArray[Any]]) -> Step:
        self.may_end.append(bool(controls["delta_bias"][0, DELTA_END] == 0.0))
        event = self._script[int(state.tensors["count"][0]) % len(self._script)]
        remaining = state.remaining.copy()
        if event.delta < len(LADDER):
            remaining -= LADDER[event.delta]
            remaining[0, event.pitch] = max(remaining[0, event.pitch], LADDER[event.duration])
        classes = np.array([[event.delta, event.pitch, event.duration, event.velocity]], np.int32)
        after = state.replaced(event=classes, count=state.tensors["count"] + 1, remaining=remaining)
        return Step(after, np.zeros((1, 4), np.float32))


def scripted(*events: Event) -> Engine:
    return cast("Engine", Scripted(events))


def test_the_known_music_piece_after_piece(tiny: Engine) -> None:
    notes = notes_of(stream(tiny, GREEDY, 2 * PIECE_NOTES + 3))
    next_bar_line = 10 * 96  # the first piece's last note starts in bar 10 and ends before bar 11
    assert notes[:PIECE_NOTES] == [known(index) for index in range(PIECE_NOTES)]
    assert notes[PIECE_NOTES : 2 * PIECE_NOTES] == [known(index, next_bar_line) for index in range(PIECE_NOTES)]
    assert notes[2 * PIECE_NOTES :] == [known(index, 2 * next_bar_line) for index in range(3)]


def test_each_note_comes_with_the_place_before_it(tiny: Engine) -> None:
    placed = stream(tiny, GREEDY, 40)
    assert [one.before.onset for one in placed[:4]] == [0, 0, 24, 48]
    assert {one.before.piece_start for one in placed} == {0, 960}
    # The end is an event as well: it takes a number of its own.
    assert [one.before.number for one in placed] == [*range(PIECE_NOTES), *range(PIECE_NOTES + 1, 41)]


@given(seed=st.integers(0, 2**63 - 1))
def test_a_seed_gives_the_same_music_again(tiny: Engine, seed: int) -> None:
    first, second = (notes_of(stream(tiny, WARM, 20, seed)) for _ in range(2))
    assert first == second


def test_seeds_differ(tiny: Engine) -> None:
    assert len({tuple(notes_of(stream(tiny, WARM, 20, seed))) for seed in range(10)}) == 10


def test_the_stream_goes_on_from_any_place_as_it_would_have(tiny: Engine) -> None:
    placed = stream(tiny, WARM, 60, seed=5)
    advance = make_advance(tiny, WARM, seed=5)
    for index, one in enumerate(placed):
        rest = islice(note_stream(advance, one.before), len(placed) - index)
        assert [other.note for other in rest] == notes_of(placed[index:])


@given(seed=st.integers(0, 1000), warmth=st.sampled_from([0.5, 1.0, 5.0]))
def test_notes_are_playable_whatever_is_sampled(tiny: Engine, seed: int, warmth: float) -> None:
    notes = notes_of(stream(tiny, GraphInputs(style=(1.0,), temperature=(warmth,) * 4), 60, seed))
    assert [note.onset for note in notes] == sorted(note.onset for note in notes)
    assert all(note.duration >= 1 and 0 <= note.pitch <= 127 and 1 <= note.velocity <= 127 for note in notes)
    assert without_overlaps(notes) == sorted(notes)


@pytest.mark.parametrize(("bars", "first_allowed"), [(0, 0), (1, 5), (8, 33), (9, 37)])
def test_a_piece_cannot_end_before_its_shortest(bars: int, first_allowed: int) -> None:
    engine = Scripted([Event(0, 60, 12, 20), *[Event(24, 60, 12, 20)] * 40])
    advance = make_advance(cast("Engine", engine), GraphInputs(style=(1.0,), shortest_piece_bars=bars), 0)
    list(islice(note_stream(advance, FreeState(engine.start())), 40))
    assert engine.may_end == [False] * first_allowed + [True] * (40 - first_allowed)


@pytest.mark.parametrize(
    ("last", "meter", "bar_line"),
    [
        (Event(24, 60, LADDER.index(24), 20), Meter(4, 4), 96),
        (Event(24, 60, LADDER.index(72), 20), Meter(4, 4), 96),
        (Event(24, 60, LADDER.index(78), 20), Meter(4, 4), 192),
        (Event(24, 60, LADDER.index(60), 20), Meter(3, 4), 144),
        (Event(24, 60, LADDER.index(384), 20), Meter(4, 4), 480),
    ],
)
def test_the_next_piece_begins_on_the_first_bar_line_where_nothing_sounds(
    last: Event, meter: Meter, bar_line: int
) -> None:
    engine = scripted(Event(0, 72, LADDER.index(24), 20), last, END)
    controls = GraphInputs(style=(1.0,), meter=meter, shortest_piece_bars=0)
    assert stream(engine, controls, 3)[2].note == Note(bar_line, 72, 24, 82)


def test_an_earlier_note_that_rings_on_holds_the_next_piece_back() -> None:
    engine = scripted(Event(0, 40, LADDER.index(192), 20), Event(24, 60, LADDER.index(12), 20), END)
    placed = stream(engine, GraphInputs(style=(1.0,), shortest_piece_bars=0), 3)
    assert placed[2].note.onset == 192


def test_a_pitch_that_is_struck_while_it_sounds_is_left_out() -> None:
    quarter, half = LADDER.index(24), LADDER.index(48)
    engine = scripted(
        Event(0, 60, half, 20), Event(quarter, 60, half, 20), Event(0, 64, quarter, 20), Event(half, 60, quarter, 20)
    )
    assert notes_of(stream(engine, WARM, 3)) == [Note(0, 60, 48, 82), Note(24, 64, 24, 82), Note(72, 60, 24, 82)]


def test_a_pitch_is_struck_again_at_the_very_end_of_its_note() -> None:
    quarter = LADDER.index(24)
    assert [note.onset for note in notes_of(stream(scripted(Event(quarter, 60, quarter, 20)), WARM, 3))] == [24, 48, 72]


def test_a_note_of_no_length_is_left_out() -> None:
    engine = scripted(Event(0, 60, 0, 20), Event(0, 64, 12, 20), Event(12, 65, 12, 20))
    assert notes_of(stream(engine, WARM, 2)) == [Note(0, 64, 12, 82), Note(12, 65, 12, 82)]


def test_a_piece_goes_on_as_long_as_notes_come_now_and_then() -> None:
    quarter = LADDER.index(24)
    struck_twice = (Event(quarter, 60, quarter, 20), Event(0, 60, quarter, 20))
    placed = stream(scripted(*struck_twice), WARM, 2 * MAX_EMPTY_EVENTS)
    assert {one.before.piece_start for one in placed} == {0}
    assert [one.note.onset for one in placed] == [24 * index for index in range(1, 2 * MAX_EMPTY_EVENTS + 1)]


def test_a_network_that_strikes_one_sounding_pitch_for_ever_begins_anew(tiny: Engine) -> None:
    bias = tuple(0.0 if pitch == 72 else FORBIDDEN for pitch in range(PITCHES))  # 72 lasts twice as long as its delta
    controls = replace(GREEDY, pitch_bias=bias, shortest_piece_bars=1_000_000)
    notes = notes_of(stream(tiny, controls, 4))
    first_bar_line = -(-MAX_EMPTY_EVENTS * 24 // 96) * 96
    assert notes == [Note(index * first_bar_line, 72, 48, 114) for index in range(4)]


def test_a_network_that_stays_on_one_chord_for_ever_begins_anew() -> None:
    notes = notes_of(stream(scripted(Event(0, 60, 12, 20)), WARM, 3))
    assert notes == [Note(0, 60, 12, 82), Note(96, 60, 12, 82), Note(192, 60, 12, 82)]


def test_a_network_that_makes_no_note_is_refused() -> None:
    with pytest.raises(BundleError, match=f"bundle scripted made {MAX_EMPTY_EVENTS} events and no note"):
        stream(scripted(Event(0, 60, 0, 20)), WARM, 1)
