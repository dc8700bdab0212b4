"""The page around its tabs: what it says where something is not there."""

import json

from playwright.sync_api import Browser, Page, Route, expect

from tests.panel.browser.conftest import OpenPage, PanelProcess, StartPanel

REASON = "there is no room on the disk"


def refuse(route: Route) -> None:
    route.fulfill(status=400, content_type="application/json", body=json.dumps({"error": REASON}))


def test_a_tab_that_cannot_be_filled_says_why_and_is_tried_again(page: Page) -> None:
    page.route("**/api/training", refuse)
    page.get_by_role("tab", name="Your style").click()
    expect(page.get_by_role("alert")).to_contain_text(REASON.capitalize())
    page.unroute("**/api/training")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Your styles")).to_be_visible()
    expect(page.get_by_text(REASON.capitalize())).to_be_hidden()


def test_the_page_works_where_its_first_tab_cannot_be_filled(panel: PanelProcess, open_page: OpenPage) -> None:
    page = open_page(panel)
    page.route("**/api/training", refuse)
    page.goto(f"{panel.origin}/#training")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.get_by_role("tab", name="Compose").click()
    expect(page.locator(".button.compose").first).to_be_visible()


def test_a_panel_that_is_gone_is_said_until_it_is_back(browser: Browser, start_panel: StartPanel) -> None:
    panel = start_panel()
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(panel.address)
        page.wait_for_selector("html[data-ready]")
        panel.process.kill()
        panel.process.wait()
        line = page.get_by_text("The panel does not answer: start it again")
        expect(line).to_be_visible()
        again = start_panel("--port", panel.origin.rpartition(":")[2])
        expect(page.get_by_text("The panel has been started anew")).to_be_visible()
        context.new_page().goto(again.address)  # as the panel has the browser do
        expect(page.locator(".absence")).to_be_hidden()


def test_a_key_that_deletes_a_piece_is_followed_by_one_that_brings_it_back(page: Page) -> None:
    page.keyboard.press("c")
    pieces = page.locator(".pieces li[data-id]")
    expect(pieces).to_have_count(1)
    pieces.get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(pieces).to_have_count(1)
    page.keyboard.press(" ")  # the focus is not on a button that is there no more
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_key_that_asks_for_another_piece_leaves_the_focus_at_the_piece(page: Page) -> None:
    page.keyboard.press("c")
    page.get_by_role("button", name="Another").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".pieces li[data-id]")).to_have_count(2)
    expect(page.get_by_role("slider", name="Position in the music")).to_be_focused()


def test_a_browser_that_cannot_play_the_piano_composes_all_the_same(browser: Browser, panel: PanelProcess) -> None:
    errors: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.add_init_script("delete window.AudioWorkletNode")
        page.goto(panel.address)
        expect(page.get_by_text("This browser cannot play the piano")).to_be_visible()
        page.keyboard.press("c")
        expect(page.locator(".pieces li[data-id]")).to_have_count(1)
    assert errors == []


def test_a_page_that_is_come_back_to_shows_what_another_has_made(browser: Browser, panel: PanelProcess) -> None:
    with browser.new_context() as context:
        pages = [context.new_page() for _ in range(2)]
        for page in pages:
            page.goto(panel.address)
            page.wait_for_selector("html[data-ready]")
        one, other = (page.locator(".pieces li[data-id]") for page in pages)
        pages[0].keyboard.press("c")
        expect(one).to_have_count(1)
        pages[1].evaluate("dispatchEvent(new Event('focus'))")
        expect(other).to_have_count(1)
        other.get_by_role("button", name="Delete").click()
        expect(other).to_have_count(0)
        pages[0].evaluate("dispatchEvent(new Event('focus'))")
        expect(one).to_have_count(0)


def test_a_piece_that_is_not_made_to_its_end_is_played_to_where_it_is(page: Page) -> None:
    begun = {
        "type": "begun",
        "tempo_bpm": 400,
        "meter": "4/4",
        "ticks_per_bar": 96,
        "ticks_per_beat": 24,
        "end_tick": 960,
    }
    lines = [
        {**begun, "style": "known", "request": {"style": "known", "seed": 1}},
        {"type": "notes", "notes": [[0, 60, 24, 80]], "until_tick": 96},
        {"type": "failed", "error": REASON},
    ]
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    page.route("**/api/compose", lambda route: route.fulfill(content_type="application/x-ndjson", body=body))
    page.keyboard.press("c")
    expect(page.get_by_text(REASON.capitalize())).to_be_visible()
    expect(page.get_by_label("Position", exact=True)).to_have_text("0:00 / 0:00")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
