"""The table of parameters agrees with itself, with the values, and with the network's heads."""

from dataclasses import fields
from typing import get_args

import msgspec
import pytest

from lstm_composer.runtime.bundle.schema import SamplingCard
from lstm_composer.runtime.cli.options import help_of, number_of
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.event_encoding import HEADS
from lstm_composer.runtime.parameters.commands import parse_command
from lstm_composer.runtime.parameters.controllers import set_from_controller
from lstm_composer.runtime.parameters.parameters import WHOLE, Parameters
from lstm_composer.runtime.parameters.table import (
    BY_CONTROLLER,
    COMMANDS,
    CONTROLLABLE,
    PARAMETERS,
    WITH_VALUES,
    Kind,
    Parameter,
    parts_of,
)

STYLES = ("bach", "joplin")
AT_FIRST = Parameters(style=(0.5, 0.5), temperature=(0.9,) * 4, min_p=0.03)
NUMBERS = [row for row in PARAMETERS if row.kind in ("number", "whole", "temperature", "head")]
by_name = pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda row: row.name)


def test_the_values_are_the_fields_of_parameters() -> None:
    assert sorted(row.field for row in WITH_VALUES) == sorted(field.name for field in fields(Parameters))


def test_every_name_and_every_controller_stands_once() -> None:
    assert len({row.name for row in PARAMETERS}) == len(PARAMETERS)
    assert len(BY_CONTROLLER) == sum(len(row.controllers) for row in PARAMETERS)
    assert list(BY_CONTROLLER) == sorted(BY_CONTROLLER)


def test_every_kind_is_of_use() -> None:
    assert {row.kind for row in PARAMETERS} == set(get_args(Kind))


@by_name
def test_a_row_is_whole(parameter: Parameter) -> None:
    assert parameter.help
    assert parameter.low < parameter.high
    assert parameter.part_of is None or parameter.part_of in COMMANDS
    assert all(0 <= number <= 127 for number in parameter.controllers)
    assert parameter.can_be_turned or not parameter.controllers
    assert bool(parameter.bars) == (parameter.kind == "bars")


def test_each_head_has_a_temperature_of_its_own() -> None:
    temperature, *heads = parts_of(COMMANDS["temperature"])
    assert [row.head for row in heads] == list(HEADS)
    assert {(row.low, row.high, row.controller_range) for row in heads} == {
        (temperature.low, temperature.high, temperature.controller_range)
    }
    assert [row.command for row in heads] == [f"temperature {head}" for head in HEADS]


def test_the_whole_register_is_the_range_of_its_ends() -> None:
    assert {(int(row.low), int(row.high)) for row in parts_of(COMMANDS["register"])} == {WHOLE}


@pytest.mark.parametrize("parameter", NUMBERS, ids=lambda row: row.name)
def test_both_ends_can_be_said_and_nothing_beyond(parameter: Parameter) -> None:
    for value in (parameter.low, parameter.high):
        parse_command(f"{parameter.command} {value:g}", AT_FIRST, STYLES)
    for value in (parameter.low - 0.1, parameter.high + 0.1):
        with pytest.raises(InputError, match="give a number from"):
            parse_command(f"{parameter.command} {value:g}", AT_FIRST, STYLES)


@pytest.mark.parametrize("parameter", CONTROLLABLE.values(), ids=lambda row: row.name)
def test_a_controller_sets_what_could_be_said(parameter: Parameter) -> None:
    for position in range(128):
        change = set_from_controller(AT_FIRST, parameter.name, position)
        if parameter in NUMBERS and not parameter.can_be_off:
            said = parse_command(f"{parameter.command} {parameter.at_controller(position)!r}", AT_FIRST, STYLES)
            assert said == change


def test_the_card_and_the_flags_have_the_ranges_of_the_table() -> None:
    card = {"temperature": [1, 1, 1, 1], "min_p": 0.1, "style_strength": 1.0}
    for name in ("min-p", "style-strength"):
        for value in (COMMANDS[name].low, COMMANDS[name].high):
            msgspec.convert({**card, COMMANDS[name].field: value}, SamplingCard)
            assert number_of(name)(f"{value:g}") == value
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**card, COMMANDS[name].field: COMMANDS[name].high + 0.1}, SamplingCard)
    assert help_of("style-strength") == "0..3: how much of the style, 1 as learned"


def test_what_only_changes_how_notes_are_played_asks_no_network() -> None:
    silent = {row.name for row in WITH_VALUES if row.stage != "network"}
    assert silent == {"velocity", "velocity-range", "accents", "transpose", "swing", "humanise", "mute", "volume"}
