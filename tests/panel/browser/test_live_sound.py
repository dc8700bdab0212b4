"""What the piano of the page is told of notes that come, change, end early and do not come: strokes with their times.

The link and the piano are stand-ins whose clocks a test sets; the module that stands between them is the page's own.
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

STAND_INS = """async (steps) => {
    const { LiveSound } = await import('/page/live_sound.js');
    class Link extends EventTarget {
        now = 100;
        offset = 0;
        notes = new Map();
    }
    const link = new Link();
    const told = [];
    const piano = {
        running: true, latency: 0, now: 100, silenced: 0,
        timeAt: (milliseconds) => milliseconds / 1000,
        strokes: (strokes) => told.push(...strokes),
        silence() { this.silenced += 1; },
    };
    const sound = new LiveSound(link, piano);
    sound.on = true;
    for (const { now, notes = [], gone = [], on } of steps) {
        [link.now, piano.now] = [now, now];
        for (const note of notes) link.notes.set(note.id, note);
        for (const id of gone) link.notes.delete(id);
        if (gone.length) link.dispatchEvent(new CustomEvent('gone', { detail: gone }));
        if (on !== undefined) sound.on = on;
        link.dispatchEvent(new Event('notes'));
    }
    return { told, silenced: piano.silenced };
}"""

CLOCKS = """async (stretches) => {
    const { panel } = await import('/page/app.js');
    await panel.sound.prepare();
    let [now, behind] = [1e6, 0];
    performance.now = () => now;
    AudioContext.prototype.getOutputTimestamp = () => ({ contextTime: now / 1000 - behind, performanceTime: now });
    return stretches.map(([looks, seconds]) => {
        behind = seconds;
        return Array.from({ length: looks }, () => {
            now += 20;
            return Number(panel.sound.timeAt(0).toFixed(6));
        });
    });
}"""
"""What the page takes a moment of its own clock for on that of the audio, while the audio is some seconds behind."""

Stroke = list[Any]


def note(number: int, due: float, ends: float, *, pitch: int = 60, channel: int = 1) -> dict[str, object]:
    """A note as the play announces it."""
    times = {"tick": 0, "due": due, "ends": ends, "duration": 12}
    return {"id": number, "note": pitch, "velocity": 80, "channel": channel, "voice": 0, **times}


@pytest.fixture
def told(page: Page) -> Callable[..., list[Stroke]]:
    """Have steps happen one after another, and return the strokes that the piano was given."""

    def run(*steps: dict[str, object]) -> list[Stroke]:
        return list(page.evaluate(STAND_INS, list(steps))["told"])

    return run


def test_a_note_is_given_shortly_before_its_time_and_its_end_before_that(told: Callable[..., list[Stroke]]) -> None:
    one = note(1, 101.0, 101.5)
    assert told({"now": 100.0, "notes": [one]}, {"now": 100.84}) == []
    begun = [[101.0, True, 0, 60, 80]]
    assert told({"now": 100.0, "notes": [one]}, {"now": 100.86}, {"now": 101.2}) == begun
    ended = [*begun, [101.5, False, 0, 60, 0]]
    assert told({"now": 100.86, "notes": [one]}, {"now": 101.36}, {"now": 101.6}, {"now": 103.0}) == ended


def test_a_note_that_is_struck_again_ends_then_and_not_later(told: Callable[..., list[Stroke]]) -> None:
    first, again = note(1, 100.1, 100.5), note(2, 100.4, 100.9)
    assert told({"now": 100.0, "notes": [first, again]}, {"now": 100.3}, {"now": 100.6}, {"now": 100.8}) == [
        [100.1, True, 0, 60, 80],
        [100.4, False, 0, 60, 0],
        [100.4, True, 0, 60, 80],
        [100.9, False, 0, 60, 0],
    ]


def test_an_end_that_comes_early_is_taken_over(told: Callable[..., list[Stroke]]) -> None:
    long, short = note(1, 100.1, 104.0), note(1, 100.1, 100.7)
    assert told({"now": 100.0, "notes": [long]}, {"now": 100.7, "notes": [short]}) == [
        [100.1, True, 0, 60, 80],
        [100.7, False, 0, 60, 0],
    ]


def test_a_note_that_will_not_come_is_not_given_or_ended_at_once(told: Callable[..., list[Stroke]]) -> None:
    assert told({"now": 100.0, "notes": [note(1, 101.0, 102.0)]}, {"now": 100.5, "gone": [1]}, {"now": 100.9}) == []
    given = told({"now": 100.9, "notes": [note(1, 101.0, 102.0)]}, {"now": 100.95, "gone": [1]}, {"now": 101.9})
    assert given == [[101.0, True, 0, 60, 80], [101.0, False, 0, 60, 0]]


def test_what_began_long_before_is_not_struck(told: Callable[..., list[Stroke]]) -> None:
    assert told({"now": 100.0, "notes": [note(1, 99.8, 105.0), note(2, 99.95, 105.0, pitch=64)]}) == [
        [99.95, True, 0, 64, 80]
    ]


def test_players_have_channels_and_none_is_that_of_drums(told: Callable[..., list[Stroke]]) -> None:
    notes = [note(channel, 100.1, 101.0, channel=channel) for channel in (1, 2, 10, 16)]
    assert [stroke[2] for stroke in told({"now": 100.0, "notes": notes})] == [0, 1, 15, 15]


def test_switched_off_it_is_silent(page: Page) -> None:
    found = page.evaluate(
        STAND_INS,
        [{"now": 100.0, "notes": [note(1, 100.1, 101.0)]}, {"now": 100.2, "on": False}, {"now": 100.95}],
    )
    assert found == {"told": [[100.1, True, 0, 60, 80]], "silenced": 1}


def test_audio_that_is_held_up_and_catches_up_leaves_the_time_of_notes_as_it_was(page: Page) -> None:
    before, held_up, after = page.evaluate(CLOCKS, [[60, 0.0], [40, 0.3], [60, 0.0]])
    assert {*before, *held_up, *after} == {0.0}


def test_audio_that_stays_behind_is_followed(page: Page) -> None:
    _, behind = page.evaluate(CLOCKS, [[60, 0.0], [60, 0.05]])
    assert behind[0] == 0.0
    assert behind[-1] == -0.05
