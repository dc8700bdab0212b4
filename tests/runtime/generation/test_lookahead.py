"""The look-ahead: filled on a thread of its own, dropped and made anew, and what ends it reaches the taker."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest

from lstm_composer.runtime.errors import BundleError, MissingError, RunError
from lstm_composer.runtime.generation.free_voice import make_advance
from lstm_composer.runtime.generation.lookahead import LookAhead
from lstm_composer.runtime.generation.schedule import Segment
from lstm_composer.runtime.generation.voice import note_stream
from lstm_composer.runtime.generation.voice_state import EnsembleState, FreeState
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.notes import Note
from tests.runtime.free_music import FreeAdvance, by_one, free_of, of_one

BAR = 96
WARM = GraphInputs(style=(1.0,), min_p=0.02)
PATIENCE_SECONDS = 30.0
FAR = 1_000_000


def quarters(engine: Engine, pitch: int = 60) -> FreeAdvance:
    """A quarter note at a time, numbered by its velocity."""
    del engine

    def advance(cursor: FreeState) -> tuple[Note | None, FreeState]:
        note = Note(24 * cursor.number, pitch, 24, 1 + cursor.number % 127)
        return note, FreeState(cursor.network, cursor.number + 1, onset=note.onset)

    return advance


def ahead_of(
    advance: FreeAdvance,
    start: FreeState,
    *,
    rest: Callable[[FreeState, int], FreeState] | None = None,
    anew: Callable[[FreeState, FreeState, int], FreeState] | None = None,
    **more: Any,
) -> LookAhead:
    """A look-ahead for music of the network alone."""

    def rest_until(state: EnsembleState, tick: int) -> EnsembleState:
        assert rest is not None
        return of_one(rest(free_of(state), tick))

    def begin_anew(beginning: EnsembleState, present: EnsembleState, tick: int) -> EnsembleState:
        assert anew is not None
        return of_one(anew(free_of(beginning), free_of(present), tick))

    return LookAhead(
        by_one(advance),
        of_one(start),
        rest=None if rest is None else rest_until,
        anew=None if anew is None else begin_anew,
        **more,
    )


@pytest.fixture
def start(tiny: Engine) -> FreeState:
    return FreeState(tiny.start())


@contextmanager
def filling(lookahead: LookAhead) -> Iterator[threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=lookahead.run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def test_everything_up_to_the_end_is_handed_over_once(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(quarters(tiny), start, bar_ticks=BAR, ahead_ticks=FAR, end_tick=2 * BAR)
    with filling(lookahead):
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        assert not lookahead.finished()
        taken = [lookahead.take_before(tick) for tick in (0, 1, 48, 49, 48, 2 * BAR)]
    assert [[note.onset for note in notes] for notes in taken] == [[], [0], [24], [48], [], [72, 96, 120, 144, 168]]
    assert lookahead.finished()
    assert lookahead.take_before(FAR) == []


def test_it_fills_up_to_its_size_and_goes_on_as_notes_are_taken(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(quarters(tiny), start, bar_ticks=BAR, ahead_ticks=BAR)
    with filling(lookahead):
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        assert lookahead.ticks_ahead(0) == BAR
        assert lookahead.ticks_ahead(FAR) == 0
        assert [note.onset for note in lookahead.take_before(BAR)] == [0, 24, 48, 72]
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        assert lookahead.ticks_ahead(BAR) == BAR
        assert not lookahead.finished()


def test_it_hands_over_what_the_stream_is(tiny: Engine, start: FreeState) -> None:
    controls = GraphInputs(style=(1.0,), min_p=0.02)
    expected = [one.note for one in islice(note_stream(make_advance(tiny, controls, 9), start), 100)]
    lookahead = ahead_of(make_advance(tiny, controls, 9), start, bar_ticks=BAR, ahead_ticks=2 * BAR)
    taken: list[Note] = []
    with filling(lookahead):
        for tick in range(0, expected[-1].onset, 24):
            assert lookahead.wait_until_filled(PATIENCE_SECONDS)
            taken += lookahead.take_before(tick)
    assert taken == expected[: len(taken)]
    assert len(taken) > 80


def test_a_restart_drops_what_was_not_taken_and_resumes_from_the_state_before_it(
    tiny: Engine, start: FreeState
) -> None:
    lookahead = ahead_of(quarters(tiny), start, bar_ticks=BAR, ahead_ticks=FAR, end_tick=BAR)
    with filling(lookahead):
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        taken = lookahead.take_before(30)
        lookahead.set_schedule(Segment(0, by_one(quarters(tiny, pitch=72))))
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        taken += lookahead.take_before(FAR)
    assert taken == [Note(0, 60, 24, 1), Note(24, 60, 24, 2), Note(48, 72, 24, 3), Note(72, 72, 24, 4)]
    assert lookahead.finished()


def test_a_restart_with_the_same_controls_changes_nothing(tiny: Engine, start: FreeState) -> None:
    advance = make_advance(tiny, GraphInputs(style=(1.0,), min_p=0.02), 3)
    expected = [one.note for one in islice(note_stream(advance, start), 60)]
    end_tick = expected[-1].onset
    lookahead = ahead_of(advance, start, bar_ticks=BAR, ahead_ticks=FAR, end_tick=end_tick)
    taken: list[Note] = []
    with filling(lookahead):
        for tick in (*range(0, end_tick, BAR), end_tick):
            assert lookahead.wait_until_filled(PATIENCE_SECONDS)
            taken += lookahead.take_before(tick)
            lookahead.set_schedule(Segment(0, by_one(advance)))
    assert taken == [note for note in expected if note.onset < end_tick]


def test_an_event_that_was_being_made_during_a_restart_is_dropped(tiny: Engine, start: FreeState) -> None:
    old, new = quarters(tiny), quarters(tiny, pitch=72)

    def interrupted(cursor: FreeState) -> tuple[Note | None, FreeState]:
        if cursor.number == 2:
            lookahead.set_schedule(Segment(0, by_one(new)))
        return old(cursor)

    lookahead = ahead_of(interrupted, start, bar_ticks=BAR, ahead_ticks=FAR, end_tick=BAR)
    with filling(lookahead):
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        assert [note.pitch for note in lookahead.take_before(FAR)] == [72, 72, 72, 72]


def failing_at(number: int, advance: FreeAdvance) -> FreeAdvance:
    def advance_or_fail(cursor: FreeState) -> tuple[Note | None, FreeState]:
        if cursor.number == number:
            raise MissingError("the GPU has gone")
        return advance(cursor)

    return advance_or_fail


def test_what_stops_the_engine_reaches_the_taker(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(failing_at(2, quarters(tiny)), start, bar_ticks=BAR, ahead_ticks=FAR)
    with filling(lookahead):
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        with pytest.raises(MissingError, match="the GPU has gone"):
            lookahead.take_before(BAR)
        with pytest.raises(MissingError, match="the GPU has gone"):
            lookahead.take_before(BAR)


def test_nobody_waits_for_a_look_ahead_that_was_stopped(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(quarters(tiny), start, bar_ticks=BAR, ahead_ticks=BAR)
    stop = threading.Event()
    stop.set()
    lookahead.run(stop)
    assert lookahead.wait_until_filled(PATIENCE_SECONDS)
    assert lookahead.take_before(BAR) == []


def taken_from(lookahead: LookAhead, tick: int, until: int) -> list[Note]:
    assert lookahead.wait_until_made(until, PATIENCE_SECONDS)
    return [note for note in lookahead.take_before(until) if note.onset >= tick]


def test_going_back_plays_the_same_bars_again(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(make_advance(tiny, WARM, 5), start, bar_ticks=BAR, ahead_ticks=40 * BAR)
    with filling(lookahead):
        first = taken_from(lookahead, 0, 20 * BAR)
        for bar in (17, 3, 0, 8, 8):
            lookahead.locate(bar * BAR)
            again = taken_from(lookahead, 0, 20 * BAR)
            assert again == [note for note in first if note.onset >= bar * BAR]


def test_going_to_where_nobody_has_been_plays_what_would_have_come(tiny: Engine, start: FreeState) -> None:
    straight = ahead_of(make_advance(tiny, WARM, 5), start, bar_ticks=BAR, ahead_ticks=40 * BAR)
    ahead = ahead_of(make_advance(tiny, WARM, 5), start, bar_ticks=BAR, ahead_ticks=40 * BAR)
    with filling(straight), filling(ahead):
        expected = [note for note in taken_from(straight, 0, 31 * BAR) if note.onset >= 30 * BAR + 10]
        ahead.locate(30 * BAR + 10)
        assert taken_from(ahead, 0, 31 * BAR) == expected


def test_going_to_the_middle_of_what_is_queued_loses_nothing(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(quarters(tiny), start, bar_ticks=BAR, ahead_ticks=4 * BAR)
    with filling(lookahead):
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        lookahead.locate(30)
        assert [note.onset for note in taken_from(lookahead, 0, 97)] == [48, 72, 96]
        lookahead.locate(30)
        assert [note.onset for note in taken_from(lookahead, 0, 97)] == [48, 72, 96]


def test_new_controls_change_what_comes_after_them_only(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(quarters(tiny), start, bar_ticks=BAR, ahead_ticks=40 * BAR)
    with filling(lookahead):
        taken_from(lookahead, 0, 4 * BAR)
        lookahead.set_schedule(Segment(0, by_one(quarters(tiny, pitch=72))))
        taken_from(lookahead, 0, 6 * BAR)
        lookahead.locate(3 * BAR)
        pitches = [note.pitch for note in taken_from(lookahead, 0, 6 * BAR)]
    assert set(pitches) == {72}  # the music of a bar is that of its seed, style and controls


def test_what_is_made_and_not_taken_can_be_looked_at(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(quarters(tiny), start, bar_ticks=BAR, ahead_ticks=FAR, end_tick=BAR)
    with filling(lookahead):
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        lookahead.take_before(25)
        assert [note.onset for note in lookahead.coming()] == [48, 72]
        assert [note.onset for note in lookahead.take_before(FAR)] == [48, 72]
        assert lookahead.coming() == []


def test_going_back_finds_the_notes_without_the_engine(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(make_advance(tiny, WARM, 5), start, bar_ticks=BAR, ahead_ticks=40 * BAR)
    with filling(lookahead):
        first = taken_from(lookahead, 0, 12 * BAR)
    # The engine has ended: what is found now was kept.
    for bar in (0, 7, 3):
        lookahead.locate(bar * BAR)
        assert lookahead.take_before(12 * BAR) == [note for note in first if note.onset >= bar * BAR]


def test_a_position_that_was_wrong_for_a_moment_costs_nothing(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(make_advance(tiny, WARM, 5), start, bar_ticks=BAR, ahead_ticks=40 * BAR)
    with filling(lookahead):
        first = taken_from(lookahead, 0, 12 * BAR)
    lookahead.locate(48 * BAR)
    lookahead.locate(8 * BAR)
    assert lookahead.take_before(12 * BAR) == [note for note in first if note.onset >= 8 * BAR]


def resting(place: FreeState, tick: int) -> FreeState:
    return FreeState(place.network, max(place.number + 1, -(-tick // 24)), onset=tick)


@pytest.mark.parametrize("problem", [ZeroDivisionError("a hiccup"), RunError("a hiccup of the GPU")])
def test_an_engine_that_fails_comes_in_again_with_the_next_bar(
    tiny: Engine, start: FreeState, problem: Exception
) -> None:
    steady, failures = quarters(tiny), [6, 7]

    def unsteady(cursor: FreeState) -> tuple[Note | None, FreeState]:
        if cursor.number in failures:
            failures.remove(cursor.number)
            raise problem
        return steady(cursor)

    lookahead = ahead_of(unsteady, start, bar_ticks=BAR, ahead_ticks=FAR, end_tick=4 * BAR, rest=resting)
    with filling(lookahead):
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        onsets = [note.onset for note in lookahead.take_before(FAR)]
    assert onsets == [0, 24, 48, 72, 96, 120, *range(2 * BAR, 4 * BAR, 24)]
    assert lookahead.rests == 1
    assert lookahead.problem is problem


def test_a_bundle_that_is_wrong_for_good_ends_the_music_at_once(tiny: Engine, start: FreeState) -> None:
    def wrong(_: FreeState) -> tuple[Note | None, FreeState]:
        raise BundleError("its network failed")

    lookahead = ahead_of(wrong, start, bar_ticks=BAR, ahead_ticks=FAR, rest=resting)
    with filling(lookahead):
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        with pytest.raises(BundleError, match="its network failed"):
            lookahead.take_before(BAR)
    assert lookahead.rests == 0


def test_an_engine_that_fails_for_good_is_given_up(
    tiny: Engine, start: FreeState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_composer.runtime.generation.lookahead.MOST_FAILURES", 3)

    def broken(_: FreeState) -> tuple[Note | None, FreeState]:
        raise ZeroDivisionError("a bug")

    lookahead = ahead_of(broken, start, bar_ticks=BAR, ahead_ticks=FAR, rest=resting)
    with filling(lookahead):
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        with pytest.raises(MissingError, match=r"failed 3 times in a row \(a bug\).*doctor"):
            lookahead.take_before(BAR)


def test_an_engine_that_is_too_slow_rests_to_the_next_bar(tiny: Engine, start: FreeState) -> None:
    steady, slow, faster = quarters(tiny), threading.Event(), threading.Event()

    def halting(cursor: FreeState) -> tuple[Note | None, FreeState]:
        if cursor.number == 2 and not faster.is_set():
            slow.set()
            faster.wait(PATIENCE_SECONDS)
        return steady(cursor)

    lookahead = ahead_of(halting, start, bar_ticks=BAR, ahead_ticks=4 * BAR, rest=resting)
    with filling(lookahead):
        assert slow.wait(PATIENCE_SECONDS)
        taken = lookahead.take_before(BAR + 50)  # by now the dispatcher is there, and the engine is not
        faster.set()
        assert lookahead.wait_until_made(3 * BAR, PATIENCE_SECONDS)
        taken += lookahead.take_before(3 * BAR)
    assert [note.onset for note in taken] == [0, 24, *range(2 * BAR, 3 * BAR, 24)]
    assert lookahead.rests == 1


def test_a_first_bar_that_comes_late_at_a_position_is_no_rest_for_ever(tiny: Engine, start: FreeState) -> None:
    steady, slow, faster = quarters(tiny), threading.Event(), threading.Event()
    far = 40 * BAR

    def halting(cursor: FreeState) -> tuple[Note | None, FreeState]:
        if 24 * cursor.number == far and not faster.is_set():
            slow.set()
            faster.wait(PATIENCE_SECONDS)
        return steady(cursor)

    def anew(beginning: FreeState, present: FreeState, tick: int) -> FreeState:
        return FreeState(beginning.network, tick // 24, onset=tick)

    lookahead = ahead_of(halting, start, bar_ticks=BAR, ahead_ticks=2 * BAR, rest=resting, anew=anew)
    with filling(lookahead):
        lookahead.locate(far)
        assert slow.wait(PATIENCE_SECONDS)
        taken = lookahead.take_before(far + 50)  # the dispatcher goes on, and nothing is made
        faster.set()
        assert lookahead.wait_until_made(far + 2 * BAR, PATIENCE_SECONDS)
        taken += lookahead.take_before(far + BAR)
        assert [note.onset for note in taken] == [far + 48, far + 72]  # what is a quarter late is left out
        lookahead.locate(far)
        assert [note.onset for note in lookahead.take_before(far + BAR)] == [*range(far, far + BAR, 24)]
    assert lookahead.rests == 0


def test_without_a_schedule_it_makes_nothing(tiny: Engine, start: FreeState) -> None:
    lookahead = ahead_of(quarters(tiny), start, bar_ticks=BAR, ahead_ticks=4 * BAR)
    with filling(lookahead):
        taken_from(lookahead, 0, 40)
        lookahead.set_schedule()
        assert lookahead.take_before(2 * BAR) == []
        assert lookahead.wait_until_filled(PATIENCE_SECONDS)
        assert lookahead.take_before(3 * BAR) == []
        state = of_one(FreeState(tiny.start(), 16, onset=4 * BAR))
        lookahead.set_schedule(Segment(0, by_one(quarters(tiny, pitch=67)), lambda _: state))
        taken = taken_from(lookahead, 0, 5 * BAR)
    assert [(note.onset, note.pitch) for note in taken] == [(tick, 67) for tick in range(4 * BAR, 5 * BAR, 24)]


def made(lookahead: LookAhead) -> LookAhead:
    """The look-ahead when it is full."""
    while lookahead.make_one():
        pass
    return lookahead


def test_segments_begin_one_after_another(tiny: Engine, start: FreeState) -> None:
    lookahead = made(ahead_of(quarters(tiny), start, bar_ticks=BAR, ahead_ticks=4 * BAR))
    taken = lookahead.take_before(30)
    second, third = (Segment(tick, by_one(quarters(tiny, pitch))) for tick, pitch in ((BAR, 72), (2 * BAR, 48)))
    lookahead.set_schedule(Segment(0, by_one(quarters(tiny, 65))), second, third)
    assert lookahead.coming_segments()[-2:] == (second, third)
    taken += made(lookahead).take_before(BAR)
    assert lookahead.coming_segments() == (second, third)  # made, and not heard yet
    taken += lookahead.take_before(BAR + 1)
    assert lookahead.coming_segments() == (third,)
    taken += made(lookahead).take_before(3 * BAR)
    assert lookahead.coming_segments() == ()
    pitches = [60, 60, 65, 65, *[72] * 4, *[48] * 4]
    assert [(note.onset, note.pitch) for note in taken] == [
        (24 * number, pitch) for number, pitch in enumerate(pitches)
    ]


def test_a_segment_that_is_made_is_to_come_until_the_song_goes_elsewhere(tiny: Engine, start: FreeState) -> None:
    lookahead = made(ahead_of(quarters(tiny), start, bar_ticks=BAR, ahead_ticks=4 * BAR))
    lookahead.take_before(30)
    coming = Segment(BAR, by_one(quarters(tiny, 72)))
    lookahead.set_schedule(Segment(0, by_one(quarters(tiny))), coming)
    lookahead.locate(10)
    assert coming in lookahead.coming_segments()  # nothing of it was made
    made(lookahead)
    assert coming in lookahead.coming_segments()
    lookahead.locate(0)
    assert lookahead.coming_segments() == ()
    assert {note.pitch for note in made(lookahead).take_before(2 * BAR)} == {72}  # it holds everywhere


def test_a_change_before_the_first_bar_line_is_not_lost(tiny: Engine, start: FreeState) -> None:
    """After a primer the music begins before the position from which it is heard."""

    def upbeat(cursor: FreeState) -> tuple[Note | None, FreeState]:
        note = Note(24 * (cursor.number - 2), 60, 24, 80)
        return note, FreeState(cursor.network, cursor.number + 1, onset=note.onset)

    def changed(cursor: FreeState) -> tuple[Note | None, FreeState]:
        _, after = upbeat(cursor)
        return Note(after.onset, 72, 24, 80), after

    lookahead = ahead_of(upbeat, FreeState(start.network, 1, onset=-48), bar_ticks=BAR, ahead_ticks=2 * BAR)
    lookahead.set_schedule(Segment(0, by_one(changed)), Segment(BAR, by_one(upbeat)))
    taken = made(lookahead).take_before(2 * BAR)
    assert [note.pitch for note in taken if note.onset >= 0] == [72] * 4 + [60] * 4
