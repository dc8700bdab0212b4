"""Live in a real browser: it plays, is turned, outlives the panel, and is heard."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lstm_composer.runtime.monitor.discovery import running_endpoints
from tests.panel.browser.conftest import PHONE, OpenPage, PanelProcess, StartPanel
from tests.panel.browser.test_compose_page import AXE, LEVEL, PREPARED, until

LINK = "(await import('/page/live.js')).live"
NOTES = f"async () => [...{LINK}.link.notes.values()]"
OFFSET = f"async () => {LINK}.link.offset"
POSITION = f"async () => {LINK}.link.position"
FRAMES_IN_TWO = f"""async () => {{
    const {{ roll }} = {LINK};
    const before = roll.frames;
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
    return roll.frames - before;
}}"""
FRAMES = f"async () => {LINK}.roll.frames"


@pytest.fixture
def start(
    start_panel: StartPanel, surrounding: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], PanelProcess]]:
    """Start a panel of the test's own; what it has started is ended after the test."""
    Path(surrounding["XDG_RUNTIME_DIR"]).chmod(0o700)  # or it is not used
    monkeypatch.setenv("XDG_RUNTIME_DIR", surrounding["XDG_RUNTIME_DIR"])
    yield start_panel
    for endpoint in running_endpoints():
        with suppress(OSError):
            os.kill(endpoint.pid, signal.SIGKILL)


def open_live(open_page: OpenPage, panel: PanelProcess, **options: object) -> Page:
    page = open_page(panel, **options)
    page.get_by_role("tab", name="Live").click()
    expect(page.get_by_label("Style", exact=True).last).to_be_visible()
    return page


def press_play(page: Page) -> None:
    page.locator("#live-style").select_option("scale")
    page.locator("#live-tempo").fill("240")
    page.locator(".tab-live form").get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".tab-live .title")).to_have_text("scale")


def turn(page: Page, name: str, value: str) -> None:
    page.get_by_role("slider", name=name, exact=True).fill(value)


def test_it_plays_is_heard_is_turned_and_stops(start: Callable[[], PanelProcess], open_page: OpenPage) -> None:
    page = open_live(open_page, start())
    expect(page.locator(".tab-live .title")).to_have_text("Nothing plays")
    page.evaluate(PREPARED)
    assert page.evaluate(LEVEL) == 0
    press_play(page)
    expect(page.get_by_role("slider", name="Volume")).to_have_count(1)  # one meaning: only the page sounds
    until(page, LEVEL, lambda level: level > 0.001)
    low = {note["note"] for note in until(page, NOTES, lambda notes: len(notes) > 8)}
    turn(page, "Transpose", "24")
    until(page, NOTES, lambda notes: any(note["note"] not in low for note in notes))
    expect(page.locator("[data-name=transpose] .value")).to_have_text("24")
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    until(page, NOTES, lambda notes: all(note["tick"] < 10**6 for note in notes))
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".tab-live .title")).to_have_text("Nothing plays")
    until(page, LEVEL, lambda level: level < 0.0005)
    assert running_endpoints() == []


def test_the_music_goes_on_without_the_panel(start: Callable[[], PanelProcess], open_page: OpenPage) -> None:
    first = start()
    page = open_live(open_page, first)
    press_play(page)
    page.close()
    [playing] = running_endpoints()
    first.process.kill()
    first.process.wait()
    assert [endpoint.pid for endpoint in running_endpoints()] == [playing.pid]
    page = open_live(open_page, start())
    expect(page.locator(".tab-live .title")).to_have_text("scale")
    before = until(page, POSITION, lambda position: position is not None)
    until(page, POSITION, lambda position: position > before)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".tab-live .title")).to_have_text("Nothing plays")


def test_two_pages_show_the_same(start: Callable[[], PanelProcess], open_page: OpenPage) -> None:
    panel = start()
    one, other = (open_live(open_page, panel) for _ in range(2))
    press_play(one)
    expect(other.locator(".tab-live .title")).to_have_text("scale")
    turn(one, "Swing", "0.5")
    expect(other.locator("[data-name=swing] .value")).to_have_text("0.50")
    turn(other, "Density", "-0.5")
    expect(one.locator("[data-name=density] .value")).to_have_text("-0.50")
    for page in (one, other):
        until(page, OFFSET, lambda offset: offset is not None)
        until(page, NOTES, lambda notes: len(notes) > 4)
    known = [{note["id"]: note["note"] for note in page.evaluate(NOTES)} for page in (one, other)]
    both = known[0].keys() & known[1].keys()
    assert both
    assert all(known[0][number] == known[1][number] for number in both)


def test_by_keyboard_alone(start: Callable[[], PanelProcess], open_page: OpenPage) -> None:
    page = open_live(open_page, start())
    page.locator("#live-style").select_option("scale")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    expect(page.locator(".tab-live .title")).to_have_text("scale")
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Space")
    expect(page.locator(".tab-live .title")).to_have_text("Nothing plays")


def test_a_controller_is_waited_for_and_no_more(start: Callable[[], PanelProcess], open_page: OpenPage) -> None:
    page = open_live(open_page, start())
    press_play(page)
    learn = page.get_by_role("button", name="learn a controller for Density")
    expect(learn).to_have_text("CC 73")
    learn.click()
    expect(learn).to_have_text("Move a controller…")
    expect(page.get_by_role("log", name="What the play says")).to_contain_text(
        "Move a controller: the next one that moves turns density; pressed again, none does"
    )
    learn.click()
    expect(learn).to_have_text("CC 73")


def test_a_control_that_is_refused_says_why_beside_it(start: Callable[[], PanelProcess], open_page: OpenPage) -> None:
    page = open_live(open_page, start())
    press_play(page)
    answers = "{{ taken: {}, said: 'density has no room' }}"
    page.evaluate(f"async () => {{ {LINK}.link.command = async () => ({answers.format('false')}); }}")
    turn(page, "Density", "0.5")
    density = page.get_by_role("slider", name="Density", exact=True)
    expect(density).to_have_accessible_description(re.compile("Density has no room"))
    expect(density).to_have_attribute("aria-invalid", "true")
    page.evaluate(f"async () => {{ {LINK}.link.command = async () => ({answers.format('true')}); }}")
    turn(page, "Density", "0.1")
    expect(density).not_to_have_attribute("aria-invalid", "true")


def test_what_cannot_be_played_is_told(start: Callable[[], PanelProcess], open_page: OpenPage) -> None:
    page = open_live(open_page, start())
    page.locator(".tab-live summary").first.click()
    page.locator("#live-form").fill("A1")
    page.locator(".tab-live form").get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("#live-form")).to_have_accessible_description(re.compile("Form 'A1' is not allowed"))
    expect(page.locator("#live-form")).to_be_focused()
    expect(page.locator(".tab-live .title")).to_have_text("Nothing plays")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(start: Callable[[], PanelProcess], open_page: OpenPage, scheme: str) -> None:
    page = open_live(open_page, start(), viewport=PHONE, color_scheme=scheme)
    press_play(page)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document.querySelector('.tab-live'))")["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_roll_is_drawn_while_it_is_seen(start: Callable[[], PanelProcess], open_page: OpenPage) -> None:
    page = open_live(open_page, start())
    press_play(page)
    drawn = page.evaluate(FRAMES)
    until(page, FRAMES, lambda frames: frames > drawn + 10)
    page.get_by_role("tab", name="Compose").click()
    until(page, FRAMES_IN_TWO, lambda frames: frames == 0)
