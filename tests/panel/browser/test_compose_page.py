"""Compose in a real browser: what is pressed, seen and heard, by mouse and by keyboard."""

import json
import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mido
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.panel.browser.conftest import DESKTOP, PHONE, OpenPage, PanelProcess, StartPanel

ENGRAVED = """() => {
    const view = document.querySelector('.engraving');
    const drawing = view.querySelector('svg');
    return drawing && {
        place: view.clientWidth,
        width: drawing.viewBox.baseVal.width,
        systems: drawing.querySelectorAll('g.system').length,
        scrolls: view.scrollWidth - view.clientWidth,
    };
}"""
HTML = "<img src=x onerror=alert(1)>"
LEVEL = """async () => {
    const { panel } = await import('/page/app.js');
    const wave = new Float32Array(4096);
    panel.sound.analyser?.getFloatTimeDomainData(wave);  // without one nothing sounds yet
    return Math.max(...wave.map(Math.abs));
}"""
PEAK_HZ = """async () => {
    const { panel } = await import('/page/app.js');
    const { analyser } = panel.sound;
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    return levels.indexOf(Math.max(...levels)) * analyser.context.sampleRate / analyser.fftSize;
}"""
STRIKE_A4 = """async () => {
    const { panel } = await import('/page/app.js');
    await panel.sound.resume();
    const now = panel.sound.now;
    panel.sound.play([{ pitch: 69, velocity: 100, begin: now + 0.05, end: now + 20 }]);
}"""
PREPARED = "async () => (await import('/page/app.js')).panel.sound.prepare()"
AXE = Path(__file__).with_name("axe.min.js")


def until(page: Page, script: str, is_enough: Any) -> Any:
    """Ask the page again and again; the test's own time limit ends it."""
    while not is_enough(found := page.evaluate(script)):
        page.wait_for_timeout(20)
    return found


def compose(page: Page, style: str = "scale") -> None:
    """Choose a style, press Compose, and wait until the piece is kept."""
    page.get_by_label("Style", exact=True).select_option(style)
    before = page.locator(".pieces li[data-id]").count()
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".pieces li[data-id]")).to_have_count(before + 1)


def test_compose_is_heard_and_nothing_before(page: Page) -> None:
    page.evaluate(PREPARED)
    assert page.evaluate(LEVEL) == 0
    compose(page)
    assert until(page, LEVEL, lambda level: level > 0.001) < 1
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_handful_of_loud_notes_is_not_too_loud(page: Page) -> None:
    """Ten fingers at full force; one note alone is well above what a room drowns."""
    loudest = page.evaluate(
        """async () => {
            const { panel } = await import('/page/app.js');
            await panel.sound.resume();
            const begin = panel.sound.now + 0.1;
            const chord = [36, 43, 48, 52, 55, 60, 64, 67, 72, 76];
            panel.sound.play(chord.map((pitch) => ({ pitch, velocity: 120, begin, end: begin + 2 })));
            const wave = new Float32Array(4096);
            let loudest = 0;
            while (panel.sound.now < begin + 1) {
                panel.sound.analyser.getFloatTimeDomainData(wave);
                loudest = Math.max(loudest, ...wave.map(Math.abs));
                await new Promise((resolve) => setTimeout(resolve, 20));
            }
            return loudest;
        }"""
    )
    assert 0.3 < loudest <= 1


def test_the_piano_is_in_tune(page: Page) -> None:
    page.evaluate(STRIKE_A4)
    until(page, LEVEL, lambda level: level > 0.01)
    until(page, PEAK_HZ, lambda peak: abs(peak - 440) < 440 * 0.02)


def test_a_midi_file_that_is_kept_has_the_notes_that_were_heard(page: Page, tmp_path: Path) -> None:
    compose(page)
    with page.expect_download() as kept:
        page.get_by_role("button", name="MIDI").click()
    assert kept.value.suggested_filename.startswith("scale, seed ")
    kept.value.save_as(tmp_path / "kept.mid")
    pitches = [message.note for message in mido.MidiFile(tmp_path / "kept.mid") if message.type == "note_on"]
    number = page.locator(".pieces li").first.get_attribute("data-id")
    notes = page.evaluate(f"fetch('/api/pieces/{number}').then((answer) => answer.json())")["notes"]
    assert pitches == [pitch for _, pitch, _, _ in notes]


def test_a_midi_file_can_be_dragged_out(page: Page, panel: PanelProcess) -> None:
    compose(page)
    dragged = page.evaluate(
        """() => {
            const button = document.querySelector('.actions [draggable=true]');
            const dataTransfer = new DataTransfer();
            button.dispatchEvent(new DragEvent('dragstart', { dataTransfer }));
            return dataTransfer.getData('DownloadURL');
        }"""
    )
    kind, name, address = dragged.split(":", 2)
    assert kind == "audio/midi"
    assert name.endswith(".mid")
    assert address.startswith(f"{panel.origin}/api/pieces/")


def test_pieces_are_found_again_named_starred_and_deleted(page: Page) -> None:
    compose(page)
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name of the piece").fill(HTML)
    page.keyboard.press("Enter")
    page.locator(".stage").get_by_role("button", name="Star", exact=True).click()
    expect(page.locator(".pieces .name")).to_have_text(HTML)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    row = page.locator(".pieces li").first
    expect(row.locator(".name")).to_have_text(HTML)
    expect(row.get_by_role("button", name="Star", exact=True)).to_have_attribute("aria-pressed", "true")
    row.locator(".open").click()
    expect(page.locator(".stage .title")).to_have_text(HTML)
    row.get_by_role("button", name="Delete").click()
    expect(page.locator(".pieces li[data-id]")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".pieces .name")).to_have_text(HTML)


def test_another_one_and_on_from_there(page: Page) -> None:
    compose(page)
    page.get_by_role("button", name="Another").click()
    expect(page.locator(".pieces li[data-id]")).to_have_count(2)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".pieces li[data-id]")).to_have_count(3)
    expect(page.locator(".stage .meta")).to_contain_text("32 bars")


def test_a_piece_is_made_again_from_its_settings(page: Page) -> None:
    compose(page)
    meta = page.locator(".stage .meta").inner_text()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".pieces li[data-id]")).to_have_count(2)
    assert page.locator(".stage .meta").inner_text() == meta


def test_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("c")
    expect(page.locator(".pieces li[data-id]")).to_have_count(1)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.keyboard.press("Home")
    roll = page.get_by_role("slider", name="Position in the music")
    expect(roll).to_have_attribute("aria-valuetext", "bar 1, beat 1")
    for key, place in (
        ("ArrowRight", "bar 1, beat 2"),
        ("Shift+ArrowRight", "bar 2, beat 1"),
        ("ArrowLeft", "bar 1, beat 4"),
    ):
        page.keyboard.press(key)
        expect(roll).to_have_attribute("aria-valuetext", place)


def test_space_pauses_also_after_compose_was_clicked(page: Page) -> None:
    compose(page)
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_role("button", name="Loop").click()
    page.keyboard.press("c")
    expect(page.locator(".pieces li[data-id]")).to_have_count(2)


def test_a_browser_that_lets_nothing_be_heard_is_said(page: Page) -> None:
    page.evaluate("void (AudioContext.prototype.resume = () => new Promise(() => undefined))")
    compose(page)
    expect(page.get_by_text("Nothing can be heard here")).to_be_visible()


def test_letters_typed_into_a_field_are_letters(page: Page) -> None:
    page.get_by_text("Tempo, meter, key, form, seed").click()
    form = page.get_by_label("Form", exact=True)
    form.press_sequentially("abac")
    expect(form).to_have_value("abac")
    expect(page.locator(".pieces li[data-id]")).to_have_count(0)


def test_a_click_into_the_roll_goes_there(page: Page) -> None:
    compose(page)
    page.keyboard.press(" ")
    box = page.locator(".roll").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 38 + (box["width"] - 38) / 2 + 4, box["y"] + 60)
    roll = page.get_by_role("slider", name="Position in the music")
    expect(roll).to_have_attribute("aria-valuetext", "bar 9, beat 1")


def test_a_name_that_is_html_is_text(
    start_panel: StartPanel, open_page: OpenPage, tiny_models: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "bundles"
    folder.mkdir()
    shutil.copy(tiny_models / "tiny.onnx", folder)
    card = json.loads((tiny_models / "tiny.onnx.json").read_text())
    card["styles"][0]["name"] = HTML
    (folder / "tiny.onnx.json").write_text(json.dumps(card))
    page = open_page(start_panel("--models-dir", str(folder)))
    compose(page, HTML)
    expect(page.locator(".stage .title")).to_have_text(HTML)
    expect(page.locator(".pieces .name").first).to_have_text(HTML)
    assert page.locator("img").count() == 0


def test_what_cannot_be_composed_is_said_once(page: Page) -> None:
    page.get_by_text("Tempo, meter, key, form, seed").click()
    page.get_by_label("Form", exact=True).fill("A1")
    page.get_by_role("button", name="Compose", exact=True).click()
    said = page.get_by_text("Form 'A1' is not allowed: write 1 to 64 letters, such as AABA")
    expect(said).to_have_count(1)
    form = page.get_by_label("Form", exact=True)
    expect(form).to_be_focused()
    expect(form).to_have_attribute("aria-invalid", "true")
    expect(form).to_have_accessible_description("Form 'A1' is not allowed: write 1 to 64 letters, such as AABA")
    assert page.locator(".toast").count() == 0
    form.fill("ABA")
    expect(said).to_have_count(0)
    seed = page.get_by_label("Seed", exact=True)
    seed.fill("x")
    page.get_by_label("Bars", exact=True).fill("0")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_label("Bars", exact=True)).to_be_focused()
    expect(seed).to_have_accessible_description(
        "Allowed is a whole number of at most 16 digits, or nothing: then it is a new one each time."
    )
    expect(page.get_by_text("A whole number from 1 to 512, please.")).to_be_visible()
    seed.fill("")
    page.get_by_label("Bars", exact=True).fill("4")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".pieces li[data-id]")).to_have_count(1)
    expect(said).to_have_count(0)


def test_the_page_opens_with_the_latest_piece(page: Page) -> None:
    compose(page)
    title = page.locator(".stage .meta").inner_text()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator(".stage .meta")).to_have_text(title)
    expect(page.locator(".pieces li").first).to_have_class("current")
    assert page.evaluate(LEVEL) == 0  # it plays when it is asked to
    page.locator(".stage").get_by_role("button", name="Play", exact=True).click()
    until(page, LEVEL, lambda level: level > 0.001)


def test_two_pages_at_once(panel: PanelProcess, open_page: OpenPage) -> None:
    first, second = open_page(panel), open_page(panel)
    for page in (first, second):
        page.get_by_label("Style", exact=True).select_option("scale")
        page.get_by_role("button", name="Compose", exact=True).click()
    for page in (first, second):
        expect(page.locator(".stage .actions button").first).to_be_visible()
        page.reload()
        page.wait_for_selector("html[data-ready]")
        expect(page.locator(".pieces li[data-id]")).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nobody_is_kept_out(panel: PanelProcess, open_page: OpenPage, viewport: ViewportSize, scheme: str) -> None:
    """What axe finds serious, on every tab; nothing has to be scrolled sideways."""
    page = open_page(panel, viewport, color_scheme=scheme)
    compose(page)
    page.keyboard.press(" ")
    page.get_by_text("Tempo, meter, key, form, seed").click()
    for tab in page.get_by_role("tab").all():
        tab.click()
        expect(page.locator("main > section:not([hidden]) > *").first).to_be_visible()
        page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        faults = [
            (fault["id"], [node["html"] for node in fault["nodes"]])
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        assert faults == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_a_panel_that_has_ended_is_said(start_panel: StartPanel, open_page: OpenPage) -> None:
    panel = start_panel()
    page = open_page(panel)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="End the panel").click()
    expect(page.get_by_role("heading", name="The panel has ended.")).to_be_visible()
    page.evaluate("import('/page/app.js').then(({ panel }) => panel.say('An answer that came too late.'))")
    assert panel.process.wait(60) == 0


def go_to_notes(page: Page, others: set[str | None] | None = None) -> set[str | None]:
    """Go on beat by beat until notes of the score are lit, others than those; give their ids."""
    for _ in range(64):
        page.keyboard.press("ArrowRight")
        lit = {one.get_attribute("id") for one in page.locator(".engraving .note.sounds").all()}
        if lit and lit != others:
            return lit
    return set()


@pytest.mark.skipif("CI" not in os.environ and find_spec("verovio") is None, reason="the extra score is not here")
def test_the_notes_of_the_score_light_up(page: Page) -> None:
    compose(page)
    page.get_by_role("button", name="Score", exact=True).click()
    expect(page.locator(".engraving svg").first).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    page.locator(".engraving").focus()
    page.keyboard.press("Home")
    assert go_to_notes(page, go_to_notes(page))
    page.locator(".engraving .note .notehead").first.click()
    roll_says = page.locator(".roll")
    expect(roll_says).to_have_attribute("aria-valuetext", re.compile(r"bar 1, beat \d"))
    with page.expect_download() as kept:
        page.get_by_role("button", name="MusicXML").click()
    assert kept.value.suggested_filename.endswith(".musicxml")


@pytest.mark.skipif("CI" not in os.environ and find_spec("verovio") is None, reason="the extra score is not here")
def test_a_score_is_as_wide_as_its_place(panel: PanelProcess, open_page: OpenPage) -> None:
    page = open_page(panel, PHONE)
    compose(page)
    page.get_by_role("button", name="Score", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    narrow = until(page, ENGRAVED, lambda found: found is not None)
    assert 0 < narrow["place"] - narrow["width"] < 24
    assert narrow["scrolls"] == 0
    page.locator(".engraving").focus()
    page.keyboard.press("Home")
    notes = go_to_notes(page)
    page.set_viewport_size(DESKTOP)
    wide = until(page, ENGRAVED, lambda found: found["width"] > narrow["width"])
    assert wide["systems"] < narrow["systems"]
    assert wide["place"] - wide["width"] < 60
    lit = page.locator(".engraving .note.sounds")
    expect(lit.first).to_be_attached()
    assert {one.get_attribute("id") for one in lit.all()} == notes


def test_a_score_that_cannot_be_engraved_is_said(page: Page) -> None:
    page.route(
        "**/score?*",
        lambda route: route.fulfill(status=400, json={"error": "engraving scores needs verovio: pip install it"}),
    )
    compose(page)
    page.get_by_role("button", name="Score", exact=True).click()
    expect(page.get_by_text("Engraving scores needs verovio: pip install it")).to_be_visible()
