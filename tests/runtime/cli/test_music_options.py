"""Arguments become settings by the names of the fields; what may be chosen stands in the settings' types."""

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args

import pytest

from lstm_composer.runtime.cli import play, write
from lstm_composer.runtime.cli.music_options import music_settings
from lstm_composer.runtime.cli.options import OneLineParser
from lstm_composer.runtime.cli.play import play_settings
from lstm_composer.runtime.midi.systems import BACKENDS
from lstm_composer.runtime.session.settings import Device, Listen, MusicSettings, PlaySettings, Sync

NEEDED = ("--style", "bach", "--seed", "7")


def parser_of(command: Any) -> OneLineParser:
    parser = OneLineParser(prog="x")
    command.add_arguments(parser)
    return parser


def test_every_field_of_the_settings_has_a_flag() -> None:
    arguments = parser_of(play).parse_args(NEEDED)
    named = {field.name for kind in (MusicSettings, PlaySettings) for field in fields(kind)}
    assert named - set(vars(arguments)) == {"music"}


def test_the_defaults_of_the_flags_are_those_of_the_settings() -> None:
    settings = play_settings(parser_of(play).parse_args(NEEDED))
    for given in (settings, settings.music):
        for field in fields(given):
            if field.default is not MISSING:
                assert getattr(given, field.name) == field.default, field.name


def test_a_field_without_a_flag_has_its_default() -> None:
    arguments = parser_of(write).parse_args([*NEEDED, "-o", "x.mid", "--bars", "3", "--ending", "tonic"])
    assert music_settings(arguments) == MusicSettings(style="bach", seed=7, bars=3, ending=True)


def test_flags_that_can_be_repeated_become_tuples() -> None:
    repeated = ["--set", "swing 0.5", "--set", "key C minor", "--models-dir", "a", "--models-dir", "b"]
    settings = music_settings(parser_of(play).parse_args([*NEEDED, *repeated]))
    assert settings.initial_commands == ("swing 0.5", "key C minor")
    assert settings.models_dirs == (Path("a"), Path("b"))


@pytest.mark.parametrize(("flag", "kind"), [("sync", Sync), ("listen", Listen), ("device", Device)])
def test_what_may_be_chosen(flag: str, kind: Any) -> None:
    (action,) = (one for one in parser_of(play)._actions if one.dest == flag)
    assert action.choices == get_args(kind)
    assert action.default in get_args(kind)


def test_the_backends_are_told_of() -> None:
    (action,) = (one for one in parser_of(play)._actions if one.dest == "backend")
    assert action.help == "auto, alsa, jack, coremidi, windows or none"
    assert all(name in action.help for name in BACKENDS)
