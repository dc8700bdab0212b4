"""From a folder of styles to a mix in a MIDI file, and on to a network with a style more, as a user does it."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

import lstm_composer.runtime.cli.main
from lstm_composer.export.cli import main as export
from lstm_composer.runtime.bundle.files import read_card
from lstm_composer.runtime.bundle.schema import BundleCard
from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.cli.train import main as train
from tests.support.small_trainings import step_by_step

PIECES = 4
RECIPE = ("--epochs", "2", "--save-every", "2", "--batch-steps", "128", "--learning-rate", "0.02")
SIZE = ("--units", "16", "--layers", "1", "--head-units", "16")


def _write_melody(path: Path, seed: int, lowest: int, tempo_bpm: float) -> None:
    draw = random.Random(seed)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo_bpm))])
    for _ in range(30):
        pitch = lowest + draw.choice([0, 2, 4, 5, 7, 9, 11, 12])
        track.append(mido.Message("note_on", note=pitch, velocity=draw.randrange(40, 120, 8)))
        track.append(mido.Message("note_off", note=pitch, time=draw.choice([12, 24, 48])))
    path.parent.mkdir(parents=True, exist_ok=True)
    mido.MidiFile(tracks=[track], ticks_per_beat=24).save(path)


def _train(*argv: str | Path) -> None:
    with step_by_step():
        assert train(list(map(str, argv))) == 0


def _export(run: Path, models: Path, *flags: str) -> BundleCard:
    assert export(["--run", str(run), "--epoch", "best", "-o", str(models), *flags]) == 0
    return read_card(models / f"{run.name}.onnx.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Styles `high` and `low`, and apart from them, in `new`, a third."""
    folder = tmp_path_factory.mktemp("music")
    for seed in range(PIECES):
        _write_melody(folder / "both" / f"high/{seed}.mid", seed, 72, 100)
        _write_melody(folder / "both" / f"low/{seed}.mid", 10 + seed, 40, 60)
        _write_melody(folder / "new" / f"{seed}.mid", 20 + seed, 55, 140)
    return folder


@pytest.fixture(scope="module")
def base_run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "pair"
    _train(folder / "both", "--name", "pair", "--run-dir", run, *RECIPE, *SIZE)
    return run


@pytest.fixture(scope="module")
def models(base_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("models")
    _export(base_run, models)
    return models


@pytest.fixture
def written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str, Path], mido.MidiFile]:
    """Return the function that has a style or mix written to a file by the command."""

    def write(style: str, models: Path) -> mido.MidiFile:
        argv = ["write", "--style", style, "-o", str(tmp_path / "mix.mid"), "--notes", "200", "--seed", "1"]
        code = lstm_composer.runtime.cli.main.main([*argv, "--models-dir", str(models), "--device", "cpu"])
        assert (code, capsys.readouterr().err) == (0, "")
        return mido.MidiFile(tmp_path / "mix.mid")

    return write


def _tempo_of(file: mido.MidiFile) -> float:
    [tempo] = [message.tempo for message in file if message.type == "set_tempo"]
    return float(mido.tempo2bpm(tempo))


def _bytes_of(file: mido.MidiFile) -> bytes:
    return b"".join(message.bin() for track in file.tracks for message in track if not message.is_meta)


def test_sub_folders_are_styles(base_run: Path, models: Path) -> None:
    corpus = json.loads((base_run / "corpus.json").read_text())
    card = read_card(models / "pair.onnx.json")
    assert [(style.name, style.tempo_bpm, style.pieces, style.notes) for style in card.styles] == [
        ("high", 100.0, PIECES, 30 * PIECES),
        ("low", 60.0, PIECES, 30 * PIECES),
    ]
    assert [style["name"] for style in corpus["styles"]] == ["high", "low"]
    for part in ("train", "validation", "test"):
        assert {name.split("/")[0] for name in corpus["names"][part]} == {"high", "low"}


def test_a_style_is_left_out(
    base_run: Path, models: Path, written: Callable[[str, Path], mido.MidiFile], tmp_path: Path
) -> None:
    """The one that stays plays what it played."""
    card = _export(base_run, tmp_path, "--leave-out", "high")
    assert [style.name for style in card.styles] == ["low"]
    assert card.parity.greedy_equal
    assert _bytes_of(written("low", tmp_path)) == _bytes_of(written("low", models))


def test_a_style_to_leave_out_that_is_not_there(base_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--leave-out joplin is no style of the run, which holds high, low"):
        _export(base_run, tmp_path, "--leave-out", "joplin")
    with pytest.raises(InputError, match="one has to stay"):
        _export(base_run, tmp_path, "--leave-out", "high", "--leave-out", "low")


def test_a_mix_is_written(models: Path, written: Callable[[str, Path], mido.MidiFile]) -> None:
    mixed = written("high:0.25,low:0.75", models)
    assert _tempo_of(mixed) == pytest.approx(70)
    assert "high 25%, low 75%" in [track.name for track in mixed.tracks]
    assert _bytes_of(mixed) == _bytes_of(written("low:3,high:1", models))


def test_the_weights_reach_the_network(models: Path, written: Callable[[str, Path], mido.MidiFile]) -> None:
    assert len({_bytes_of(written(style, models)) for style in ("high", "low", "high,low")}) == 3


def test_a_style_on_top(
    models: Path, folder: Path, written: Callable[[str, Path], mido.MidiFile], tmp_path: Path
) -> None:
    _train(folder / "new", "--name", "new", "--run-dir", tmp_path / "new", "--from", models / "pair.onnx", *RECIPE)
    card = _export(tmp_path / "new", tmp_path)
    assert [style.name for style in card.styles] == ["high", "low", "new"]
    assert card.network == read_card(models / "pair.onnx.json").network
    assert [source.source for source in card.data] == ["both", "new"]
    assert _tempo_of(written("high,new", tmp_path)) == pytest.approx(120)
