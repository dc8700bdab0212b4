"""A song of a network that remembers: gone about in, held, rested in, fed; and what its places take in memory."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lstm_composer.runtime.generation.ensemble import Ensemble, Plan
from lstm_composer.runtime.generation.free_voice import FreeVoice, make_advance
from lstm_composer.runtime.generation.priming import primed_state
from lstm_composer.runtime.generation.voice_state import FreeState
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.session.call_and_response import CallAndResponse
from tests.runtime.free_music import free_of, section_of
from tests.support.tiny_memory import EVENTS

BAR = 96
Make = Callable[..., Any]
WARM = GraphInputs(style=(1.0,), min_p=0.02, shortest_piece_bars=1000, has_memory=True)
KINDS = pytest.mark.parametrize(
    ("voices", "form", "turns"),
    [(1, None, []), (3, None, []), (1, "AABA", []), (1, "AABA", ["variation 0.3"]), (2, "AB", ["variation 0.3"])],
)


@pytest.fixture
def knobs() -> Parameters:
    return Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.02)


def memory_of(cursor: FreeState) -> np.ndarray[Any, Any]:
    return cursor.network.tensors["memory"]


def clock_of(cursor: FreeState) -> list[int]:
    """Ticks and bars since the piece's first bar line; before its first note none."""
    ticks, bars, _ = cursor.network.tensors["clock"][0].tolist()
    return [max(0, ticks), bars]


def taken(stage: Any, first: int, last: int) -> list[Note]:
    """Go to a position and take the notes from there to another."""
    stage.stream.locate(first)
    notes: list[Note] = []
    while stage.stream.taken_before() < last:
        stage.fill()
        notes += stage.stream.take_before(min(stage.stream.taken_before() + 24, last))
    return sorted(notes)


@KINDS
def test_a_bar_is_the_same_bar_whenever_it_is_gone_to(
    remembering: Engine, stage: Make, voices: int, form: str | None, turns: list[str]
) -> None:
    played = stage(remembering, voices=voices, plan=Plan(form=form, section_bars=2), turns=turns)
    whole = taken(played, 0, 12 * BAR)
    for first, last in ((0, 3), (5, 8), (5, 8), (2, 12), (11, 12)):
        again = taken(played, first * BAR, last * BAR)
        assert again == [note for note in whole if first * BAR <= note.onset < last * BAR]


def test_what_is_played_on_after_going_back_is_what_comes_anyway(remembering: Engine, stage: Make) -> None:
    """What is beyond the bars that were played is made from the memory that is kept before them."""
    straight, back = stage(remembering), stage(remembering)
    whole = taken(straight, 0, 12 * BAR)
    taken(back, 0, 6 * BAR)
    assert taken(back, 2 * BAR, 12 * BAR) == [note for note in whole if note.onset >= 2 * BAR]


@pytest.mark.parametrize("voices", [1, 2])
def test_new_music_and_far_positions_remember_nothing(remembering: Engine, voices: int) -> None:
    ensemble = Ensemble(remembering, [WARM] * voices)
    advance = ensemble.advance(Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.02), 1)
    place = ensemble.start()
    while place.onset < 6 * BAR:
        _, place = advance(place)
    for begun in (ensemble.piece_at(8 * BAR), ensemble.anew(ensemble.start(), place, 500 * BAR)):
        for cursor in [voice.free for voice in begun.voices]:
            assert clock_of(cursor) == [0, 0]
            np.testing.assert_array_equal(memory_of(cursor), remembering.start().tensors["memory"])


def played_until(advance: Any, place: FreeState, tick: int) -> FreeState:
    while place.onset < tick:
        _, place = advance(place)
    return place


@pytest.mark.parametrize("bars", [0, 1, 2, 7, 100_000_000])
def test_whole_bars_of_rest_pass_on_the_clock(remembering: Engine, bars: int) -> None:
    voice = FreeVoice(remembering, WARM, 1)
    advance = make_advance(remembering, WARM, 1)
    place = played_until(advance, FreeState(remembering.start()), 3 * BAR)
    tick = place.onset + bars * BAR + 5
    rested = voice.rest_until(place, tick)
    after = rested
    while after.onset < tick:
        _, after = advance(after)
    ticks, passed = clock_of(after)
    if bars < 1000:
        assert ticks == after.onset >= tick
        assert passed == after.onset // BAR
    else:  # as late as 32-bit floats can count on from for days
        assert ticks == (1 << 23) + after.onset - rested.onset
    np.testing.assert_array_equal(memory_of(rested), memory_of(place))
    assert rested.network.position.tolist() == place.network.position.tolist()


def test_a_clock_never_goes_back_and_starts_with_the_piece(remembering: Engine) -> None:
    start = remembering.start()
    assert start.rested(10 * BAR, 10) is start
    begun = played_until(make_advance(remembering, WARM, 1), FreeState(start), 3 * BAR).network
    for bars in (0, -1, -20):
        assert begun.rested(bars * BAR, bars) is begun
    later = begun.rested(2 * BAR, 2).tensors["clock"] - begun.tensors["clock"]
    assert later.tolist() == [[2 * BAR, 2, 0]]
    assert later.dtype == begun.tensors["clock"].dtype


def test_a_network_without_a_clock_is_told_of_no_rest(tiny: Engine) -> None:
    state = tiny.start()
    assert state.rested(10 * BAR, 10) is state


def test_notes_that_are_given_are_remembered_as_its_own(remembering: Engine) -> None:
    likeliest = replace(WARM, min_p=1.0)  # so that no event makes no note: it is remembered, and could not be given
    advance, cursor = make_advance(remembering, likeliest, 3), FreeState(remembering.start())
    notes: list[Note] = []
    for _ in range(2 * EVENTS):
        note, cursor = advance(cursor)
        assert note is not None
        notes.append(note)
    given = primed_state(remembering, FreeVoice(remembering, WARM, 3), notes, FreeState(remembering.start()))
    for name, tensor in cursor.network.tensors.items():
        np.testing.assert_allclose(given.network.tensors[name], tensor, err_msg=name)


def test_of_a_long_primer_the_latest_notes_are_remembered(remembering: Engine) -> None:
    phrase = [Note(12 * index, 40 + index % 50, 12, 80) for index in range(600)]
    place = Ensemble(remembering, [WARM]).after(phrase, 12 * 600)
    pitches = memory_of(free_of(place))[0, 1].tolist()
    # The newest of all is still to be put in: it goes in with the event before the next.
    assert pitches == [note.pitch for note in reversed(phrase[-EVENTS - 1 : -1])]
    first = phrase[-512].onset // BAR * BAR
    assert clock_of(free_of(place))[0] == phrase[-1].onset - first


def test_what_the_player_plays_is_remembered(remembering: Engine, stage: Make) -> None:
    """The known network's echo: of a phrase that was heard, the fourth note before comes again, if that is wished."""
    exchange = CallAndResponse(mode="answer", bar_ticks=BAR, beat_ticks=24, turn_bars=1)
    played = stage(remembering, bars=2, listen=exchange, turns=["returns 1", "min-p 1", "key C chromatic"])
    phrase = [62, 58, 60, 57]
    for index, pitch in enumerate(phrase):
        played.hear(24 * index, pitch, 20)
    notes = played.play()
    assert [note.pitch for note in notes if note.onset >= BAR][:4] == phrase


def test_held_bars_let_go_leave_the_memory_as_it_was(remembering: Engine) -> None:
    ensemble = Ensemble(remembering, [WARM])
    knobs = Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.02, variation=0.3)
    advance, place, notes = ensemble.advance(knobs, 1), ensemble.start(), []
    while place.onset < 4 * BAR:
        before = place
        note, place = advance(place)
        notes += [] if note is None or note.onset >= 4 * BAR else [note]
    held = ensemble.hold(before, [note for note in notes if note.onset >= 2 * BAR], 2 * BAR, 4 * BAR)
    holding = ensemble.advance(replace(knobs, hold=2), 1)
    while held.onset < 9 * BAR:
        _, held = holding(held)
    assert clock_of(free_of(held))[1] >= 8  # in a repetition that is varied, time goes on
    let_go = ensemble.let_go(held, 10 * BAR)
    np.testing.assert_array_equal(memory_of(free_of(let_go)), memory_of(free_of(before)))
    assert clock_of(free_of(let_go)) == clock_of(free_of(before))


@pytest.mark.parametrize("variation", [0.0, 0.3])
@pytest.mark.parametrize("form", ["ABAC", "AAB"])
def test_sections_that_come_again_are_remembered_as_well(remembering: Engine, form: str, variation: float) -> None:
    """Where a new section begins, the memory holds the latest notes that were heard, in the order of time."""
    ensemble = Ensemble(remembering, [replace(WARM, min_p=0.9)], Plan(form=form, section_bars=2))
    knobs = Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.9, variation=variation)
    advance, place, heard = ensemble.advance(knobs, 4), ensemble.start(), []
    while section_of(place) < len(form) - 1:
        note, place = advance(place)
        heard += [] if note is None else [note]
    assert clock_of(free_of(place))[0] == free_of(place).onset
    newest = [note.pitch for note in reversed(heard)][1:EVENTS]
    assert memory_of(free_of(place))[0, 1].tolist()[: len(newest)] == newest


def test_places_of_several_voices_are_kept_without_what_is_ready(remembering: Engine, knobs: Parameters) -> None:
    ensemble = Ensemble(remembering, [WARM] * 3)
    advance, place = ensemble.advance(knobs, 1), ensemble.start()
    while not all(queue.ready for queue in place.queues):
        _, place = advance(place)
    small = place.without_ready()
    assert not any(queue.ready for queue in small.queues)
    assert small.onset == place.onset
    rest, same = ([note for note in _notes(advance, one, 40) if note is not None] for one in (place, small))
    assert len(rest) > 30
    assert rest == same[: len(rest)] or same == rest[: len(same)]
    alone = Ensemble(remembering, [WARM]).start()
    assert alone.without_ready() is alone


def _notes(advance: Any, place: Any, count: int) -> list[Note | None]:
    found = []
    for _ in range(count):
        note, place = advance(place)
        found.append(note)
    return found
