"""The page for players has every parameter as the program has it."""

import pytest

from lstm_composer.runtime.parameters.table import PARAMETERS
from recipes.parameter_table import HEADING, PAGE, with_table


def test_the_page_has_the_table_of_the_program() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page), "write it anew: python recipes/parameter_table.py"


def test_a_table_of_before_is_replaced_and_the_text_around_it_is_kept() -> None:
    lines = with_table(f"above\n\n{HEADING}\n|---|\n| `loud` | | | |\n\nbelow\n").split("\n")
    rows = [line for line in lines if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [parameter.name for parameter in PARAMETERS]
    assert (lines[:2], lines[-3:]) == (["above", ""], ["", "below", ""])


def test_a_page_without_the_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in list"):
        with_table("nothing")
