"""The article's second network through the commands, at its full size: train, export, write."""

from pathlib import Path

import mido
import pytest

from lstm_composer.export.cli import main as export
from lstm_composer.runtime.bundle.files import load_bundle
from lstm_composer.runtime.cli.main import main as composer
from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.trainer.cli.advise import main as advise
from lstm_composer.trainer.cli.train import main as train
from lstm_composer.trainer.runs.run_directory import RunDirectory

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def write_scale(path: Path, lowest: int, notes: int) -> None:
    track = mido.MidiTrack()
    for step in range(notes):
        pitch = lowest + (step * 7) % 12
        track.append(mido.Message("note_on", note=pitch, velocity=80, time=0))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=240))
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(path)


def folder_of(path: Path, notes: int) -> Path:
    path.mkdir()
    for number in range(3):
        write_scale(path / f"scale{number}.mid", 55 + number, notes + number)
    return path


def test_train_export_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, models = RunDirectory(tmp_path / "run"), tmp_path / "models"
    argv = [str(folder_of(tmp_path / "music", 110)), "--name", "scales", "--preset", "article"]
    assert train([*argv, "--run-dir", str(run.path), "--epochs", "2", "--save-every", "1"]) == 0
    assert [row["epoch"] for row in run.read_history()] == [1, 2]
    assert "LSTM kernel: " in capsys.readouterr().out
    for left in ("plots/epoch_0002.png", "plots/training.gif", "samples/epoch_0002.mid", "tokens.json"):
        assert (run.path / left).exists()
    assert export(["--run", str(run.path), "--epoch", "2", "-o", str(models)]) == 0
    card = load_bundle(models / "scales.onnx.json").card
    assert (card.parity.steps, card.parity.greedy_equal) == (64, True)
    written = [tmp_path / "one.mid", tmp_path / "two.mid"]
    for path in written:
        flags = ["--style", "scales", "--notes", "12", "--seed", "1", "--models-dir", str(models), "-o", str(path)]
        assert composer(["write", *flags]) == 0
    assert written[0].read_bytes() == written[1].read_bytes()
    struck = [message for message in mido.MidiFile(written[0]).tracks[1] if message.type == "note_on"]
    assert len(struck) == 12
    with pytest.raises(InputError, match="is of preset article"):
        advise([str(run.path)])


def test_a_corpus_shorter_than_a_window(tmp_path: Path) -> None:
    music = folder_of(tmp_path / "music", 20)
    with pytest.raises(CorpusError, match=r"this preset needs 101, a window and the one after it"):
        train([str(music), "--name", "short", "--preset", "skuldur", "--run-dir", str(tmp_path / "run")])
    assert not (tmp_path / "run").exists()
