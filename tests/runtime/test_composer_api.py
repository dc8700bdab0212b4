"""`Composer`: what an engineer embeds makes the music of the commands."""

from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from lstm_composer import BundleError, Composer, ComposerError, InputError
from lstm_composer.runtime.cli.main import main


@pytest.fixture
def composer(tiny_models: Path) -> Composer:
    return Composer.load("scale", models_dirs=(tiny_models,))


@pytest.mark.parametrize(
    ("flags", "options"),
    [
        ("", {}),
        ("--temperature 0.5 --min-p 0.1", {"temperature": 0.5, "min_p": 0.1}),
        ("--style-strength 1.2", {"style_strength": 1.2}),
        ("--tempo 90 --meter 3/4", {"tempo_bpm": 90, "meter": "3/4"}),
        ("--form ABA --section-bars 1 --ending tonic", {"form": "ABA", "section_bars": 1, "ending": True}),
        ("--set swing=0.5", {"commands": ("swing 0.5",)}),
    ],
)  # fmt: skip
def test_the_same_bytes_as_the_command(
    composer: Composer, tiny_models: Path, tmp_path: Path, flags: str, options: dict[str, Any]
) -> None:
    said = [part.replace("=", " ") for part in flags.split()]
    command = f"write --style scale --bars 4 --seed 1 --models-dir {tiny_models} -o {tmp_path / 'command.mid'}".split()
    assert main([*command, *said]) == 0
    notes = composer.write(tmp_path / "ours.mid", bars=4, seed=1, **options)
    assert (tmp_path / "ours.mid").read_bytes() == (tmp_path / "command.mid").read_bytes()
    assert notes == list(composer.notes(bars=4, seed=1, **options))


def test_endless_notes_begin_like_those_of_so_many_bars(composer: Composer) -> None:
    some = list(composer.notes(bars=2, seed=3))
    assert len(some) > 2
    assert [note.pitch for note in islice(composer.notes(seed=3), len(some))] == [note.pitch for note in some]


def test_a_seed_is_drawn_where_none_is_given(composer: Composer) -> None:
    several = {tuple(note.pitch for note in islice(composer.notes(temperature=2.0), 30)) for _ in range(4)}
    assert len(several) > 1


@pytest.mark.parametrize("name", ["tiny.onnx", "tiny.onnx.json"])
def test_a_bundle_by_its_path(tiny_models: Path, composer: Composer, name: str) -> None:
    by_path = Composer.load(tiny_models / name)
    assert by_path.styles == composer.styles
    assert list(by_path.notes(style="scale", bars=2, seed=1)) == list(composer.notes(bars=2, seed=1))


def test_what_is_not_there(tiny_models: Path, tmp_path: Path, composer: Composer) -> None:
    with pytest.raises(InputError, match="trumpet"):
        Composer.load("trumpet", models_dirs=(tiny_models,))
    with pytest.raises(BundleError, match=r"none\.onnx"):
        Composer.load(tmp_path / "none.onnx")
    with pytest.raises(InputError, match=r"bundle tiny has no style 'trumpet': it has .*scale"):
        composer.notes(style="trumpet")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"tempo": 90}, "unknown field `tempo`"),
        ({"bars": 0}, r"`int` >= 1 - at `\$\.bars`"),
        ({"bars": True}, "Expected `int"),
        ({"bars": 1.5}, "Expected `int"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"tempo_bpm": float("inf")}, "tempo_bpm"),
        ({"meter": 3}, "meter"),
        ({"meter": "3/3"}, "3/3"),
        ({"section_bars": 0}, "section_bars"),
        ({"ending": "nonsense"}, "ending"),
        ({"primer": 5}, "primer"),
        ({"commands": (3,)}, "commands"),
        ({"commands": "accents 9"}, "accents"),
        ({"style": 3}, "style"),
        ({"form": "A" * 5000}, "form"),
    ],
)  # fmt: skip
def test_an_option_that_is_not_allowed(composer: Composer, option: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as found:
        composer.notes(**{"bars": 1, **option})
    assert len(str(found.value)) < 300


def test_one_command_and_one_folder_need_no_tuple(composer: Composer, tiny_models: Path) -> None:
    by_folder = Composer.load("scale", models_dirs=str(tiny_models))
    swung = list(by_folder.notes(bars=2, seed=1, commands="swing 0.5"))
    assert swung == list(composer.notes(bars=2, seed=1, commands=("swing 0.5",)))


def test_what_is_no_path_and_no_device(composer: Composer, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no path"):
        composer.write(5, bars=1)  # type: ignore[arg-type] # on purpose
    with pytest.raises(InputError, match="tpu"):
        Composer.load("scale", device="tpu")
    with pytest.raises(InputError, match="notes"):
        composer.write(tmp_path / "x.mid", notes=-3)


@pytest.mark.parametrize("length", [{}, {"bars": 1, "notes": 1}])
def test_a_length_is_needed(composer: Composer, tmp_path: Path, length: dict[str, Any]) -> None:
    with pytest.raises(ComposerError, match="either bars or notes"):
        composer.write(tmp_path / "x.mid", **length)
