"""What a piece's own past suggests: against a search that looks at every place, and note by note as the graph does."""

from itertools import accumulate

import numpy as np
import pytest
import tensorflow as tf

from lstm_composer.runtime.music.event_encoding import DURATION_CLASSES, LADDER, START, VELOCITY_BINS, ladder_class
from lstm_composer.runtime.music.piece_memory import CLOCK_START, EVENT_ROWS, MATCH_ROWS, NO_EVENT, NO_MATCH
from lstm_composer.trainer.network.past_view import suggested
from lstm_composer.trainer.network.recollection_step import remember
from lstm_composer.trainer.pieces.recollection import (
    BARS,
    CANDIDATES,
    CLASSES,
    MATCHES,
    NO_DELTA,
    NO_PITCH,
    NOTHING,
    SAME_PASSAGE,
    Recollection,
    count_classes,
    recollect,
)  # fmt: skip
from lstm_composer.trainer.runs.network_config import PAST


def events_of(rows):
    """Class rows [n, 4] of (delta ticks, pitch, duration ticks)."""
    return np.array([(ladder_class(d), p, ladder_class(t), 10) for d, p, t in rows], np.int32)


def onsets_of(events):
    return [0, *accumulate(LADDER[delta] for delta in events[:, 0].tolist())]


def recollected(events, bar=96) -> Recollection:
    onsets = onsets_of(events)
    return recollect(events, onsets, [bar] * len(onsets))


def music(seed, count, *, repeats=True):
    """Notes that often repeat what was before, at several lags, also some half tones away."""
    rng = np.random.default_rng(seed)
    events = np.stack(
        [rng.choice([0, 6, 12], count), *(rng.integers(*ends, count) for ends in ((60, 64), (1, 5), (0, 32)))], 1
    ).astype(np.int32)
    if repeats:
        part = count // 7
        events[2 * part : 3 * part] = events[:part]
        events[4 * part : 5 * part] = events[:part] + np.array([0, 3, 0, 0])
        events[5 * part : 6 * part] = events[4 * part : 5 * part]
    return events


def longest_by_search(events, step, by_interval):
    """Length and lag of the longest match before a step, the latest of equal ones, found by trying all."""
    pitches = [128, *events[:, 1].tolist()]
    codes = [
        (int(delta), pitches[index + 1] - pitches[index] if by_interval else pitches[index + 1])
        for index, delta in enumerate(events[:, 0])
    ]
    best = (0, 1)
    for lag in range(1, min(PAST, step - 1) + 1):
        length = 0
        while step - 1 - lag - length >= 0 and codes[step - 1 - length] == codes[step - 1 - lag - length]:
            length += 1
        if length > best[0]:
            best = (length, lag)
    return best


@pytest.mark.parametrize("seed", range(4))
def test_the_longest_match_is_found(seed: int) -> None:
    events = music(seed, 140)
    found = recollected(events).candidates
    for step in range(1, len(events) + 1):
        length, lag = longest_by_search(events, step, by_interval=False)
        assert tuple(found[step, 0, :5]) == (*events[step - lag], length)
        length, lag = longest_by_search(events, step, by_interval=True)
        if step - lag:  # the first event has no interval before it
            moved = events[step - 1, 1] + events[step - lag, 1] - events[step - lag - 1, 1]
            assert (found[step, 1, 0], found[step, 1, 1], found[step, 1, -1]) == (events[step - lag, 0], moved, length)


def test_a_phrase_that_comes_again_is_suggested_note_by_note() -> None:
    phrase = [(24, pitch, 24) for pitch in (60, 64, 67, 65, 62, 71)]
    events = events_of([*phrase, *phrase])
    found = recollected(events).candidates
    for step in range(8, 12):  # from the second note of the return on it is known
        assert tuple(found[step, 0, :3]) == tuple(events[step, :3])
        assert found[step, 0, CLASSES] == step - 6


def test_a_phrase_that_comes_a_third_higher_is_suggested_by_its_intervals() -> None:
    phrase = [(24, pitch, 24) for pitch in (60, 64, 67, 65, 62, 71)]
    events = events_of([*phrase, *[(delta, pitch + 4, length) for delta, pitch, length in phrase]])
    found = recollected(events).candidates
    assert [tuple(found[step, 1, :3]) for step in range(9, 12)] == [tuple(events[step, :3]) for step in range(9, 12)]


@pytest.mark.parametrize("bars", BARS)
def test_what_stood_so_many_bars_ago_is_suggested(bars: int) -> None:
    theme = [(12, 62, 12), (12, 64, 24), (0, 71, 6)]  # after a first note on the bar line
    between = [(72, 50, 24), *[(24, 50 + number % 7, 24) for number in range(1, 4 * (bars - 1))]] if bars > 1 else []
    events = events_of([(0, 60, 12), *theme, *between, (24 if between else 72, 60, 12), *theme])
    onsets = onsets_of(events)
    again = onsets.index(bars * 96)
    found = recollected(events).candidates[:, MATCHES + BARS.index(bars)]
    assert [tuple(found[again + note, :3]) for note in range(3)] == [tuple(events[1 + note, :3]) for note in range(3)]


def test_nothing_is_suggested_from_before_the_beginning() -> None:
    events = music(5, 40, repeats=False)
    found = recollected(events, bar=96)
    assert (found.candidates[0] == NOTHING).all()
    early = np.array(onsets_of(events)) < 16 * 96
    assert (found.candidates[early, CANDIDATES - 1] == NOTHING).all()
    assert found.times[0] == 0


def test_the_future_has_no_say() -> None:
    events = music(1, 200)
    changed = events.copy()
    changed[150:, 1] += 1
    for one, other in zip(recollected(events), recollected(changed), strict=True):
        np.testing.assert_array_equal(one[:151], other[:151])


def test_how_often_a_passage_has_come_is_counted() -> None:
    phrase = [(24, pitch, 24) for pitch in (60, 64, 67, 65, 62, 71, 74, 59)]
    events = events_of(phrase * 4)
    times = recollected(events).times
    assert [times[len(phrase) * count] for count in range(1, 5)] == [0, 1, 2, 3]
    assert times[SAME_PASSAGE] == 0


@pytest.mark.parametrize("bar", [48, 96])
@pytest.mark.parametrize("repeats", [True, False])
def test_note_by_note_the_same_is_found(*, bar: int, repeats: bool) -> None:
    events = music(7, PAST + 90, repeats=repeats)
    onsets = onsets_of(events)
    whole = recollect(events, onsets, [bar] * len(onsets))
    wanted = suggested(tf.constant(whole.candidates, tf.int32), tf.constant(whole.times, tf.int32))
    memory = np.repeat([NO_EVENT] * EVENT_ROWS + [NO_MATCH] * MATCH_ROWS, PAST).reshape(1, -1, PAST).astype(np.float32)
    clock = np.array([CLOCK_START], np.float32)
    event = np.array([[START.delta, START.pitch, START.duration, START.velocity]], np.int32)
    blank = dict.fromkeys(("meter", "position", "key"), np.zeros(1, np.int32))
    step = tf.function(remember, reduce_retracing=True)
    for number in range(len(events) + 1):
        given = {"event": event, "memory": memory, "clock": clock, "ticks_per_bar": np.array([bar], np.int32), **blank}
        memory, found, _, rounds = step({name: tf.constant(value) for name, value in given.items()})
        length, lag = longest_by_search(events, number, by_interval=False)
        assert rounds.numpy().tolist() == [[pytest.approx((length + 1) / lag)]]
        for name in found._fields:
            value = np.asarray(getattr(found, name))[0]
            expected = np.asarray(getattr(wanted, name))[number]
            value = np.minimum(value, NO_PITCH) if name == "pitch" else value
            if name in ("duration", "velocity"):  # of what has no pitch they do not matter, but must be classes
                assert value.max() < {"duration": DURATION_CLASSES, "velocity": VELOCITY_BINS}[name]
                has_pitch = np.asarray(found.pitch)[0] < NO_PITCH
                value, expected = value[has_pitch], expected[has_pitch]
            np.testing.assert_array_equal(value, expected, f"{name} at {number}")
        memory = np.asarray(memory)
        if number < len(events):
            clock = np.array([[onsets[number + 1], onsets[number + 1] // bar, event[0, 1]]], np.float32)
            event = events[number : number + 1]
    assert (whole.candidates[..., 0] != NO_DELTA).any(axis=0).all()


def test_classes_of_counts_leave_none_out() -> None:
    assert np.array_equal(np.unique(count_classes()), np.arange(count_classes().max() + 1))
