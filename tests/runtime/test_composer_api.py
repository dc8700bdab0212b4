"""`Composer`: what an engineer embeds makes the music of the commands."""

from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from runtime import BundleError, Composer, ComposerError, InputError
from runtime.cli.main import main


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


@pytest.mark.parametrize("length", [{}, {"bars": 1, "notes": 1}])
def test_a_length_is_needed(composer: Composer, tmp_path: Path, length: dict[str, Any]) -> None:
    with pytest.raises(ComposerError, match="either bars or notes"):
        composer.write(tmp_path / "x.mid", **length)
