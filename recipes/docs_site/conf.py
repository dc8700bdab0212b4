"""Sphinx's settings for `make docs`: the Markdown files of the repository, where they lie, as a site in build/docs.

The source folder is the repository itself, so that a link between two files is the same on the site, in a checkout and
wherever the repository is hosted; a link to a file that is no page, such as a script, leads to a copy of it. Nothing is
loaded from elsewhere when a page is read: no fonts, no scripts. docs/decisions/0009-docs-site.md says why Sphinx.

Sphinx is run in the folder of the repository, so that this file finds the modules beside it.
"""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx
from sphinx.util import logging

from recipes.docs_site.diagrams import is_drawn, with_picture

ROOT: Final = Path(__file__).parents[2]
CHAPTERS: Final = {
    "Begin": (
        "The first minute <self>",
        "Installing without a clone <docs/install>",
        "The panel <docs/panel>",
        "The app <docs/app>",
        "Playing: sound, clock, knobs <docs/playing>",
        "Scores <docs/score>",
        "Sixteen bars of each style <docs/styles/README>",
    ),
    "Into a DAW": (
        "DAWs and MIDI <docs/daw>",
        *(f"docs/daw-{name}" for name in ("ardour", "bitwig", "cubase", "fl-studio", "live", "logic", "reaper")),
        "docs/service",
    ),
    "Styles of your own": ("docs/training", "docs/bundles", "models/README", "The card of base <models/base>"),
    "For engineers": (
        "docs/api",
        "How it works <docs/architecture>",
        "docs/benchmarks",
        "docs/decisions/README",
        "CONTRIBUTING",
        "SECURITY",
        "Changes <CHANGELOG>",
    ),
}
"""What the list beside each page shows, in the order of a reader who has just come."""
SOUND: Final = re.compile(r'<a [^>]*href="([^"]+\.ogg)".*?</p>', re.DOTALL)
AFTER_THE_THEME: Final = 900

project = "LSTM Composer"
author = "LSTM Composer contributors"
version = release = str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
root_doc = "README"
source_suffix = {".md": "markdown"}
include_patterns = ["*.md", "docs/**.md", "models/*.md"]
exclude_patterns = [".*", "build", "dist"]
nitpicky = True

extensions = ["myst_parser"]
myst_heading_anchors = 4
smartquotes = False  # it makes a dash of the two hyphens of a flag

html_theme = "furo"
html_title = f"{project} {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#8a3b12", "color-brand-content": "#8a3b12"},
    "dark_css_variables": {"color-brand-primary": "#e59a6b", "color-brand-content": "#e59a6b"},
}
html_show_sourcelink = False
html_copy_source = False


def with_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Append the list of pages to the first one, which as a README is read without it."""
    if page == root_doc:
        for caption, pages in CHAPTERS.items():
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"
    elif page == "docs/decisions/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"


def with_diagrams(app: Sphinx, page: str, source: list[str]) -> None:
    """Put pictures in the place of diagrams; warn of one that is of another source."""
    file = ROOT / f"{page}.md"
    if is_drawn(file):
        source[0] = with_picture(source[0], file)
    else:
        logging.getLogger(__name__).warning(
            "the picture of its diagram is of another source: run recipes/docs_site/draw_diagrams.py", location=page
        )


def shown_in_place(app: Sphinx, page: str, template: str, context: dict[str, object], doctree: object) -> None:
    """Let the browser show texts and pictures that are linked, rather than keep them, and play sounds on the page."""
    body = str(context.get("body", "")).replace(' download=""', "")
    context["body"] = SOUND.sub(r'\g<0> <audio controls preload="none" src="\1"></audio>', body)


def reachable(app: Sphinx, page: str, template: str, context: dict[str, object], doctree: object) -> None:
    """Say what axe misses: of which level a caption is, and that what scrolls can be scrolled by keyboard."""
    body = str(context.get("body", "")).replace("<pre>", '<pre tabindex="0">')
    context["body"] = body.replace('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')
    tree = str(context.get("furo_navigation_tree", ""))
    context["furo_navigation_tree"] = tree.replace(' role="heading"', ' role="heading" aria-level="2"')


def with_index(app: Sphinx, exception: Exception | None) -> None:
    """Have the first page under the name that servers look for, too."""
    if exception is None and app.builder.name == "html":
        shutil.copyfile(Path(app.outdir, f"{root_doc}.html"), Path(app.outdir, "index.html"))


def setup(app: Sphinx) -> None:
    """Take part in the build."""
    app.connect("source-read", with_contents)
    app.connect("source-read", with_diagrams)
    app.connect("html-page-context", shown_in_place)
    app.connect("html-page-context", reachable, priority=AFTER_THE_THEME)
    app.connect("build-finished", with_index)
