"""Maps as files: what is read, what is refused and why."""

import os
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.parameters.midi_map import OFF, Binding, ControlMap
from lstm_composer.runtime.parameters.midi_map_file import default_path, read_map
from lstm_composer.runtime.parameters.parameters import Parameters

STYLES = ("bach", "joplin")
AT_FIRST = Parameters(style=(1.0, 0.0), temperature=(0.9,) * 4, min_p=0.03)
FULL = """
default = false

[controllers]
21 = "temperature"
22 = {knob = "density", low = -0.5, high = 0.5, channel = 3}
24 = [{knob = "swing", channel = 1}, {knob = "morph", low = 0, high = 1}]
74 = "off"

[notes]
36 = "new"
37 = [{say = "key C minor", channel = 10}]

[programs]
5 = "style bach:0.5,joplin:0.5"

[learnt]
21 = "min-p"
"""


def read(text: str | bytes, folder: Path) -> ControlMap:
    path = folder / "my.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_map(path, AT_FIRST, STYLES)


def test_a_whole_map(tmp_path: Path) -> None:
    assert read(FULL, tmp_path) == ControlMap(
        learnt={(21, None): Binding("min-p")},
        controllers={
            (21, None): Binding("temperature"),
            (22, 3): Binding("density", (-0.5, 0.5)),
            (24, 1): Binding("swing"),
            (24, None): Binding("morph", (0.0, 1.0)),
            (74, None): Binding(OFF),
        },
        notes={(36, None): "new", (37, 10): "key C minor"},
        programs={(5, None): "style bach:0.5,joplin:0.5"},
        default=False,
    )


def test_an_empty_map_is_the_default_map(tmp_path: Path) -> None:
    assert read("", tmp_path) == ControlMap()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "[controllers",
            "it is not valid TOML (Expected ']' at the end of a table declaration (at end of document)): mend it",
        ),
        (b"\xff", "it is not UTF-8 text (byte 0xff at 0): save it as UTF-8: mend it"),
        ("x = " + 2000 * "[", "it is nested too deep"),
        ("default = 1", "default: 1 is not allowed: give true or false"),
        ("[controlers]", "'controlers' is unknown: choose one of default, controllers, notes, programs, learnt"),
        ("controllers = 3", "controllers: 3 is not allowed: write [controllers] and a line for each number below it"),
        ("[controllers]\n128 = 'swing'", "controllers.128: '128' is not allowed: give a whole number from 0 to 127"),
        ("[controllers]\n-1 = 'swing'", "controllers.-1: '-1' is not allowed: give a whole number from 0 to 127"),
        ("[controllers]\nwheel = 'swing'", "controllers.wheel: 'wheel' is not allowed"),
        (
            "[controllers]\n1.5 = 'swing'",
            "controllers.1: {'5': 'swing'} is not allowed: write \"density\", say, or {knob",
        ),
        ("[controllers]\n22 = 'dens'", "controllers.22: knob 'dens' is unknown: choose one of temperature, min-p"),
        ("[controllers]\n22 = 7", 'controllers.22: 7 is not allowed: write "density"'),
        ("[controllers]\n22 = {low = 0, high = 1}", "controllers.22: {'low': 0, 'high': 1} is not allowed"),
        ("[controllers]\n22 = {knob = 'swing', hi = 1}", "controllers.22: 'hi' is unknown: choose one of knob, low"),
        ("[controllers]\n22 = {knob = 'swing', low = 1}", "controllers.22: low and high go together: give both"),
        (
            "[controllers]\n22 = {knob = 'swing', low = 0, high = 2}",
            "controllers.22: swing 2: give a number from 0 to 1",
        ),
        ("[controllers]\n22 = {knob = 'swing', low = true, high = 1}", "controllers.22: low True is not allowed"),
        ("[controllers]\n22 = {knob = 'swing', low = 'a', high = 1}", "controllers.22: low 'a' is not allowed"),
        ("[controllers]\n22 = {knob = 'swing', low = nan, high = 1}", "controllers.22: low nan is not allowed"),
        (f"[controllers]\n22 = {{knob = 'swing', low = 1{400 * '0'}, high = 1}}", "controllers.22: low 1000"),
        (f"[controllers]\n22 = {{knob = 'swing', low = 0x{5000 * 'f'}, high = 1}}", "a number in it is too long"),
        ("[controllers]\n22 = {knob = 'mute', low = 0, high = 1}", "controllers.22: mute has fixed places"),
        ("[controllers]\n22 = {knob = 'swing', channel = 0}", "controllers.22: channel 0 is not allowed: give a whole"),
        (
            "[controllers]\n22 = {knob = 'swing', channel = 17}",
            "controllers.22: channel 17 is not allowed: give a",
        ),
        ("[controllers]\n22 = {knob = 'swing', channel = true}", "controllers.22: channel True is not allowed"),
        ("[learnt]\n22 = 'dens'", "learnt.22: knob 'dens' is unknown"),
        ("[notes]\n36 = 'sing'", "notes.36: command 'sing' is unknown: temperature,"),
        ("[notes]\n36 = 7", "notes.36: 7 is not allowed: write a command line"),
        ("[notes]\n36 = {say = 'new', low = 1}", "notes.36: 'low' is unknown: choose one of say, channel"),
        ("[notes]\n36 = 'learn swing'", "notes.36: command 'learn' is unknown"),
        (
            "[programs]\n5 = 'style chopin'",
            "programs.5: style 'chopin' is not in this bundle, which holds bach, joplin",
        ),
    ],
)
def test_what_is_refused_is_named_by_file_and_key(text: str | bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read(text, tmp_path)
    assert str(error.value).startswith(f"map {tmp_path / 'my.toml'}: {why}")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"no\.toml: there is no such file; to learn into a new one, make an empty one"
    ):
        read_map(tmp_path / "no.toml", AT_FIRST, STYLES)
    with pytest.raises(InputError, match="it is a folder, not a file"):
        read_map(tmp_path, AT_FIRST, STYLES)


def test_the_users_own_map_is_in_the_folder_for_configuration() -> None:
    assert default_path().name == "map.toml"
    assert default_path().parent.name == "lstm-composer"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    text = '[controllers]\n21 = "temperature"\n'
    assert read(b"\xef\xbb\xbf" + text.encode(), tmp_path) == read(text, tmp_path)


def test_a_pipe_is_no_map(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "my.toml")
    with pytest.raises(InputError, match="it is a pipe, not a file"):
        read_map(tmp_path / "my.toml", AT_FIRST, STYLES)
