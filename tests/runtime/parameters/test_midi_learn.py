"""Move a knob to bind it."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.generation.ensemble import Ensemble
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.parameters.midi_learn import Learner
from lstm_composer.runtime.parameters.midi_map import Binding, Slot
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.table import CONTROLLABLE
from lstm_composer.runtime.session.control_inputs import open_control_inputs
from lstm_composer.runtime.session.live_control import ControllableStyle

STYLES = ("bach", "joplin")
AT_FIRST = Parameters(style=(1.0, 0.0), temperature=(0.9,) * 4, min_p=0.03)
FOREIGN = (bytes([0x90, 60, 64]), bytes([0xC0, 1]), bytes([0xB0, 123, 0]), bytes([0xE0, 0, 64]), bytes([0xB0]), b"")


class Taught(Learner):
    """A learner with all that it said and kept."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.kept: list[Mapping[Slot, Binding]] = []
        super().__init__(STYLES, tell=self.told.append, keep=self.keep)

    def keep(self, learnt: Mapping[Slot, Binding]) -> str:
        self.kept.append(learnt)
        return "in a list"

    def density(self, *message: int) -> float | None:
        """Where a message turns the density to."""
        change = self.read(bytes(message), AT_FIRST)
        return None if change is None or change.parameters == AT_FIRST else change.parameters.density


@pytest.fixture
def learner() -> Taught:
    return Taught()


def test_the_next_controller_that_moves_is_bound_and_turns_at_once(learner: Taught) -> None:
    assert learner.read("learn density", AT_FIRST) is None
    for message in FOREIGN:
        learner.read(message, AT_FIRST)
    assert learner.density(0xB4, 30, 127) == 1.0
    assert learner.density(0xB4, 31, 127) is None  # the next one after it is not
    assert learner.density(0xB4, 30, 0) == -1.0
    assert learner.density(0xB3, 30, 0) is None  # nor is another channel's
    assert learner.density(0xB3, 73, 0) == -1.0  # by default
    assert learner.told == [
        "move a controller: the next one that moves turns density (learn off: none)",
        "density is turned by controller 30 on channel 5 and by controller 73 from now on; kept in a list",
    ]
    assert learner.kept == [{(30, 5): Binding("density")}]


def test_a_controller_that_turned_something_else_turns_what_was_learnt(learner: Taught) -> None:
    learner.read("learn density -0.5 0.5", AT_FIRST)
    assert learner.density(0xB0, 1, 127) == 0.5
    change = learner.read(bytes([0xB0, 1, 0]), AT_FIRST)
    assert change is not None
    assert change.parameters.temperature == AT_FIRST.temperature


def test_none_is_waited_for_any_more(learner: Taught) -> None:
    learner.read("learn density", AT_FIRST)
    learner.read("Learn off", AT_FIRST)
    assert learner.density(0xB0, 30, 127) is None
    assert learner.told[1:] == ["no controller is waited for any more"]
    assert learner.kept == []


def test_the_latest_wish_counts(learner: Taught) -> None:
    learner.read("learn swing", AT_FIRST)
    learner.read("learn density", AT_FIRST)
    assert learner.density(0xB0, 30, 127) == 1.0
    assert learner.kept == [{(30, 1): Binding("density")}]


def test_what_was_learnt_is_forgotten(learner: Taught) -> None:
    for number in (30, 73):
        learner.read("learn swing", AT_FIRST)
        learner.read(bytes([0xB0, number, 1]), AT_FIRST)
    learner.read("unlearn swing", AT_FIRST)
    assert learner.density(0xB0, 73, 127) == 1.0
    assert learner.kept[-1] == {}
    assert learner.told[-1] == "swing is turned by controller 72 from now on; kept in a list"
    with pytest.raises(
        InputError, match="unlearn swing: no controller was learnt for it; swing is turned by controller"
    ):
        learner.read("unlearn swing", AT_FIRST)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("learn", "learn : name a knob, with low and high behind it or not, or say off"),
        ("learn loudness", "knob 'loudness' is unknown"),
        ("learn density 1", "learn density 1: name a knob, with low and high"),
        ("learn density a b", "learn density a b: a b are not two numbers"),
        ("learn density -3 3", "density -3: give a number from -1 to 1"),
        ("unlearn", "knob '' is unknown"),
        ("unlearn loudness", "knob 'loudness' is unknown"),
        ("loud", "command 'loud' is unknown"),
    ],
)
def test_what_cannot_be_learnt_says_why(learner: Taught, line: str, why: str) -> None:
    with pytest.raises(InputError) as error:
        learner.read(line, AT_FIRST)
    assert str(error.value).startswith(why)
    assert learner.density(0xB0, 30, 127) is None


@given(
    words=st.lists(
        st.one_of(
            st.sampled_from(["learn", "unlearn", "off", "1", "nan", "-inf", "9" * 400, *CONTROLLABLE]),
            st.text(max_size=4),
        ),
        max_size=5,
    )
)
def test_any_line_is_obeyed_or_refused(words: list[str]) -> None:
    learner = Taught()
    with suppress(InputError):
        learner.read(" ".join(words), AT_FIRST)
    learner.read(bytes([0xB0, 30, 64]), AT_FIRST)


def test_what_cannot_be_kept_is_learnt_all_the_same() -> None:
    def keep(_: Mapping[Slot, Binding]) -> str:
        raise MissingError("the disk is full")

    told: list[str] = []
    learner = Learner(STYLES, tell=told.append, keep=keep)
    learner.read("learn mute", AT_FIRST)
    change = learner.read(bytes([0xB0, 30, 127]), AT_FIRST)
    assert change is not None
    assert change.parameters.mute
    assert told[1].startswith("mute is turned by controller 30 on channel 1 and by controller 80 from now on")
    assert told[1].endswith("from now on, but not at the next start: the disk is full")


def never(line: str) -> None:
    pytest.fail(f"nothing is to be told, and this was: {line}")


@pytest.fixture
def steerable(tiny: Engine) -> ControllableStyle:
    return ControllableStyle(parameters=AT_FIRST, styles=STYLES, ensemble=Ensemble(tiny, [GraphInputs(style=(1.0,))]))


@pytest.mark.parametrize("given", [True, False])
def test_what_was_learnt_is_there_at_the_next_start(
    steerable: ControllableStyle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, given: bool
) -> None:
    path = tmp_path / "configuration" / "map.toml"
    monkeypatch.setattr("lstm_composer.runtime.session.control_inputs.default_path", lambda: path)
    named = tmp_path / "named.toml" if given else None
    if named is not None:
        named.write_text('# mine\n[controllers]\n9 = "swing"\n')
    told: list[str] = []
    with open_control_inputs(steerable, named, None, told.append) as inputs:
        assert inputs is not None
        inputs.read("learn min-p", AT_FIRST)
        inputs.read(bytes([0xB0, 9, 127]), AT_FIRST)
    kept = tmp_path / "named-learnt.toml" if given else path.with_name("learnt.toml")
    assert told[1].endswith(f"; kept in {kept}")
    assert kept.exists()
    assert not path.exists()
    assert named is None or named.read_text() == '# mine\n[controllers]\n9 = "swing"\n'
    with open_control_inputs(steerable, named, None, told.append) as inputs:
        assert inputs is not None
        change = inputs.read(bytes([0xB0, 9, 127]), AT_FIRST)
        assert change is not None
        assert change.parameters.min_p == 0.5


OLD_MAP = "[learnt]\n30 = 'swing'\n31 = 'density'\n"


def test_what_an_earlier_version_learnt_is_read_and_said(steerable: ControllableStyle, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(OLD_MAP)
    (tmp_path / "learnt.toml").write_text("[learnt]\n31 = 'min-p'\n")
    told: list[str] = []
    with open_control_inputs(steerable, tmp_path / "map.toml", None, told.append) as inputs:
        assert inputs is not None
        places = inputs.controllers_by_parameter()
        assert (places["swing"], places["min-p"], places["density"]) == (
            [(30, None), (72, None)],
            [(31, None), (71, None)],
            [(73, None)],
        )
        inputs.read("unlearn swing", AT_FIRST)
    of_map, ours = tmp_path / "map.toml", tmp_path / "learnt.toml"
    said, answer = told
    assert said == f"map {of_map}: [learnt] is still read, but what is learnt is kept in {ours}: move its lines there"
    assert answer.startswith(
        f"swing is turned by controller 72 from now on; kept in {ours}, but [learnt] in {of_map} has"
    )
    assert answer.endswith(" has it at the next start: take its line out there")
    assert (tmp_path / "map.toml").read_text() == OLD_MAP


def test_a_damaged_file_of_what_was_learnt_keeps_no_music_from_starting(
    steerable: ControllableStyle, tmp_path: Path
) -> None:
    (tmp_path / "map.toml").write_text("")
    (tmp_path / "learnt.toml").write_text("[learnt\n")
    told: list[str] = []
    with open_control_inputs(steerable, tmp_path / "map.toml", None, told.append) as inputs:
        assert inputs is not None
        inputs.read("learn swing", AT_FIRST)
        change = inputs.read(bytes([0xB0, 9, 127]), AT_FIRST)
        assert change is not None
        assert change.parameters.swing == 1.0
    wrong = f"learnt controllers {tmp_path / 'learnt.toml'}: the file is not valid TOML ("
    assert told[0].startswith(wrong)
    assert told[0].endswith(": mend it, or remove it; until then nothing in it counts")
    assert ", but not at the next start: learnt controllers " in told[2]
    assert (tmp_path / "learnt.toml").read_text() == "[learnt\n"


def test_a_style_without_knobs_has_nothing_to_bind(tmp_path: Path) -> None:
    with open_control_inputs(None, None, None, never) as inputs:
        assert inputs is None
    for path, osc in ((tmp_path / "my.toml", None), (None, "0")):
        with pytest.raises(InputError, match="this style has no knobs"), open_control_inputs(None, path, osc, never):
            pytest.fail("it began")


def test_a_map_of_the_users_own_that_is_wrong_is_named(
    steerable: ControllableStyle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_composer.runtime.session.control_inputs.default_path", lambda: tmp_path / "map.toml")
    (tmp_path / "map.toml").write_text("[learnt]\n200 = 'swing'\n")
    with pytest.raises(InputError, match=r"map .*map\.toml: learnt\.200: '200' is not allowed"):
        open_control_inputs(steerable, None, None, never).__enter__()
