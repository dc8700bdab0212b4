"""What was learnt, as a file: it is there at the next start, and whatever is wrong, nothing is lost."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import ComposerError, InputError, MissingError
from lstm_composer.runtime.parameters.learnt_file import LearntFile, learnt_path
from lstm_composer.runtime.parameters.midi_map import OFF, Binding, Slot
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.table import CONTROLLABLE

STYLES = ("bach", "joplin")
AT_FIRST = Parameters(style=(1.0, 0.0), temperature=(0.9,) * 4, min_p=0.03)
SWING: dict[Slot, Binding] = {(2, None): Binding("swing")}
CHANNELS = st.one_of(st.none(), st.integers(1, 16))
PLACES = st.floats(0, 1)
WITH_TRAVEL = [name for name, row in CONTROLLABLE.items() if not row.has_steps and not row.can_be_off]
BINDINGS = st.one_of(
    st.builds(Binding, st.sampled_from([*CONTROLLABLE, OFF])),
    st.builds(Binding, st.sampled_from(WITH_TRAVEL), st.tuples(PLACES, PLACES)),
)


def file_at(path: Path) -> LearntFile:
    return LearntFile(path, AT_FIRST, STYLES)


@pytest.mark.parametrize(
    ("map_path", "learnt"),
    [("a/map.toml", "a/learnt.toml"), ("b/studio.toml", "b/studio-learnt.toml"), ("pads", "pads-learnt.toml")],
)
def test_the_file_is_beside_the_map(map_path: str, learnt: str) -> None:
    assert learnt_path(Path(map_path)) == Path(learnt)


@given(learnt=st.dictionaries(st.tuples(st.integers(0, 127), CHANNELS), BINDINGS, max_size=8))
def test_what_was_learnt_is_there_at_the_next_start(
    learnt: dict[Slot, Binding], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = file_at(tmp_path_factory.mktemp("maps") / "configuration" / "learnt.toml")
    assert file.read() == {}
    file.write(SWING)
    file.write(learnt)
    assert file.read() == learnt


def test_the_file_says_what_it_is_and_can_be_read_by_people(tmp_path: Path) -> None:
    file = file_at(tmp_path / "learnt.toml")
    file.write({(31, 1): Binding("swing"), (30, 2): Binding("density", (0.0, 0.5)), (30, None): Binding("mute")})
    text = file.path.read_text()
    assert text.startswith("# Written by the commands learn and unlearn")
    assert tomllib.loads(text)["learnt"] == {
        "30": [{"knob": "mute"}, {"knob": "density", "low": 0.0, "high": 0.5, "channel": 2}],
        "31": [{"knob": "swing", "channel": 1}],
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[learnt", "the file is not valid TOML (Expected ']' at the end of a table declaration (at end of document))"),
        (b"\xff", "the file is not UTF-8 text (byte 0xff at 0): save it as UTF-8: mend it, or remove it"),
        ("[controllers]", "'controllers' is unknown: choose one of learnt"),
        ("[learnt]\n22 = 'dens'", "learnt.22: knob 'dens' is unknown: choose one of temperature, min-p"),
        ("[learnt]\n200 = 'swing'", "learnt.200: '200' is not allowed: give a whole number from 0 to 127"),
        (f"[learnt]\n22 = {{knob = 'swing', low = 0x{5000 * 'f'}, high = 1}}", "a number in it is too long: mend it"),
    ],
)
def test_a_damaged_file_is_named_and_never_written_over(text: str | bytes, why: str, tmp_path: Path) -> None:
    file, data = file_at(tmp_path / "learnt.toml"), text.encode() if isinstance(text, str) else text
    file.path.write_bytes(data)
    for use in (file.read, lambda: file.write(SWING)):
        with pytest.raises(InputError) as error:
            use()
        assert str(error.value).startswith(f"learnt controllers {file.path}: {why}")
    assert file.path.read_bytes() == data


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_at(tmp_path / "learnt.toml")
    file.write(SWING)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fail)
        with pytest.raises(
            MissingError, match=r"learnt\.toml cannot be written \(No space left on device\): make room"
        ):
            file.write({})
    assert file.read() == SWING
    assert [path.name for path in tmp_path.iterdir()] == ["learnt.toml"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("")
    link = tmp_path / "learnt.toml"
    link.symlink_to(tmp_path / "real.toml")
    file_at(link).write(SWING)
    assert link.is_symlink()
    assert file_at(tmp_path / "real.toml").read() == SWING


def test_no_place_to_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ComposerError, match=r"learnt\.toml cannot be written"):
        file_at(tmp_path / "file" / "learnt.toml").write(SWING)
