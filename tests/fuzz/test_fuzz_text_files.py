"""Maps, learnt controllers and sweep files, whatever is in them: bindings and runs, or one line with the reason."""

from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.parameters.learnt_file import LearntFile
from lstm_composer.runtime.parameters.midi_map_file import read_map
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.trainer.sweep.sweep_file import read_sweep

MAP = """
[controllers]
21 = "temperature"
"22@3" = { knob = "register low", low = 30, high = 60 }
[notes]
36 = "panic"
[programs]
5 = "style bach"
"""
LEARNT = """
[learnt]
30 = [{knob = "density", channel = 5}]
31 = [{knob = "swing", low = 1.0, high = 0.0, channel = 1}, {knob = "morph", channel = 2}]
"""
SWEEP = """
gpus = 0.5
[common]
folder = "music"
epochs = 3
[[run]]
name = "one"
[grid]
seed = [1, 2]
learning-rate = [0.001, 1e-4]
"""
SIGNS = ["=", "[", "]", "[[run]]", "[grid]", "[controllers]", '""', "{", "}", "\n", "#", "'", "\ufeff", "\x00"]
VALUES = ["21", "-1", "nan", "inf", "1e999", "0x7f", "9" * 5000, "true", "2026-11-28", '"\\u001b"', "[" * 50]
WORDS = st.sampled_from([*SIGNS, *VALUES, "name", "folder", "seed"])
EDITS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 12), WORDS | st.text(max_size=4)), max_size=5)
ANY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for place, removed, inserted in edits:
        at = place % (len(text) + 1)
        text = text[:at] + inserted + text[at + removed :]
    return text


def check(path: Path, text: str, read: Callable[[], object]) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read()
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 - whatever is raised
        assert len(str(error)) < 1000  # noqa: PT017


@ANY
@given(EDITS)
def test_any_map(tmp_path: Path, edits: list[tuple[int, int, str]]) -> None:
    path = tmp_path / "map.toml"
    styles = ["bach", "joplin"]
    knobs = Parameters(style=(1.0, 0.0), style_strength=1.0, temperature=(1.0,) * 4, min_p=0.0)
    check(path, edited(MAP, edits), lambda: read_map(path, knobs, styles))


@ANY
@example([(376, 1, "9" * 5000)])  # a name that is unknown is quoted
@given(EDITS)
def test_any_file_of_what_was_learnt(tmp_path: Path, edits: list[tuple[int, int, str]]) -> None:
    path = tmp_path / "learnt.toml"
    parameters = Parameters(style=(1.0, 0.0), temperature=(1.0,) * 4, min_p=0.0)
    check(path, edited(LEARNT, edits), LearntFile(path, parameters, ["bach", "joplin"]).read)


@ANY
@given(EDITS)
def test_any_sweep(tmp_path: Path, edits: list[tuple[int, int, str]]) -> None:
    path = tmp_path / "sweep.toml"
    (tmp_path / "music").mkdir(exist_ok=True)
    check(path, edited(SWEEP, edits), lambda: read_sweep(path))
