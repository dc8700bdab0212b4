"""What is said, put together again; and the time there."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.monitor.following import ClockOffset, Picture
from lstm_composer.runtime.monitor.protocol import Anchor, Counts, Delta, Event, Whole
from lstm_composer.runtime.monitor.snapshot import Control, LatenessHistogram, Snapshot, Time
from tests.runtime.monitor.conftest import ANCHOR, BAR


@pytest.fixture
def picture(snapshot: Callable[..., Snapshot], event: Callable[..., Event]) -> Picture:
    """Of a note that comes at 1000.5 and ends at 1001.0; at 1000.0 the music is in bar 3, beat 2."""
    known = Picture()
    known.take(Whole(1000.0, ANCHOR, snapshot(), (event(),)))
    return known


def seen(picture: Picture, seconds: float) -> Snapshot:
    found = picture.at(seconds)
    assert found is not None
    return found


def test_nothing_is_shown_before_all_was_said() -> None:
    picture = Picture()
    picture.take(Delta(1.0))
    assert picture.at(1.0) is None
    assert not picture.is_complete


def test_the_position_moves_on(picture: Picture) -> None:
    times = [seen(picture, seconds).time for seconds in (1000.0, 1000.5, 1001.0)]
    assert [time.tick for time in times] == [222, 246, 270]  # 48 ticks a second
    assert [(time.bar, time.beat) for time in times] == [(3, 2), (3, 3), (3, 4)]


def test_a_position_that_stands_still_stands_still(picture: Picture) -> None:
    picture.take(Delta(1001.0, anchor=Anchor(230, 1001.0, 120.0, running=False, source="midi")))
    assert seen(picture, 1005.0).time.tick == 230
    assert not seen(picture, 1005.0).time.running


@pytest.mark.parametrize(
    ("seconds", "past", "sounding", "coming"),
    [(1000.0, 1, 0, 1), (1000.49, 1, 0, 1), (1000.5, 1, 1, 0), (1001.0, 2, 0, 0), (1009.0, 0, 0, 0)],
)
def test_a_note_comes_sounds_and_is_past(
    picture: Picture, seconds: float, past: int, sounding: int, coming: int
) -> None:
    found = seen(picture, seconds)
    assert (len(found.past), len(found.sounding), len(found.coming)) == (past, sounding, coming)


def test_what_changes_is_taken_over(picture: Picture, event: Callable[..., Event]) -> None:
    counts = Counts(101, 2, 3, 1, 96, LatenessHistogram((1.0,), (1, 2), 3.0))
    picture.take(
        Delta(1000.1, events=(event(id=8, note=67), event(id=7, note=61)), controls=(Control("key", "C", ()),))
    )
    picture.take(Delta(1000.2, gone=(8, 99), style="joplin", seed=5, counts=counts))
    found = seen(picture, 1000.3)
    assert [note.pitch for note in found.coming] == [61]
    assert (found.style, found.seed, found.notes, found.rests) == ("joplin", 5, 101, 1)
    assert [control.value for control in found.controls] == ["1", "C", ""]


def test_what_was_said_before_all_was_said_again_is_forgotten(
    picture: Picture, snapshot: Callable[..., Snapshot], event: Callable[..., Event]
) -> None:
    picture.take(Whole(1000.1, ANCHOR, snapshot(past=()), (event(id=9),)))
    found = seen(picture, 1000.2)
    assert (found.past, len(found.coming)) == ((), 1)


def test_no_offset_before_the_first_answer() -> None:
    assert (ClockOffset().seconds, ClockOffset().error_seconds) == (None, None)


def test_the_quickest_answer_counts() -> None:
    offset = ClockOffset()
    offset.add(10.0, 110.3, 110.3, 10.3)  # the way there took 0.3 s, the way back none
    offset.add(11.0, 111.01, 111.02, 11.03)
    offset.add(12.0, 112.0, 112.0, 12.5)
    assert offset.seconds == pytest.approx(100.0)
    assert offset.error_seconds == pytest.approx(0.01)


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=50),
)
def test_the_error_is_known(true_offset: float, ways: list[tuple[float, float, float]]) -> None:
    """Whatever the ways there and back take."""
    offset = ClockOffset()
    for number, (there, answering, back) in enumerate(ways):
        sent = 5.0 * number
        received = sent + there + true_offset
        offset.add(sent, received, received + answering, sent + there + answering + back)
    assert offset.seconds is not None
    assert offset.error_seconds is not None
    assert abs(offset.seconds - true_offset) <= offset.error_seconds + 1e-6


@given(st.floats(0, 1e6), st.floats(-1e12, 1e12))
def test_any_time_can_be_shown(tempo: float, seconds: float) -> None:
    picture = Picture()
    lateness = LatenessHistogram((1.0,), (1, 2), 3.0)
    snapshot = Snapshot(
        pid=1, style="", seed=0, port="", meter="", ticks_per_bar=BAR, ticks_per_beat=24,
        time=Time("midi", 1.0, running=True, tick=0, bar=1, beat=1), past=(), sounding=(), coming=(), controls=(),
        lateness=lateness, notes=0, late_notes=0, missed_notes=0, rests=0, ahead_ticks=0,
    )  # fmt: skip
    picture.take(Whole(0.0, Anchor(0, 0.0, tempo, running=True, source="midi"), snapshot, ()))
    found = picture.at(seconds)
    assert found is not None
    assert found.time.bar >= 0
