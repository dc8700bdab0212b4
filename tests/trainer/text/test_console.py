"""Texts of others on the terminal and in Markdown: shown, never obeyed."""

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress
from rich.table import Table

from lstm_composer.trainer.sweep.results import RunResult, page, terminal_table
from lstm_composer.trainer.text.console import PlainConsole, cell, described
from lstm_composer.trainer.text.markdown import plain

STRANGE = [
    ("[red]x[/]", "[red]x[/]"),
    ("[/]", "[/]"),
    (":smile:", ":smile:"),
    ("a\x1b[31mb", r"a\x1b[31mb"),
    ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
    ("a\r\nb", r"a\r\nb"),
    ("F\udcfcr", r"F\xfcr"),
    ("\u202eabc", r"\u202eabc"),
]


def console(*, terminal: bool = False) -> tuple[PlainConsole, StringIO]:
    file = StringIO()
    return PlainConsole(file=file, force_terminal=terminal, width=200, color_system=None), file


@pytest.mark.parametrize(("text", "shown"), STRANGE)
@pytest.mark.parametrize("terminal", [False, True])
def test_a_text_is_shown(text: str, shown: str, terminal: bool) -> None:  # noqa: FBT001 - a column of the table
    screen, file = console(terminal=terminal)
    screen.print(f"{text} was read")
    assert file.getvalue() == f"{shown} was read\n"


@pytest.mark.parametrize(("text", "shown"), STRANGE)
def test_a_cell_of_a_table(text: str, shown: str) -> None:
    screen, file = console()
    table = Table("name")
    table.add_row(cell(text))
    screen.print(table)
    assert f" {shown} " in file.getvalue()
    screen.print(terminal_table([RunResult("x", {"a": text}, {"folder": "x"}, "failed", text)]))
    assert f"failed: {shown} " in file.getvalue()


def test_a_progress_bar() -> None:
    screen, file = console(terminal=True)
    with Progress(described(), console=screen) as progress:
        progress.add_task("[red]a:smile:", total=None)
    assert "[red]a:smile:" in file.getvalue()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("good_0.mid", "good_0.mid"),
        ("a|b", r"a\|b"),
        ("a\\|b", r"a\\\|b"),
        ("a\r\n# b", r"a\\r\\n# b"),
        ("# a", r"\# a"),
        ("<script>", r"\<script\>"),
        ("![x](http://y)", r"!\[x\](http://y)"),
        ("`x` *y* _z_", r"\`x\` \*y\* \_z\_"),
    ],
)
def test_markdown(text: str, written: str) -> None:
    assert plain(text) == written


@given(st.text())
def test_a_text_never_leaves_its_cell(text: str) -> None:
    lines = page("s", [RunResult(text, {}, {"folder": "x"}, "failed", text)]).splitlines()
    [row] = [line for line in lines if line.startswith("| ") and "not judged" in line]
    unescaped = row.replace("\\\\", "").replace("\\|", "")
    assert unescaped.count("|") == 8
