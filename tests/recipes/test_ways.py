"""The ways of installing that recipes/trials/install_ways.py tries are those that docs/install.md names."""

from pathlib import Path

import pytest

from recipes.trials.ways import WAYS, Way

PAGE = (Path(__file__).parents[2] / "docs" / "install.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("way", [way for way in WAYS if way.name != "uv, by name"], ids=lambda way: way.name)
def test_what_is_tried_is_what_the_page_says(way: Way) -> None:
    lines = [line.strip() for line in PAGE.splitlines() if line.startswith("    ")]
    for line in (*way.install, f"{way.program}lstm-composer panel", *way.uninstall):
        assert line in lines
