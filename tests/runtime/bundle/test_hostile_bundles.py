"""Bundles of strangers: one line and exit code 2, whatever they hold, and all other styles go on."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from lstm_composer.runtime.bundle.files import Bundle, load_bundle
from lstm_composer.runtime.errors import BundleError
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.gumbel_noise import gumbel_noise
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.session.loading import load_composer
from lstm_composer.runtime.session.settings import MusicSettings
from lstm_composer.runtime.session.write import make_notes

pytest.importorskip("onnx", reason="only making such graphs needs onnx")

from tests.support.hostile_graphs import DISHONEST, FORBIDDEN, always, fails_after_notes, spoilt_bundle

Composer = Callable[..., subprocess.CompletedProcess[str]]
Music = Callable[..., MusicSettings]


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a command said that ended in one line."""
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert not [line for line in lines if "Traceback" in line]
    return lines[-1]


@pytest.mark.parametrize("length", [{"bars": 4}, {}])
@pytest.mark.parametrize("name", DISHONEST)
def test_music_that_is_none(
    name: str, length: dict[str, int], tiny_bundle: Bundle, tmp_path: Path, music: Music
) -> None:
    spoilt_bundle(tiny_bundle, DISHONEST[name][0], tmp_path / "models")
    prepared = load_composer(music(models_dirs=(tmp_path / "models",), **length))
    with pytest.raises(BundleError, match=DISHONEST[name][1]) as caught:
        make_notes(prepared, None if length else 1000)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("classes", [[0, 9999, 24, 20], [-1, 60, 24, 20], [106, 60, 24, 20], [0, 60, 24, 32]])
def test_what_is_no_event_never_leaves_the_engine(
    classes: list[int], tiny_bundle: Bundle, tiny: Engine, tmp_path: Path
) -> None:
    path = spoilt_bundle(tiny_bundle, lambda model: always(model, "next_event", [classes]), tmp_path)
    engine = Engine(load_bundle(path), "cpu")
    inputs = {**GraphInputs(style=(1.0,)).tensors(), **gumbel_noise(1, 0), **engine.start().tensors}
    assert tiny.run(inputs)["next_event"].shape == (1, 4)
    with pytest.raises(BundleError, match="gave what is no note"):
        engine.run(inputs)
    with pytest.raises(BundleError, match="gave what is no note"):
        engine.step(engine.start(), GraphInputs(style=(1.0,)).tensors(), gumbel_noise(1, 0)).event()


@pytest.mark.parametrize("name", ["a loop", "functions within functions"])
def test_a_graph_that_would_run_for_ever(name: str, tiny_bundle: Bundle, tmp_path: Path, composer: Composer) -> None:
    models = tmp_path / "models"
    spoilt_bundle(tiny_bundle, FORBIDDEN[name][0], models)
    done = composer("write", "--style", "scale", "--models-dir", models, "--bars", "1", "-o", tmp_path / "x.mid")
    assert "its graph holds" in one_line(done)
    found = composer("doctor", "--quick", "--json", "--models-dir", models)
    spoken = {bundle["name"]: bundle for bundle in json.loads(found.stdout)["bundles"]}["tiny"]
    assert not spoken["ok"]
    assert "its graph holds" in spoken["detail"]


@pytest.mark.parametrize("name", ["only ends pieces", "never goes on", "computes with what is no number"])
def test_a_play_ends_in_one_line(name: str, tiny_bundle: Bundle, tmp_path: Path, composer: Composer) -> None:
    spoilt_bundle(tiny_bundle, DISHONEST[name][0], tmp_path / "models")
    flags = ["--style", "scale", "--models-dir", tmp_path / "models", "--backend", "none"]
    done = composer("play", *flags, "--bars", "4", "--no-sound", "--take", "take.mid")
    assert DISHONEST[name][1] in one_line(done)


def test_what_sounds_is_ended_when_the_network_fails(tiny_bundle: Bundle, tmp_path: Path, composer: Composer) -> None:
    spoilt_bundle(tiny_bundle, fails_after_notes, tmp_path / "models")
    flags = ["--style", "scale", "--models-dir", tmp_path / "models", "--backend", "none", "--tempo", "400"]
    done = composer("play", *flags, "--bars", "40", "--no-sound", "--take", "take.mid", "--events", "events.jsonl")
    assert "its network failed" in one_line(done)
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    kinds = [event["kind"] for event in events]
    assert kinds.count("note_on") == kinds.count("note_off") > 3
    struck = [one for one in mido.MidiFile(tmp_path / "take.mid").tracks[1] if one.type == "note_on"]
    assert len(struck) == kinds.count("note_on")


def test_a_graph_larger_than_its_card_says_is_not_read(copied_models: Path, composer: Composer, tmp_path: Path) -> None:
    os.truncate(copied_models / "tiny.onnx", 1 << 40)  # a file with a hole
    done = composer("write", "--style", "scale", "--models-dir", copied_models, "--bars", "1", "-o", tmp_path / "x.mid")
    assert "tiny.onnx is too large" in one_line(done)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
@pytest.mark.parametrize("target", ["pipe", "/dev/zero", "nowhere", "folder"])
def test_a_graph_that_is_no_file(target: str, copied_models: Path, composer: Composer, tmp_path: Path) -> None:
    graph = copied_models / "tiny.onnx"
    graph.unlink()
    if target == "pipe":
        os.mkfifo(graph)
    elif target == "folder":
        graph.mkdir()
    else:
        graph.symlink_to(target)
    done = composer("write", "--style", "scale", "--models-dir", copied_models, "--bars", "1", "-o", tmp_path / "x.mid")
    assert "bundle tiny: tiny.onnx " in one_line(done)
