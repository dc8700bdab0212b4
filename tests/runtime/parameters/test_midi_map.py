"""What a controller, a note or a program change turns, by the default map and the user's before it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.parameters.commands import Change
from lstm_composer.runtime.parameters.controllers import set_from_controller
from lstm_composer.runtime.parameters.midi_map import OFF, Binding, ControlMap, binding
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.table import BY_CONTROLLER, CONTROLLABLE, Parameter, TakesEffect

STYLES = ("bach", "joplin", "satie")
AT_FIRST = Parameters(style=(1.0, 0.0, 0.0), temperature=(0.9,) * 4, min_p=0.03)
DENSITY, SWING, MUTE = Binding("density"), Binding("swing"), Binding("mute")


def after(control_map: ControlMap, *message: int) -> Parameters | None:
    change = control_map.from_midi(bytes(message), AT_FIRST, STYLES)
    return None if change is None else change.parameters


@given(st.binary(max_size=4))
def test_without_the_default_map_an_empty_one_turns_nothing(message: bytes) -> None:
    assert ControlMap(default=False).from_midi(message, AT_FIRST, STYLES) is None


def test_with_nothing_in_it_a_map_is_the_default_map() -> None:
    for number in range(128):
        expected = set_from_controller(AT_FIRST, BY_CONTROLLER[number].name, 127) if number in BY_CONTROLLER else None
        assert ControlMap().from_midi(bytes([0xB7, number, 127]), AT_FIRST, STYLES) == expected


@pytest.mark.parametrize(
    ("channel", "number", "turned"),
    [
        (1, 20, "density"),  # on all channels
        (3, 20, "swing"),  # but for this one
        (1, 21, None),  # on the other channel only
        (2, 21, "mute"),
        (1, 1, "temperature"),  # by default
        (1, 74, None),  # taken out
        (3, 22, "mute"),  # learnt, whatever the map says
        (1, 22, "density"),
    ],
)
def test_what_is_said_of_a_channel_goes_before_what_is_said_of_all(
    channel: int, number: int, turned: str | None
) -> None:
    controllers = {
        (20, None): DENSITY,
        (20, 3): SWING,
        (21, 2): MUTE,
        (74, None): Binding(OFF),
        (22, None): DENSITY,
        (22, 3): SWING,
    }
    control_map = ControlMap(controllers=controllers, learnt={(22, 3): MUTE})
    expected = None if turned is None else set_from_controller(AT_FIRST, turned, 100)
    assert control_map.from_midi(bytes([0xB0 + channel - 1, number, 100]), AT_FIRST, STYLES) == expected


def test_notes_and_programs_say_command_lines() -> None:
    control_map = ControlMap(
        notes={(36, None): "new", (37, 10): "key C minor"}, programs={(5, None): "style bach:1,satie:1"}
    )
    assert control_map.from_midi(bytes([0x95, 36, 1]), AT_FIRST, STYLES) == Change(
        AT_FIRST, TakesEffect.NEXT_BAR, new_piece=True
    )
    assert control_map.from_midi(bytes([0x95, 36, 0]), AT_FIRST, STYLES) is None  # its end, as many keyboards send it
    assert control_map.from_midi(bytes([0x85, 36, 64]), AT_FIRST, STYLES) is None
    assert (after(control_map, 0x90, 37, 64), after(control_map, 0x99, 37, 64)) == (None, with_key("C minor"))
    mixed = control_map.from_midi(bytes([0xC0, 5]), AT_FIRST, STYLES)
    assert mixed is not None
    assert (mixed.parameters.style, mixed.takes_effect) == ((0.5, 0.0, 0.5), TakesEffect.NEXT_BAR)
    assert after(control_map, 0xC0, 2) == replace(AT_FIRST, style=(0.0, 0.0, 1.0))  # by default


def with_key(key: str) -> Parameters:
    return Parameters(style=AT_FIRST.style, temperature=AT_FIRST.temperature, min_p=AT_FIRST.min_p, key=key)


@pytest.mark.parametrize(
    ("knob", "travel", "value", "attribute", "expected"),
    [
        ("density", (-0.5, 0.5), 0, "density", -0.5),
        ("density", (-0.5, 0.5), 127, "density", 0.5),
        ("density", (0.5, -0.5), 127, "density", -0.5),
        ("temperature", (0.0, 1.27), 100, "temperature", (1.0, 1.0, 1.0, 1.0)),
        ("temperature-pitch", (1.5, 0.5), 127, "temperature", (0.9, 0.5, 0.9, 0.9)),
        ("register-low", (36, 60), 127, "register", (60, 127)),
        ("register-high", (60, 84), 0, "register", (0, 60)),
        ("velocity", (40, 100), 0, "velocity", 40),
        ("morph", (0, 0.5), 0, "style", (1.0, 0.0, 0.0)),
    ],
)
def test_a_knob_between_two_places(
    knob: str, travel: tuple[float, float], value: int, attribute: str, expected: object
) -> None:
    change = binding(knob, travel, AT_FIRST, STYLES).set_from_controller(AT_FIRST, value, STYLES)
    assert change is not None
    assert getattr(change.parameters, attribute) == expected


@pytest.mark.parametrize(
    "turned", [row for row in CONTROLLABLE.values() if not row.has_steps], ids=lambda row: row.name
)
def test_every_parameter_can_be_given_a_travel(turned: Parameter) -> None:
    travel = (0.5, 1.0) if turned.kind == "number" else (turned.low, turned.high)
    assert binding(turned.name, travel, AT_FIRST, STYLES).set_from_controller(AT_FIRST, 127, STYLES) is not None


@pytest.mark.parametrize("travel", [(0.93993993993994, 0.0), (0.0, 0.93993993993994), (1.0, 0.0), (0.1, 1.0)])
def test_a_knob_stands_at_the_ends_of_its_travel_exactly(travel: tuple[float, float]) -> None:
    """By low + (high - low) * 127 / 127 the first of them would end below zero, where no such knob can stand."""
    for value, place in zip((0, 127), travel, strict=True):
        change = binding("humanise", travel, AT_FIRST, STYLES).set_from_controller(AT_FIRST, value, STYLES)
        assert change is not None
        assert change.parameters.humanise == pytest.approx(place, abs=1e-6)


@pytest.mark.parametrize("head", range(4))
def test_the_temperature_of_one_head_turns_as_far_as_that_of_all(head: int) -> None:
    name = ("delta", "pitch", "duration", "velocity")[head]
    change = set_from_controller(AT_FIRST, f"temperature-{name}", 127)
    assert change is not None
    assert change.parameters.temperature == tuple(2.0 if index == head else 0.9 for index in range(4))


@pytest.mark.parametrize(
    ("knob", "travel", "why"),
    [
        ("dens", None, "knob 'dens' is unknown: choose one of temperature, min-p, density"),
        (OFF, None, "knob 'off' is unknown"),
        ("density", (-2.0, 0.5), "density -2: give a number from -1 to 1"),
        ("density", (0.0, float("nan")), "density nan: give a number from -1 to 1"),
        ("density", (float("-inf"), 1.0), "density -inf: give a number"),
        ("temperature-pitch", (0.0, 6.0), "temperature 6: give a number from 0 to 5"),
        ("register-low", (-1.0, 60.0), "register-low -1 to 60: give numbers from 0 to 127"),
        ("morph", (0.0, 2.0), "morph 0 to 2: give numbers from 0 to 1"),
        ("mute", (0.0, 1.0), "mute has fixed places: leave low and high out"),
    ],
)
def test_what_cannot_be_bound(knob: str, travel: tuple[float, float] | None, why: str) -> None:
    with pytest.raises(InputError) as error:
        binding(knob, travel, AT_FIRST, STYLES)
    assert why in str(error.value)


def test_the_controllers_of_a_knob() -> None:
    control_map = ControlMap(
        controllers={(74, None): DENSITY, (73, None): Binding(OFF), (9, 2): DENSITY},
        learnt={(9, 2): SWING, (8, 1): DENSITY},
    )
    assert control_map.controllers_of("density") == [(8, 1), (74, None)]
    assert control_map.controllers_of("swing") == [(9, 2), (72, None)]
    assert ControlMap().controllers_of("panic") == [(120, None), (123, None)]
