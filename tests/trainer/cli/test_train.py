"""`lstm-composer train`, as a user runs it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Never

import msgspec
import pytest

import lstm_composer.runtime.cli.main
from lstm_composer.runtime.errors import ComposerError, CorpusError, InputError
from lstm_composer.runtime.music.event_encoding import vocabulary
from lstm_composer.trainer.cli.train import main
from lstm_composer.trainer.runs.progress import PROGRESS, Progress
from lstm_composer.trainer.runs.run_directory import RunDirectory
from tests.support.hand_made_run import make_run
from tests.support.small_trainings import step_by_step

ROOT = Path(__file__).parents[3]
ADVICE = "lstm_composer.trainer.commands.stream.give_advice"
PROGRAM = "tests.support.small_train"
"""`lstm-composer train` itself, with networks that are trained without a graph."""


@contextmanager
def training(*argv: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own, killed at the end if it is still there."""
    command = [sys.executable, "-u", "-m", PROGRAM, *argv]
    # Without what pytest was told of TensorFlow's log level.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_CPP")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], words: str) -> list[str]:
    """Read until a line begins with some words; returns what was read."""
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith(words):
            return lines
    pytest.fail(f"it ended without {words!r}: {process.stderr and process.stderr.read()}")


@dataclass(frozen=True)
class Trained:
    """A run that was killed once, resumed, and stopped with Ctrl-C, and what the resumed command said."""

    run: RunDirectory
    saved_before_the_kill: int
    exit_code: int
    lines: list[str]
    errors: str


@pytest.fixture(scope="module")
def trained(music_folder: Path, tiny_network: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Trained:
    run = RunDirectory(tmp_path_factory.mktemp("runs") / "tiny")
    argv = [str(music_folder), "--name", "tiny", "--run-dir", str(run.path)]
    with training(*argv, "--epochs", "100000", "--save-every", "2", *tiny_network) as process:
        wait_for(process, "epoch 2 saved")
        process.kill()
    killed_at = run.saved_epochs()[-1]
    with training(*argv, "--resume", "--epochs", "100001") as process:
        said = wait_for(process, f"epoch {killed_at + 2} saved")
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate()
    return Trained(run, killed_at, process.returncode, [*said, *rest.splitlines()], errors)


def test_it_trains_on_the_good_files_and_names_the_others(trained: Trained) -> None:
    corpus = json.loads((trained.run.path / "corpus.json").read_text())
    assert sorted(name for part in corpus["names"].values() for name in part) == [f"good{i}.mid" for i in range(5)]
    assert trained.lines[0].startswith("5 pieces read: 3 pieces (")
    assert trained.lines[1] == "4 left out:"
    refused = dict(line.strip().split(": ", 1) for line in trained.lines[2:6])
    assert refused == corpus["refused"]
    assert "is cut short" in refused["corrupt.mid"]
    assert "holds drums only" in refused["drums.mid"]
    assert "is empty (0 bytes)" in refused["empty.mid"]
    assert "is not a MIDI file" in refused["text.mid"]


def test_killed_resumed_and_stopped(trained: Trained) -> None:
    assert trained.exit_code == 0
    assert trained.errors == "\nfinishing this epoch and saving it; once more stops at once\n"
    saved = [int(line.split()[1]) for line in trained.lines if " saved: " in line and line.startswith("epoch ")]
    # Nothing that had been saved was trained again, and the interrupted epoch was saved.
    assert saved[0] == trained.saved_before_the_kill + 2
    assert [epoch for epoch in trained.run.saved_epochs() if epoch > trained.saved_before_the_kill] == saved
    assert [row["epoch"] for row in trained.run.read_history()] == list(range(1, saved[-1] + 1))


def test_what_it_says_to_programs(trained: Trained) -> None:
    progress = msgspec.json.decode((trained.run.path / PROGRESS).read_bytes(), type=Progress)
    assert (progress.state, progress.pieces, progress.left_out) == ("stopped", 5, 4)
    assert progress.line == trained.lines[-2]


def test_what_it_says_of_the_training(trained: Trained) -> None:
    *_, last, stopped, best, following = trained.lines
    assert "nats a note in training" in last
    assert "held out" in last
    epoch, path = trained.run.best_epoch(), trained.run.path
    assert stopped == (
        f"stopped after epoch {trained.run.saved_epochs()[-1]}; the same command with --resume goes on from there, and "
        f"lstm-composer advise {path} says which epoch to take so far"
    )
    assert best.startswith(f"epoch {epoch} has ")
    assert "on pieces it has never heard; a Markov model of order 3 has" in best
    # Longer than a terminal is wide, and yet one line.
    assert following == f"next: composer-export --run {trained.run.path} --epoch {epoch}"


def test_what_is_in_the_run_directory(trained: Trained, music_folder: Path) -> None:
    path = trained.run.path
    visible = {entry.name for entry in path.iterdir() if not entry.name.startswith(".")}
    files = {"config.json", "corpus.json", "corpus.md", "corpus.png", "encoding.json", "history.csv", "metrics.json"}
    files.add(PROGRESS)
    assert visible == {"checkpoints", "plots", "samples", *files}
    for folder, suffix, others in (
        ("checkpoints", "keras", set()),
        ("plots", "png", {"training.gif"}),
        ("samples", "mid", set()),
    ):
        names = {f"epoch_{epoch:04}.{suffix}" for epoch in trained.run.saved_epochs()} | others
        assert {entry.name for entry in (path / folder).iterdir() if not entry.name.startswith(".")} == names
    config = json.loads((path / "config.json").read_text())
    assert (config["name"], config["source"], config["preset"]) == ("tiny", str(music_folder), "stream")
    assert (config["epochs"], config["save_every"], config["seed"]) == (100_001, 2, 3)
    assert config["network"]["units"] == 16
    assert json.loads((path / "encoding.json").read_text()) == vocabulary()
    columns = (path / "history.csv").read_text().splitlines()[0].split(",")
    assert columns[:4] == ["epoch", "seconds", "notes_per_second", "learning_rate"]
    assert {"loss", "nll_pitch", "accuracy_pitch", "val_loss", "val_nll_pitch", "val_accuracy_pitch"} <= set(columns)


def test_the_measure_of_the_best_epoch(trained: Trained) -> None:
    metrics = trained.run.read_json("metrics.json")
    assert metrics["best_epoch"] == trained.run.best_epoch()
    assert metrics["measured_on"] == "test"
    assert metrics["below_markov"] == pytest.approx(1 - metrics["test"]["loss"] / metrics["markov_order_3"]["loss"])


def test_a_run_is_not_overwritten(trained: Trained, music_folder: Path) -> None:
    with pytest.raises(InputError, match="holds a run already: --resume goes on"):
        main([str(music_folder), "--name", "tiny", "--run-dir", str(trained.run.path)])


def test_a_resumed_run_is_the_same_run(trained: Trained, music_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"was trained as tiny on .*, not as other on"):
        main([str(music_folder), "--name", "other", "--run-dir", str(trained.run.path), "--resume"])
    with pytest.raises(InputError, match="not as tiny on elsewhere"):
        main(["elsewhere", "--name", "tiny", "--run-dir", str(trained.run.path), "--resume"])
    with pytest.raises(InputError, match="is not a run directory"):
        main([str(music_folder), "--name", "tiny", "--run-dir", str(tmp_path), "--resume"])


def test_music_that_has_changed_since(trained: Trained, music_folder: Path, tmp_path: Path) -> None:
    """Its parts would be others, and the network measured on pieces that it has been trained on."""
    folder, run = tmp_path / "music", RunDirectory(tmp_path / "run")
    folder.mkdir()
    for path in sorted(music_folder.glob("good*.mid"))[:4]:
        (folder / path.name).write_bytes(path.read_bytes())
    run.create()
    run.write_json("config.json", {**json.loads(trained.run.config_path.read_text()), "source": str(folder)})
    run.write_json("corpus.json", trained.run.read_json("corpus.json"))
    with pytest.raises(InputError, match=r"is not what .* began with: put it back"):
        main([str(folder), "--name", "tiny", "--run-dir", str(run.path), "--resume"])


def unadvised(*_: object) -> None:
    """In place of listening to all saved epochs, which takes longer than to train them."""


# Keras 3.15 copies variables in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_patience_ends_a_training_and_more_of_it_goes_on(
    music_folder: Path,
    tiny_network: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        "lstm_composer.trainer.training.stream_learner.StreamLearner.held_out", lambda *_: {"val_loss": 3.0}
    )
    monkeypatch.setattr(ADVICE, unadvised)
    run = RunDirectory(tmp_path / "run")
    command = [str(music_folder), "--name", "tiny", "--run-dir", str(run.path)]

    def ends(*argv: str) -> list[str]:
        with step_by_step():
            assert main([*command, *argv]) == 0
        return [line for line in capsys.readouterr().out.splitlines() if line.startswith("no better epoch")]

    early = "no better epoch for 2 epochs: ended at epoch 3 of 9; --resume with a --patience above 2 goes on"
    assert ends("--patience", "2", "--epochs", "9", "--save-every", "9", "--no-transposition", *tiny_network) == [early]
    assert not (run.path / "tensorboard").exists()
    [later] = ends("--resume", "--patience", "3", "--tensorboard")
    assert later.startswith("no better epoch for 3 epochs: ended at epoch 4 of 9; ")
    assert run.saved_epochs() == [3, 4]
    settings = run.read_settings()
    assert (settings.patience, settings.epochs, settings.transpose, settings.tensorboard) == (3, 9, False, True)
    for part in ("training", "held_out"):
        assert list((run.path / "tensorboard" / part).iterdir())


# Keras 3.15 copies variables in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_minutes_end_a_training(
    music_folder: Path,
    tiny_network: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = RunDirectory(tmp_path / "run")
    command = [str(music_folder), "--name", "tiny", "--run-dir", str(run.path), "--minutes"]
    with step_by_step():
        assert main([*command, "0.00001", "--epochs", "9", "--save-every", "9", *tiny_network]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "1e-05 minutes are over: ended at epoch 1 of 9; --resume with more --minutes goes on" in lines
    assert (run.saved_epochs(), run.read_settings().minutes) == ([1], 0.00001)
    progress = msgspec.json.decode((run.path / PROGRESS).read_bytes(), type=Progress)
    assert (progress.state, progress.line) == ("done", json.loads((run.path / "advice.json").read_text())["sentence"])
    monkeypatch.setattr(ADVICE, unadvised)
    with step_by_step():
        assert main([*command, "100", "--epochs", "2", "--resume"]) == 0
    assert run.saved_epochs() == [1, 2]


FOLDER = ["music", "--name", "x"]


@pytest.mark.parametrize(
    ("argv", "kind", "message"),
    [
        (["missing", "--name", "x"], CorpusError, "missing does not exist: give a folder of music"),
        (["empty", "--name", "x"], CorpusError, "empty holds no music: files that end in .mid"),
        (["music"], InputError, "the following arguments are required: --name; see lstm-composer train --help"),
        ([*FOLDER[:2], ""], InputError, "--name '' is not allowed: letters, digits, - and _ make a good name"),
        ([*FOLDER[:2], "../x"], InputError, "--name '../x' is not allowed"),
        ([*FOLDER[:2], "a\nb"], InputError, r"--name 'a\nb' is not allowed"),
        ([*FOLDER, "--epochs", "0"], InputError, "argument --epochs: 0 is not allowed: give a whole number from 1"),
        ([*FOLDER, "--epochs", "ten"], InputError, "argument --epochs: ten is not allowed"),
        ([*FOLDER, "--save-every", "-1"], InputError, "argument --save-every: -1 is not allowed"),
        ([*FOLDER, "--seed", "-1"], InputError, "argument --seed: -1 is not allowed: give a whole number from 0 to"),
        ([*FOLDER, "--seed", str(2**32)], InputError, "is not allowed: give a whole number from 0 to 4294967295"),
        ([*FOLDER, "--dropout", "1"], InputError, "argument --dropout: 1 is not allowed"),
        ([*FOLDER, "--dropout", "nan"], InputError, "argument --dropout: nan is not allowed"),
        ([*FOLDER, "--learning-rate", "fast"], InputError, "argument --learning-rate: fast is not allowed"),
        ([*FOLDER, "--preset", "article", "--from", "bach"], InputError, "--from starts networks of preset stream"),
        ([*FOLDER, "--from", "no/such"], InputError, "--from no/such is neither a run directory nor a bundle"),
        ([*FOLDER, "--minutes", "0"], InputError, "argument --minutes: 0 is not allowed: give a number above 0"),
        ([*FOLDER, "--patience", "0"], InputError, "argument --patience: 0 is not allowed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_user_can_cure_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], kind: type[ComposerError], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "tune.abc").touch()
    with pytest.raises(kind) as refusal:
        main(argv)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "runs").exists()


def refused_to_load(_doing: str) -> Never:
    pytest.fail("TensorFlow would be loaded")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["missing", "--name", "x"], "missing does not exist"),
        (["empty", "--name", "x"], "empty holds no music"),
        (["music", "--name", "tiny", "--run-dir", "run"], "run holds a run already"),
        (["music", "--name", "tiny", "--run-dir", "empty", "--resume"], "empty is not a run directory"),
        (["music", "--name", "other", "--run-dir", "run", "--resume"], "was trained as tiny on music, not as other"),
        (["music", "--name", "tiny", "--run-dir", "run", "--resume"], "music does not exist"),
    ],
)
def test_what_can_be_known_without_tensorflow_is_told_before_it_is_loaded(
    argv: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_composer.trainer.cli.train.loaded_for", refused_to_load)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    make_run(tmp_path / "run")
    with pytest.raises(ComposerError) as refusal:
        main(argv)
    assert message in str(refusal.value)


@pytest.mark.skipif(
    not entry_points(group=lstm_composer.runtime.cli.main.COMMANDS_GROUP), reason="lstm-composer is not installed here"
)
def test_the_installed_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lstm_composer.runtime.cli.main.main(["train", str(tmp_path / "missing"), "--name", "x"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("lstm-composer: ")
    assert error.count("\n") == 1
