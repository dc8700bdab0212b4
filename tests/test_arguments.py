"""Every flag of every command takes odd values in words: what is wrong is one line, and nothing else is raised."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstm_composer.export.cli
import lstm_composer.runtime.cli.main
import lstm_composer.trainer.cli.advise
import lstm_composer.trainer.cli.evaluate
import lstm_composer.trainer.cli.train
from lstm_composer.runtime.cli.options import OneLineParser, as_number, as_whole, given_path, number, shown, whole
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.process_exit import tell
from lstm_composer.runtime.system.visible_text import visible

WORDS = r"""
- -- --- --help= --seed -o -1 --= =
nan -nan inf -inf infinity -0 +0 0 1 +1 1. .5 ..5 1e309 -1e309 1e-400 1e e1 1e1e1 1e99999999 0x10 0b1 0o7 1_000 _1 1_
1,5 1.2.3 ٣ ² ½ ५ 4/4 4/0 0/4 /4 4/ 4/4/4 -4/4 1e400/4 ٤/٤
/ . .. /dev/null /dev/full /dev/stdin ~ ~nosuchuser/x con \\?\C:
é 日本 🎹 %s %(prog)s % %% {} {0} {a} [red] [/] $HOME `id` ' " \ * ? # @ : None null true False best last []
bach: : :1 bach:1e309 bach:nan bach:-1 bach:0 bach:1:1 bach, ,bach , bach,bach @ @1 bach@ bach@0 bach@17 bach@99
bach@1@1 bach@1, bach@1,bach@1 bach@٣ bach@1.5 bach@-1 AABA A1 a-b 0:0 host: :9000 host:99999 [::1]:1 host:٣ 1:2:3
"""
ODD = [
    *WORDS.split(),
    *("", " ", "\n", "\t", "\r\n", "\u00a0", "\u200b", "5 ", " 5", "A B", "a\tb", "a\nb"),
    *("\udce9", "\ud800", "\x1b[31m", "\x07", "\x7f", "\u202e", "\u2028", "\ufeff"),
    *("9" * 30, "9" * 400, "9" * 5000, "-" + "9" * 5000, "0" * 5000, "0." + "9" * 5000, "1e" + "9" * 400),
    "9" * 400 + "/4",
    *("a/" * 3000, "n" * 300, "a" * 10_000, "\udce9" * 1000, "x" * 63, "x" * 64, "A" * 100),
]
NEEDED = {
    "play": ["--style", "x"],
    "write": ["--style", "x", "--output", "x", "--bars", "1"],
    "render": ["a.mid", "--output", "b.wav"],
    "train": ["folder", "--name", "x"],
    "advise": ["run"],
    "evaluate": ["run"],
    "export": ["--epoch", "1"],
}


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    (commands,) = (
        action
        for action in lstm_composer.runtime.cli.main._parser([])._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    yield from commands.choices.items()
    yield "train", lstm_composer.trainer.cli.train._parser()
    yield "advise", lstm_composer.trainer.cli.advise._parser()
    yield "evaluate", lstm_composer.trainer.cli.evaluate._parser()
    yield "export", lstm_composer.export.cli._parser()


def flags() -> list[tuple[str, argparse.ArgumentParser, argparse.Action]]:
    return [
        (name, parser, action)
        for name, parser in parsers()
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction)
    ]


def lines_for(name: str, action: argparse.Action, value: str) -> list[list[str]]:
    """Command lines in which a flag, or what stands without one, has a value."""
    needed = NEEDED.get(name, [])
    if not action.option_strings:
        rest = needed[1:] if needed and not needed[0].startswith("-") else needed
        return [[value, *rest], [*rest, "--", value]]
    flag = action.option_strings[-1]
    return [[*needed, f"{flag}={value}"], [*needed, flag, value]]


@pytest.mark.parametrize(
    ("name", "action", "parser"),
    [pytest.param(name, action, parser, id=f"{name} {action.dest}") for name, parser, action in flags()],
)
def test_odd_values_are_taken_or_refused_in_words(
    name: str, action: argparse.Action, parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in ODD:
        for line in lines_for(name, action, value):
            try:
                parser.parse_args(line)
            except InputError as error:
                tell(str(error))
            except SystemExit as ended:
                assert ended.code == 0  # noqa: PT017 - an abbreviation of --help
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("lstm-composer: ") and len(line) < 1300 for line in lines)
    assert [visible(line) for line in lines] == lines


def test_how_many_are_tried() -> None:
    assert len(ODD) * 2 > 300
    assert len(flags()) > 90


@pytest.mark.parametrize("flag", ["--take", "--style", "--port-name", "--map"])
def test_two_dashes_are_a_value_where_they_are_given_as_one(flag: str) -> None:
    play = dict(parsers())["play"]
    needed = [] if flag == "--style" else ["--style", "x"]
    given_value = getattr(play.parse_args([*needed, f"{flag}=--"]), flag[2:].replace("-", "_"))
    assert str(given_value) == "--"
    assert isinstance(given_value, Path if flag in ("--take", "--map") else str)


def test_two_dashes_where_a_value_may_be_left_out() -> None:
    doctor = dict(parsers())["doctor"]
    with pytest.raises(InputError, match="argument --lateness: -- is not allowed: give a number from 1 to 600"):
        doctor.parse_args(["--lateness=--"])


def test_choices_hold_for_two_dashes_too() -> None:
    parser = OneLineParser(prog="x")
    parser.add_argument("--one", choices=("a", "b"))
    with pytest.raises(InputError, match="argument --one: invalid choice: '--'"):
        parser.parse_args(["--one=--"])


def path_flags() -> list[tuple[argparse.ArgumentParser, str, argparse.Action]]:
    return [(parser, name, action) for name, parser, action in flags() if action.type is given_path]


def test_an_empty_path_is_refused_everywhere() -> None:
    assert len(path_flags()) > 15
    assert not [name for name, _, action in flags() if action.type is Path]
    for parser, name, action in path_flags():
        with pytest.raises(InputError, match="an empty name is not allowed: name a file or a folder"):
            parser.parse_args(lines_for(name, action, "")[0])


@pytest.mark.parametrize(("name", "shown_as"), [("a\0b", r"a\\x00b"), ("\ud800", r"\\ud800")])
def test_a_name_that_no_file_can_have_is_refused(name: str, shown_as: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"{shown_as} is not allowed: no file can be called so"):
        given_path(name)


@pytest.mark.parametrize(
    ("given_text", "value"),
    [
        ("1", 1.0),
        ("-0", 0.0),
        ("+1.5", 1.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("1e3", 1000.0),
        (" 7 ", 7.0),
        ("1e309", float("inf")),
    ],
)
def test_numbers(given_text: str, value: float) -> None:
    assert as_number(given_text) == value


@pytest.mark.parametrize("given_text", ["", " ", "nan", "inf", "1_0", "٣", "0x1", "1e", "--", "\n1", "1\n"])
def test_what_is_no_number(given_text: str) -> None:
    assert as_number(given_text) != as_number(given_text)
    assert as_whole(given_text) is None


def test_whole_numbers() -> None:
    assert [as_whole(one) for one in ("0", "007", "12", "9" * 20, "0" * 5000 + "1")] == [0, 7, 12, 10**20 - 1, 1]
    assert [as_whole(one) for one in ("9" * 21, "-1", "+1", "1.0", "²")] == [None] * 5


@given(st.text())
def test_any_text_is_a_number_within_bounds_or_refused(text: str) -> None:
    for read in (whole(1, 16), number(0.5, 16)):
        try:
            assert 0.5 <= read(text) <= 16
        except argparse.ArgumentTypeError as error:
            assert visible(str(error)) == str(error)  # noqa: PT017 - either of two is right
            assert len(str(error)) < 200  # noqa: PT017


@given(st.text())
def test_a_value_is_repeated_on_one_line_at_no_length(text: str) -> None:
    repeated = shown(text)
    assert 0 < len(repeated) <= 62
    assert "\n" not in repeated
