"""What every command says of itself; the words, since each version of Python lays them out in its own way."""

import re
from typing import Any

from tests.golden.driving import OTHERS, RUNTIME, run
from tests.golden.stored import check


def words_of(text: str) -> list[str]:
    """The words, with a line for each flag: the same for all versions of Python, and for flags of any width."""
    text = re.sub(r"(?<=\w)-\s+(?=\w)", "-", text)  # a word with a hyphen, broken at it
    text = " ".join(text.split())
    # "-o FILE, --output FILE" up to Python 3.12, "-o, --output FILE" since.
    text = re.sub(r"(-\w) (\S+), (--[\w-]+ \2)", r"\1, \3", text)
    return re.split(r"(?<!,) (?=[\[(]?--?\w|positional arguments:|options:|recipe:|COMMAND )", text)


def test_help() -> None:
    found: dict[str, Any] = {}
    for command in ("", *RUNTIME, *OTHERS):
        outcome = run(*command.split(), "--help")
        assert (outcome.code, outcome.err) == (0, "")
        found[command or "(no command)"] = words_of(outcome.out)
    check("help", found)


def test_versions_of_python_say_the_same() -> None:
    old = "  -o FILE.wav, --output FILE.wav\n              .wav, .flac or real-\n              time\n  --x"
    new = "  -o, --output FILE.wav .wav, .flac or\n       real-time\n --x\n"
    assert words_of(old) == words_of(new) == ["-o, --output FILE.wav .wav, .flac or real-time", "--x"]
