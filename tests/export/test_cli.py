"""`lstm-composer export`, as a user runs it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Never

import mido
import msgspec
import pytest

import lstm_composer.runtime.cli.main
from lstm_composer.export.cli import main
from lstm_composer.runtime.bundle.files import load_bundle, read_card
from lstm_composer.runtime.errors import ComposerError, InputError
from lstm_composer.runtime.generation.free_voice import make_advance
from lstm_composer.runtime.generation.voice import note_stream
from lstm_composer.runtime.generation.voice_state import FreeState
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.trainer.runs.run_directory import RunDirectory
from tests.support.hand_made_run import CONFIG, make_run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bundle_path(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of the best epoch's bundle, made by a process of its own that has nothing to say on stderr."""
    folder = tmp_path_factory.mktemp("models")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_CPP")}
    command = [
        sys.executable,
        "-m",
        "lstm_composer.export.cli",
        "--run",
        str(run_path),
        "--epoch",
        "best",
        "-o",
        str(folder),
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    exported, following = done.stdout.splitlines()
    assert exported.startswith(f"epoch {RunDirectory(run_path).best_epoch()} exported to {folder / 'tiny.onnx'} (")
    assert following == f"next: lstm-composer play --style tiny --models-dir {folder}"
    return folder / "tiny.onnx.json"


def test_the_card(bundle_path: Path, run_path: Path) -> None:
    card, run = load_bundle(bundle_path).card, RunDirectory(run_path)
    assert card.provenance.epoch == run.best_epoch()
    assert (card.provenance.run, card.provenance.preset, card.provenance.weights) == ("tiny", "stream", "float16")
    assert (card.parity.steps, card.parity.greedy_equal) == (64, True)
    assert card.parity.max_difference <= 1e-5
    [style] = card.styles
    assert (style.name, style.pieces, style.meter) == ("tiny", 5, "4/4")
    assert style.notes == sum(part.notes for part in card.split.values())
    measured = run.read_json("metrics.json")
    assert card.metrics["test_loss"] == measured["test"]["loss"]
    assert card.metrics["markov_order_3_loss"] == measured["markov_order_3"]["loss"]
    assert card.metrics["validation_loss"] == run.read_history()[run.best_epoch() - 1]["val_loss"]


def test_nothing_in_a_bundle_names_a_path(bundle_path: Path, run_path: Path) -> None:
    source = RunDirectory(run_path).read_settings().source
    content = bundle_path.read_bytes() + bundle_path.with_suffix("").read_bytes()
    for path in (source, str(run_path), str(ROOT), str(Path.home()), str(bundle_path.parent)):
        assert path.encode() not in content
    texts = list(strings(json.loads(bundle_path.read_text())))
    assert Path(source).name in texts
    assert not [text for text in texts if text.startswith(("/", "~")) or "\\" in text]


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from (key, *strings(entry))
    elif isinstance(value, list):
        for entry in value:
            yield from strings(entry)


def test_the_runtime_plays_it(bundle_path: Path) -> None:
    engine = Engine(load_bundle(bundle_path), "cpu")
    stream = note_stream(
        make_advance(engine, GraphInputs(style=(1.0,), has_memory=True), seed=1), FreeState(engine.start())
    )
    notes = [next(stream).note for _ in range(50)]
    assert notes == sorted(notes)
    assert len({note.pitch for note in notes}) > 3


def test_write_makes_music_of_it(bundle_path: Path, tmp_path: Path) -> None:
    target = tmp_path / "music.mid"
    argv = ["write", "--style", "tiny", "--models-dir", str(bundle_path.parent), "--notes", "40", "--seed", "1"]
    assert lstm_composer.runtime.cli.main.main([*argv, "-o", str(target)]) == 0
    struck = [message for track in mido.MidiFile(target).tracks for message in track if message.type == "note_on"]
    assert sum(message.velocity > 0 for message in struck) == 40


def test_another_epoch_under_another_name(run_path: Path, tmp_path: Path) -> None:
    """Measured on the test part at export, since the run measured only the best epoch."""
    run = RunDirectory(run_path)
    [other] = set(run.saved_epochs()) - {run.best_epoch()}
    source = {"source": "my own", "licence": "CC0", "attribution": "me", "pieces": 5, "notes": 200}
    (tmp_path / "data.json").write_text(json.dumps([source]), encoding="utf-8-sig")
    models = tmp_path / "models"
    argv = ["--run", str(run_path), "--epoch", str(other), "-o", str(models), "--name", "early", "--weights", "float32"]
    assert main([*argv, "--data", str(tmp_path / "data.json"), "--licence", "CC0"]) == 0
    assert sorted(path.name for path in models.iterdir()) == ["early.onnx", "early.onnx.json"]
    card = load_bundle(models / "early.onnx.json").card
    assert (card.licence, card.data[0].licence, card.data[0].attribution) == ("CC0", "CC0", "me")
    assert (card.name, card.styles[0].name, card.provenance.weights) == ("early", "early", "float32")
    assert card.metrics["test_loss"] > 0
    assert card.metrics["test_loss"] != run.read_json("metrics.json")["test"]["loss"]


def test_an_epoch_that_was_not_saved(run_path: Path) -> None:
    with pytest.raises(InputError, match=r"epoch 7 of .* was not saved; saved are: 1, 2$"):
        main(["--run", str(run_path), "--epoch", "7"])


def test_the_newest_run_without_a_name(run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no run in runs"):
        main(["--epoch", "best"])
    shutil.copytree(run_path, tmp_path / "runs" / "copied")
    with pytest.raises(InputError, match=r"epoch 7 of runs/copied was not saved; saved are: 1, 2$"):
        main(["--epoch", "7"])


def test_a_run_without_a_checkpoint(run_path: Path, tmp_path: Path) -> None:
    for name in ("config.json", "history.csv"):
        shutil.copy(run_path / name, tmp_path)
    with pytest.raises(InputError, match="was not saved; saved are: none yet"):
        main(["--run", str(tmp_path), "--epoch", "1"])
    with pytest.raises(InputError, match="has no checkpoint yet"):
        main(["--run", str(tmp_path), "--epoch", "best"])


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "the following arguments are required: --epoch; see lstm-composer export --help"),
        (["--epoch", "0"], "argument --epoch: 0 is not an epoch: give a number from 1, or best"),
        (["--epoch", "last"], "argument --epoch: last is not an epoch"),
        (["--epoch", "1", "--name", "../x"], "--name '../x' is not allowed"),
        (["--epoch", "1", "--weights", "int8"], "argument --weights: invalid choice: 'int8'"),
        (["--epoch", "1", "--run", "nowhere"], "nowhere is not a run directory: it has no config.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_user_can_cure_is_one_line(argv: list[str], message: str) -> None:
    with pytest.raises(ComposerError) as refusal:
        main(argv)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def refused_to_load(_doing: str) -> Never:
    pytest.fail("TensorFlow would be loaded")


def without_encoding(run: Path) -> None:
    config = {**CONFIG, "preset": "article"}
    (run / "config.json").write_text(json.dumps(config))
    (run / "encoding.json").write_text("{}")


@pytest.mark.parametrize(
    ("spoil", "argv", "message"),
    [
        (lambda run: (run / "corpus.json").write_text("{"), [], "corpus.json cannot be read"),
        (lambda run: (run / "history.csv").write_text(""), [], "history.csv cannot be read"),
        (lambda run: (run / "metrics.json").write_text("[]"), [], "metrics.json cannot be read"),
        (without_encoding, [], "encoding.json cannot be read"),
        (lambda run: (run.parent / "out").touch(), ["-o", "out"], "out is no folder, and no bundle can be put there"),
        (lambda run: (run.parent / "out").touch(), ["-o", "out/deeper"], "out is no folder"),
        (lambda run: (run.parent / "o" / "a.onnx").mkdir(parents=True), ["-o", "o", "--name", "a"], "is a folder"),
        (Path.exists, ["--name", "a!"], "'a!' cannot name a bundle"),
        (Path.exists, ["--leave-out", "bach"], "--leave-out bach is no style of the run, which holds tiny"),
        (Path.exists, ["--leave-out", "tiny"], "--leave-out names all styles of the run"),
    ],
)
def test_damage_is_found_before_tensorflow_is_loaded(
    spoil: Callable[[Path], object], argv: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_composer.export.cli.loaded_for", refused_to_load)
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "run")
    spoil(tmp_path / "run")
    with pytest.raises(ComposerError) as refusal:
        main(["--run", "run", "--epoch", "best", *argv])
    assert message in str(refusal.value)


@pytest.mark.parametrize("content", [None, "", "{}", '[{"source": "x"}]', "[" * 9999])
def test_sources_that_cannot_be_read(run_path: Path, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "data.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match="is no list of sources") as refusal:
        main(["--run", str(run_path), "--epoch", "1", "--data", str(path), "-o", str(tmp_path)])
    assert "\n" not in str(refusal.value)


def test_styles_may_have_defaults_of_their_own(run_path: Path, tmp_path: Path) -> None:
    own = {"temperature": [0.8, 0.8, 0.8, 1.0], "min_p": 0.03}
    (tmp_path / "own.json").write_text(json.dumps({"tiny": own}), encoding="utf-8-sig")
    export = ["--run", str(run_path), "--epoch", "best", "--name", "tiny", "-o", str(tmp_path)]
    assert main([*export, "--sampling", str(tmp_path / "own.json")]) == 0
    [style] = read_card(tmp_path / "tiny.onnx.json").styles
    assert msgspec.to_builtins(style.sampling) == {**own, "temperature": (0.8, 0.8, 0.8, 1.0)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "holds no temperature and min_p by style"),
        ('{"nobody": {"temperature": [1, 1, 1, 1], "min_p": 0}}', "names nobody, which is no style of the run"),
    ],
)
def test_defaults_that_cannot_be_read(run_path: Path, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "own.json").write_text(content)
    with pytest.raises(InputError, match=message):
        main(["--run", str(run_path), "--epoch", "best", "-o", str(tmp_path), "--sampling", str(tmp_path / "own.json")])
