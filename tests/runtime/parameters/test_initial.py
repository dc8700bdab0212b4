"""Knobs that are turned before the music starts."""

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.parameters.initial import apply_commands
from lstm_composer.runtime.parameters.parameters import Parameters

AT_FIRST = Parameters(style=(1.0, 0.0), temperature=(0.9,) * 4, min_p=0.03)


def test_lines_are_obeyed_in_order() -> None:
    knobs = apply_commands(
        ["key C minor", "register 40 80", "style joplin", "register 50 60"], AT_FIRST, ["bach", "joplin"]
    )
    assert (knobs.key, knobs.register, knobs.style, knobs.min_p) == ("C minor", (50, 60), (0.0, 1.0), 0.03)
    assert apply_commands([], AT_FIRST, ["bach", "joplin"]) == AT_FIRST


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("key H", "--set 'key H': key 'H' has no tonic"),
        ("", "--set '': command '' is unknown"),
        ("style satie", "--set 'style satie': style 'satie' is not in this bundle"),
        ("new", "--set 'new': this can be said only while it plays"),
        ("panic", "--set 'panic': this can be said only while it plays"),
        ("learn swing", "--set 'learn swing': command 'learn' is unknown"),
    ],
)
def test_what_cannot_be_turned_says_why(line: str, why: str) -> None:
    with pytest.raises(InputError) as error:
        apply_commands(["swing 1", line], AT_FIRST, ["bach", "joplin"])
    assert str(error.value).startswith(why)
