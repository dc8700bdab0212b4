"""Your own style in a real browser: music dropped, a training followed, found again, heard, exported and played."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, Route, expect

from lstm_composer.runtime.bundle.files import read_card
from lstm_composer.runtime.panel.training import processes
from tests.panel.browser.conftest import PHONE, OpenPage, PanelProcess, StartPanel
from tests.panel.browser.test_compose_page import AXE, LEVEL, until
from tests.support.walks import walk, write_midi

PROGRAM: Final = "tests.support.panel_of_small_trainings"
EVIL: Final = "<img src=x onerror=alert(1)>.mid"
LONG_MILLISECONDS: Final = 280_000.0
"""TensorFlow is loaded twice, on a machine that does other things too."""
DETAILS: Final = """async () => {
    const [{ id }] = (await (await fetch('/api/training')).json()).trainings;
    return (await fetch(`/api/training/${id}`)).json();
}"""
DROP: Final = """([name, text]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], name));
    const drop = new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.querySelector('.drop').dispatchEvent(drop);
}"""


@pytest.fixture
def pretending(surrounding: dict[str, str], tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings take moments, and a file `go` in their folder lets them end."""
    monkeypatch.setitem(surrounding, "PRETEND_BUNDLE", str(tiny_models / "tiny.onnx.json"))


@pytest.fixture
def school(start_panel: StartPanel, tmp_path: Path) -> Iterator[PanelProcess]:
    """A panel of small trainings; whatever it has begun is ended."""
    yield start_panel(program=PROGRAM)
    for folder in trainings(tmp_path):
        processes.end(folder)


def trainings(home: Path) -> list[Path]:
    return sorted((home / "lstm-composer" / "panel" / "training").glob("[0-9a-f]*"))


@pytest.fixture
def music(tmp_path: Path) -> list[Path]:
    """Ten small pieces, and two files of which nothing can be learned."""
    folder = tmp_path / "dropped"
    for seed in range(10):
        write_midi(folder / f"walk{seed}.mid", walk(seed, 40))
    (folder / EVIL).write_bytes(b"bad")
    write_midi(folder / "drums.mid", walk(9, 30), channel=9)
    return sorted(folder.iterdir())


def visit(page: Page) -> None:
    page.get_by_role("tab", name="Your style").click()
    expect(page.get_by_role("heading", name="Your styles")).to_be_visible()


def take_in(page: Page, files: list[Path]) -> None:
    page.locator("input[type=file]").first.set_input_files(files)


def train(page: Page, name: str) -> None:
    page.get_by_label("Name of the style").fill(name)
    page.get_by_role("button", name="Train", exact=True).click()


def ended(page: Page) -> Any:
    return page.locator(".training-head [role=status]").get_by_text("Trained")


@pytest.mark.timeout(1200)
def test_from_ten_files_to_a_style_that_composes(
    school: PanelProcess, start_panel: StartPanel, open_page: OpenPage, music: list[Path], tmp_path: Path
) -> None:
    """The whole way, with a tiny network; on it the panel is killed, and another one finds the training."""
    page = open_page(school)
    visit(page)
    take_in(page, music)
    expect(page.get_by_text("10 pieces to learn from, ")).to_contain_text("2 left out")
    page.get_by_role("radio", name="Nothing").check()
    train(page, "walks")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.context.close()
    school.process.send_signal(signal.SIGKILL)
    school.process.wait()
    [folder] = trainings(tmp_path)
    assert processes.at_work(folder) is not None

    page = open_page(start_panel(program=PROGRAM))
    visit(page)
    expect(ended(page)).to_be_visible(timeout=LONG_MILLISECONDS)
    found = page.evaluate(DETAILS)
    assert (found["phase"], found["problems"], found["exported"]) == ("done", [], None)
    assert [row["epoch"] for row in found["epochs"]] == [1, 2, 3, 4]
    assert [(saved["epoch"], saved["is_heard"], saved["loops"] is None) for saved in found["saved"]] == [
        (2, True, False),
        (4, True, False),
    ]
    assert {row["name"] for row in found["left_out"]} == {EVIL, "drums.mid"}
    assert found["advice"]
    page.get_by_role("button", name="Play epoch 4").click()
    until(page, LEVEL, lambda level: level > 0.001)
    page.get_by_role("button", name="Export epoch 2").click()
    page.get_by_role("button", name="Compose with it").click(timeout=LONG_MILLISECONDS)
    assert page.evaluate(DETAILS)["exported"] == 2
    [source] = read_card(tmp_path / "lstm-composer" / "models" / "walks.onnx.json").data
    assert (source.source, source.pieces) == ("walks: files of one's own", 10)
    expect(page.get_by_label("Style", exact=True)).to_have_value("walks")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".tab-compose .pieces li").get_by_text("walks", exact=True)).to_be_visible()


@pytest.mark.usefixtures("pretending")
def test_a_page_that_is_loaded_anew_finds_everything(
    school: PanelProcess, open_page: OpenPage, music: list[Path], tmp_path: Path
) -> None:
    page = open_page(school)
    visit(page)
    take_in(page, music)
    expect(page.get_by_text("11 pieces to learn from, ")).to_contain_text("1 left out")
    page.reload()
    expect(page.get_by_text("11 pieces to learn from, ")).to_contain_text("1 left out")
    train(page, "mine")
    expect(page.get_by_text("Learning: 1 of at most 4 epochs")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Learning: 1 of at most 4 epochs")).to_be_visible()
    other = open_page(school)  # two pages at once: both are right
    visit(other)
    page.get_by_role("button", name="Stop").click()
    for one in (page, other):
        expect(one.locator(".training-head [role=status]")).to_have_text("Stopped")
    [folder] = trainings(tmp_path)
    (folder / "go").touch()
    page.get_by_role("button", name="Resume").click()
    expect(ended(page)).to_be_visible()
    expect(page.locator(".training-head .advice")).to_have_text("Take epoch 3")
    expect(page.locator(".samples .badge")).to_have_text("the one to take")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("button", name="Compose with it")).to_be_visible()
    page.get_by_role("button", name="Play it live").click()
    expect(page.locator("#live-style")).to_have_value("mine")
    visit(page)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete this style").click()
    expect(page.get_by_text("Drop music here")).to_be_visible()
    assert not folder.exists()


@pytest.mark.usefixtures("pretending")
def test_train_waits_for_files_that_are_on_their_way(
    school: PanelProcess, open_page: OpenPage, music: list[Path], tmp_path: Path
) -> None:
    """It would learn from some of the music, or say that there is none."""
    page = open_page(school)
    page.route("**/api/training/files/**", lambda _: None)  # until it is taken away
    visit(page)
    with page.expect_request("**/api/training/files/**"):
        take_in(page, music)
    page.get_by_label("Name of the style").fill("mine")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It begins as soon as all files are taken in.")).to_be_visible()
    page.unroute("**/api/training/files/**")
    expect(page.get_by_text("Learning: 1 of at most 4 epochs")).to_be_visible()
    [folder] = trainings(tmp_path)
    assert len(list((folder / "music").iterdir())) == len(music)
    assert page.locator(".toast").count() == 0


@pytest.mark.usefixtures("pretending")
def test_a_training_that_was_stopped_is_asked_which_epoch_to_take(
    school: PanelProcess, open_page: OpenPage, music: list[Path]
) -> None:
    page = open_page(school)
    visit(page)
    take_in(page, music)
    expect(page.get_by_text("11 pieces to learn from, ")).to_be_visible()
    train(page, "mine")
    expect(page.get_by_text("Learning: 1 of at most 4 epochs")).to_be_visible()
    which = page.get_by_role("button", name="Which epoch to take?")
    expect(which).to_have_count(0)
    page.get_by_role("button", name="Stop").click()
    which.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".training-head .advice")).to_have_text("Take epoch 1")
    expect(page.locator(".samples li", has_text="the one to take")).to_contain_text(
        "Epoch 1the one to take8.50 nats a note · neither goes round in circles nor copies"
    )
    expect(which).to_have_count(0)
    expect(page.get_by_role("heading", name="mine")).to_be_focused()


@pytest.mark.usefixtures("pretending")
def test_a_folder_is_dropped_with_all_that_is_in_it(
    school: PanelProcess, open_page: OpenPage, music: list[Path], tmp_path: Path
) -> None:
    """As a file manager drops it: the browser itself makes what the page is given, and reads the folder."""
    folder = tmp_path / "dropped"
    write_midi(folder / "more" / "deep" / "walk.mid", walk(20, 40))
    (folder / "more" / "notes.txt").write_text("words")
    single = tmp_path / "single.mid"
    write_midi(single, walk(21, 40))
    page = open_page(school)
    visit(page)
    place = page.locator(".drop").bounding_box()
    assert place is not None
    where = {"x": place["x"] + place["width"] / 2, "y": place["y"] + 30}
    data = {"items": [], "files": [str(folder), str(single)], "dragOperationsMask": 1}
    tools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        tools.send("Input.dispatchDragEvent", {"type": kind, "data": data, **where})
    expect(page.get_by_text("1 file of other kinds is passed over.")).to_be_visible()
    expect(page.get_by_text("13 pieces to learn from, ")).to_contain_text("1 left out")
    expect(page.locator(".music .file-name").filter(has_text="walk.mid")).to_have_count(1)
    assert "over" not in str(page.locator(".drop").get_attribute("class"))


@pytest.mark.usefixtures("pretending")
def test_names_are_text_and_refusals_are_one_line(school: PanelProcess, open_page: OpenPage) -> None:
    page = open_page(school)
    visit(page)
    train(page, "mine")
    expect(page.get_by_text("There is no music yet")).to_be_visible()
    expect(page.get_by_role("button", name="Choose files")).to_be_focused()
    page.evaluate(DROP, [EVIL, "bad"])
    expect(page.locator(".music .file-name")).to_have_text(EVIL)
    expect(page.locator(".music .files .meta")).to_have_text("left out: it is no music")
    page.evaluate(DROP, ["a.mid", "music"])
    expect(page.get_by_text("1 piece to learn from, ")).to_be_visible()
    page.evaluate(DROP, ["notes.txt", "words"])
    expect(page.get_by_text("1 file of other kinds is passed over.")).to_be_visible()
    train(page, "<img src=x onerror=alert(1)>")
    name = page.get_by_label("Name of the style")
    expect(name).to_have_accessible_description(re.compile("cannot name a bundle: use letters, digits, spaces"))
    expect(name).to_be_focused()
    train(page, "broken")
    expect(page.get_by_text("The training has failed: nothing can be learned")).to_be_visible()
    assert page.locator("img").count() == 0
    page.get_by_role("button", name=f"Remove {EVIL}").click()
    expect(page.locator(".music .file-name")).to_have_text(["a.mid"])


@pytest.mark.usefixtures("pretending")
def test_with_the_keyboard_only_on_a_phone_in_the_dark(
    school: PanelProcess, open_page: OpenPage, music: list[Path], tmp_path: Path
) -> None:
    page = open_page(school, PHONE, color_scheme="dark")
    page.get_by_role("tab", name="Compose").focus()
    for _ in range(8):
        if page.evaluate("document.activeElement.textContent") == "Your style":
            break
        page.keyboard.press("ArrowRight")
    page.locator("input[type=file]").first.set_input_files(music)
    expect(page.get_by_text("11 pieces to learn from, ")).to_be_visible()
    page.get_by_label("Name of the style").focus()
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Learning: 1 of at most 4 epochs")).to_be_visible()
    title = page.get_by_role("heading", name="mine")
    expect(title).to_be_focused()
    [folder] = trainings(tmp_path)
    (folder / "go").touch()
    expect(ended(page)).to_be_visible()
    page.get_by_role("button", name="Play epoch 4").focus()
    page.keyboard.press("Enter")
    until(page, LEVEL, lambda level: level > 0.001)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("button", name="Export", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Compose with it")).to_be_visible()
    expect(title).to_be_focused()


def test_a_new_style_is_not_begun_twice(school: PanelProcess, open_page: OpenPage, music: list[Path]) -> None:
    page = open_page(school)
    visit(page)
    page.get_by_role("button", name="New style", exact=True).click()
    expect(page.locator(".tab-training > .list li")).to_have_count(1)
    take_in(page, music[:1])
    expect(page.locator(".music .file-name")).to_have_count(1)
    page.get_by_role("button", name="New style", exact=True).click()
    expect(page.locator(".tab-training > .list li")).to_have_count(2)
    expect(page.locator(".music .file-name")).to_have_count(0)


def test_the_one_command_is_said_where_the_extra_is_missing(school: PanelProcess, open_page: OpenPage) -> None:
    line = 'training needs more than playing: pip install "lstm-composer[train]", then start the panel again'
    page = open_page(school)

    def answer(route: Route) -> None:
        found = route.fetch()
        route.fulfill(response=found, json={**found.json(), "missing": line})

    page.route("**/api/training", answer)
    visit(page)
    expect(page.get_by_role("note")).to_have_text(f"T{line[1:]}")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()


@pytest.mark.usefixtures("pretending")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(
    school: PanelProcess, open_page: OpenPage, music: list[Path], tmp_path: Path, scheme: str
) -> None:
    page = open_page(school, color_scheme=scheme)
    visit(page)
    take_in(page, music)
    expect(page.get_by_text("11 pieces to learn from, ")).to_be_visible()
    assert faults(page) == []
    train(page, "mine")
    expect(page.get_by_text("Learning: 1 of at most 4 epochs")).to_be_visible()
    assert faults(page) == []
    [folder] = trainings(tmp_path)
    (folder / "go").touch()
    expect(ended(page)).to_be_visible()
    assert faults(page) == []


def faults(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody out."""
    page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    return [f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in serious]
