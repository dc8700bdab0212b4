"""The files in docs/ that are more than text, and the links between the pages."""

import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from recipes.docs_site.diagrams import FENCE, is_drawn, picture_of, with_picture

DOCS = Path(__file__).parents[1] / "docs"
DECISIONS = DOCS / "decisions"
PAGES = sorted(DOCS.glob("*.md"))
DAWS = ("ardour", "bitwig", "cubase", "fl-studio", "live", "logic", "reaper")


def test_the_launchd_agent_plays_and_is_restarted_after_a_failure_only() -> None:
    agent = plistlib.loads((DOCS / "lstm-composer.plist").read_bytes())
    assert agent["Label"] == "lstm-composer"
    shell, option, line = agent["ProgramArguments"]
    assert (shell, option) == ("/bin/sh", "-c")
    assert line.startswith('exec "$HOME/.local/bin/lstm-composer" play --style bach --sync midi >>')
    assert subprocess.run([shell, "-n", option, line], check=False).returncode == 0
    assert (agent["RunAtLoad"], agent["KeepAlive"]) == (True, {"SuccessfulExit": False})


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "lstm-composer.service"
    text = (DOCS / "lstm-composer.service").read_text(encoding="utf-8")
    # Nobody has installed the program there.
    unit.write_text(text.replace("%h/.local/bin/lstm-composer", "/bin/true"), encoding="utf-8")
    result = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(unit)],
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, [line for line in result.stderr.splitlines() if unit.name in line]) == (0, [])


@pytest.mark.parametrize("daw", DAWS)
def test_every_daw_has_a_page_that_says_what_was_tried(daw: str) -> None:
    page = (DOCS / f"daw-{daw}.md").read_text(encoding="utf-8")
    assert "What was tried: " in page
    assert "\n## Ports\n" in page
    assert f"(daw-{daw}.md)" in (DOCS / "daw.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)(#[^)\s]*)?\)", page.read_text(encoding="utf-8"))
    for target, place in links:
        if target.startswith(("http:", "https:")):
            continue
        file = (page.parent / target) if target else page
        assert file.exists(), target
        if place:
            assert place.removeprefix("#") in places(file), f"{target}{place}"


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"^\d+\. \[.*\]\((.*)\)$", (DECISIONS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == sorted(page.name for page in DECISIONS.glob("0*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_has_its_place_on_the_site(page: Path) -> None:
    settings = (DOCS.parent / "recipes" / "docs_site" / "conf.py").read_text(encoding="utf-8")
    daw = page.stem.removeprefix("daw-")
    assert f'"{daw}"' in settings if daw != page.stem else re.search(rf'["<]docs/{page.stem}[">]', settings)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_diagram_of_a_page_is_drawn_as_it_is_now(page: Path) -> None:
    assert is_drawn(page), "run recipes/docs_site/draw_diagrams.py"


def test_a_diagram_that_was_changed_is_not_drawn(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    page.write_text(text, encoding="utf-8")
    shutil.copy(picture_of(DOCS / "architecture.md"), picture_of(page))
    assert is_drawn(page)
    shown = with_picture(text, page)
    assert (FENCE.search(shown), shown.count("<svg"), shown.count("```{raw} html")) == (None, 1, 1)
    page.write_text(text.replace("music files", "more files"), encoding="utf-8")
    assert not is_drawn(page)


def places(page: Path) -> list[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
