"""Draw the mermaid diagrams of docs/ into the SVG files that the site shows.

Run: python recipes/docs_site/draw_diagrams.py MERMAID     (needs Chromium, and the extra dev)

MERMAID is the file dist/mermaid.min.js of the npm package mermaid; these were drawn by version 12.3.0.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from recipes.docs_site.diagrams import FENCE, mark, picture_of

DOCS: Final = Path(__file__).parents[2] / "docs"
COLOURS: Final = {
    "#fafbfc": "var(--color-background-secondary)",
    "#d0d1d2": "var(--color-foreground-border)",
    "#101112": "var(--color-foreground-primary)",
    "#606162": "var(--color-foreground-secondary)",
    "#fdfefd": "var(--color-background-primary)",
}
"""What mermaid is given, since it reckons with colours; and in its place the colours of the page, by day and night."""
_DRAW: Final = """async ([source, [fill, border, text, line, label]]) => {
    mermaid.initialize({
        startOnLoad: false, theme: 'base', htmlLabels: false,
        flowchart: { htmlLabels: false, useMaxWidth: true, wrappingWidth: 400 },
        deterministicIds: true, fontFamily: 'inherit',
        themeVariables: {
            primaryColor: fill, primaryBorderColor: border, primaryTextColor: text, lineColor: line,
            edgeLabelBackground: label, mainBkg: fill, nodeBorder: border, textColor: text, nodeTextColor: text,
        },
    });
    return (await mermaid.render('diagram', source)).svg;
}"""


def main(mermaid: str) -> None:
    """Draw the one diagram of each page that has one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.set_content("<body style='font-family: sans-serif'></body>")
        page.add_script_tag(path=mermaid)
        for text in sorted(DOCS.glob("*.md")):
            found = FENCE.search(text.read_text(encoding="utf-8"))
            if not found:
                continue
            drawn: str = page.evaluate(_DRAW, [found[1], [*COLOURS]])
            for given, shown in COLOURS.items():
                drawn = drawn.replace(given, shown)
            picture = picture_of(text)
            picture.write_text(f"{mark(found[1])}\n{drawn}\n", encoding="utf-8")
            print(f"{picture.name}: {picture.stat().st_size} bytes")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
