"""The knobs in words."""

from dataclasses import fields, replace

from lstm_composer.runtime.parameters.midi_map import Binding, ControlMap
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.table import BY_CONTROLLER, CONTROLLABLE
from lstm_composer.runtime.session.parameter_text import controls_of, style_of

STYLES = ("bach", "joplin")
PLACES = Parameters(style=(0.75, 0.25), temperature=(1.0, 0.5, 1.0, 1.0), min_p=0.02, key="F# minor", mute=True)


def found(knobs: Parameters, control_map: ControlMap | None = None) -> dict[str, tuple[str, tuple[int, ...]]]:
    controllers = (control_map or ControlMap()).controllers_by_parameter()
    return {one.name: (one.value, one.controllers) for one in controls_of(knobs, STYLES, controllers)}


def test_values_and_controllers() -> None:
    rows = found(PLACES)
    assert rows["style"] == ("bach 75%, joplin 25%", (74,))
    assert rows["temperature"] == ("1 0.5 1 1", (1,))
    assert rows["min-p"] == ("0.02", (71,))
    assert rows["register"] == ("0 127", (75, 76))
    assert rows["key"] == ("F# minor", ())
    assert rows["velocity"] == ("off", (11,))
    assert rows["mute"] == ("on", (80,))
    assert rows["new"] == ("", (81,))
    assert rows["panic"] == ("", (120, 123))


def test_every_knob_and_every_controller_is_named_once() -> None:
    rows = found(PLACES)
    assert {field.name.replace("_", "-") for field in fields(Parameters)} <= set(rows)
    assert sorted(number for _, numbers in rows.values() for number in numbers) == sorted(BY_CONTROLLER)


def test_what_was_learnt_is_named() -> None:
    learnt = {(20, 3): Binding("density"), (21, None): Binding("temperature-pitch"), (73, None): Binding("swing")}
    rows = found(PLACES, ControlMap(learnt=learnt))
    assert [rows[name][1] for name in ("density", "temperature", "swing")] == [(20,), (1, 21), (72, 73)]
    assert {"temperature-pitch", "morph", "register-low"} <= set(CONTROLLABLE) - set(rows)


def test_alike_temperatures_are_one_number() -> None:
    assert found(replace(PLACES, temperature=(0.8, 0.8, 0.8, 0.8)))["temperature"] == ("0.8", (1,))


def test_the_style_at_present() -> None:
    assert style_of(PLACES, STYLES) == "bach 75%, joplin 25%"
    assert style_of(replace(PLACES, style=(0.0, 1.0)), STYLES) == "joplin"
