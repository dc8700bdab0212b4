"""Maps as files: what is read, what is refused and why, and what is left alone when something learnt is added."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import InputError, MissingError
from runtime.parameters.midi_map import OFF, Binding, ControlMap, Slot
from runtime.parameters.midi_map_file import default_path, keep_learnt, read_map
from runtime.parameters.parameters import Parameters
from runtime.parameters.table import CONTROLLABLE

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


CHANNELS = st.one_of(st.none(), st.integers(1, 16))
PLACES = st.floats(0, 1)
NAMES = st.sampled_from(list(CONTROLLABLE))
WITH_TRAVEL = [name for name, row in CONTROLLABLE.items() if not row.has_steps and name != "velocity"]
BINDINGS = st.one_of(
    st.builds(Binding, NAMES),
    st.builds(
        Binding,
        st.sampled_from(WITH_TRAVEL),
        st.tuples(PLACES, PLACES),
    ),
)


@given(learnt=st.dictionaries(st.tuples(st.integers(0, 127), CHANNELS), BINDINGS, max_size=8))
def test_what_was_learnt_is_there_at_the_next_start(
    learnt: dict[Slot, Binding], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("maps") / "configuration" / "map.toml"
    keep_learnt(path, learnt)
    assert read_map(path, AT_FIRST, STYLES) == ControlMap(learnt=learnt)


def test_the_rest_of_the_file_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    text = '# of my Launchkey\n[controllers]   # from the left\n21 = "temperature"\n\n[notes]\n36 = "new" # pad 1\n'
    path.write_text(text)
    keep_learnt(path, {(30, 2): Binding("density")})
    once = path.read_text()
    assert once.startswith(text)
    keep_learnt(path, {(30, 2): Binding("density", (0.0, 0.5)), (31, 1): Binding("swing")})
    twice = path.read_text()
    assert twice.startswith(text)
    assert twice.count("[learnt]") == 1
    assert tomllib.loads(twice)["learnt"] == {
        "30": [{"knob": "density", "low": 0.0, "high": 0.5, "channel": 2}],
        "31": [{"knob": "swing", "channel": 1}],
    }
    keep_learnt(path, {})
    assert path.read_text() == text


def test_a_table_behind_what_was_learnt_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text('[learnt]\n1 = "swing"\n[notes]\n36 = "new"\n')
    keep_learnt(path, {(2, None): Binding("swing")})
    assert tomllib.loads(path.read_text()) == {"notes": {"36": "new"}, "learnt": {"2": [{"knob": "swing"}]}}


@pytest.mark.parametrize("text", ["[controllers\n", 'learnt = {1 = "swing"}\n', 'learnt.1 = "swing"\n', b"\xff"])
def test_a_map_that_was_spoilt_meanwhile_is_left_as_it_is(text: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"my\.toml can"):
        keep_learnt(path, {(2, None): Binding("swing")})
    assert path.read_bytes() == data


def test_a_byte_order_mark_is_passed_over_and_gone_after_learning(tmp_path: Path) -> None:
    text = '[controllers]\n21 = "temperature"\n'
    assert read(b"\xef\xbb\xbf" + text.encode(), tmp_path) == read(text, tmp_path)
    path = tmp_path / "my.toml"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    keep_learnt(path, {(2, None): Binding("swing")})
    assert path.read_text().startswith(text)
    assert read_map(path, AT_FIRST, STYLES).learnt == {(2, None): Binding("swing")}


def test_only_the_line_breaks_of_toml_break_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    text = '[notes]\n36 = "new"  # a\u2028remark\x85of\x0bold\n'
    path.write_bytes(text.replace("\x0b", "").encode())
    keep_learnt(path, {(2, None): Binding("swing")})
    assert path.read_bytes().decode().startswith(text.replace("\x0b", ""))


def test_a_pipe_is_no_map(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "my.toml")
    with pytest.raises(InputError, match="it is a pipe, not a file"):
        read_map(tmp_path / "my.toml", AT_FIRST, STYLES)
    with pytest.raises(InputError, match="it is a pipe, not a file"):
        keep_learnt(tmp_path / "my.toml", {(2, None): Binding("swing")})


def test_a_link_to_a_map_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("")
    link = tmp_path / "my.toml"
    link.symlink_to(tmp_path / "real.toml")
    keep_learnt(link, {(2, None): Binding("swing")})
    assert link.is_symlink()
    assert "swing" in (tmp_path / "real.toml").read_text()


def test_no_place_to_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((MissingError, InputError), match=r"map\.toml cannot be"):
        keep_learnt(tmp_path / "file" / "map.toml", {(2, None): Binding("swing")})
