import errno
import os
from pathlib import Path

import msgspec
import pytest

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.trainer.runs.newest_run import newest_run
from lstm_composer.trainer.runs.run_directory import RunDirectory, write_run_file
from lstm_composer.trainer.runs.settings import TrainingSettings


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    made = RunDirectory(tmp_path / "runs" / "mine")
    made.create()
    return made


def save(run: RunDirectory, *epochs: int) -> None:
    for epoch in epochs:
        run.checkpoint(epoch).touch()


def test_settings_come_back(run: RunDirectory, tiny_settings: TrainingSettings) -> None:
    run.write_json("config.json", tiny_settings)
    assert run.read_settings() == tiny_settings


def test_a_run_is_not_overwritten(run: RunDirectory, tiny_settings: TrainingSettings) -> None:
    run.create()  # an empty folder is no run yet
    run.write_json("config.json", tiny_settings)
    with pytest.raises(InputError, match="holds a run already: --resume goes on"):
        run.create()


def test_a_run_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot make the run directory .*give another --run-dir"):
        RunDirectory(tmp_path / "file" / "run").create()


def test_no_run_to_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a run directory: it has no config\.json"):
        RunDirectory(tmp_path).read_settings()


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"name": 1, "source": "x"}', '{"name": "x", "source": "y", "epochs": "z"}']
)
def test_a_config_that_cannot_be_understood(run: RunDirectory, content: str) -> None:
    run.config_path.write_text(content)
    with pytest.raises(InputError, match=r"config\.json cannot be read") as refusal:
        run.read_settings()
    assert "\n" not in str(refusal.value)


def test_saved_epochs_rise_and_are_nothing_else(run: RunDirectory) -> None:
    assert run.saved_epochs() == []
    save(run, 25, 100, 10_000, 9)
    for name in ("epoch_x.keras", ".epoch_0001.keras", "epoch_0003.keras.part", "other.keras"):
        (run.checkpoints_path / name).touch()
    assert run.saved_epochs() == [9, 25, 100, 10_000]


def test_a_history_comes_back_and_its_epochs_stay_whole(run: RunDirectory) -> None:
    rows = [{"epoch": 1, "loss": 3.25}, {"epoch": 2, "loss": 0.1}]
    assert run.read_history() == []
    run.write_history(rows)
    first = run.history_path.read_bytes()
    assert first.split() == [b"epoch,loss", b"1,3.25", b"2,0.1"]
    assert run.read_history() == rows
    run.write_history(run.read_history())
    assert run.history_path.read_bytes() == first


@pytest.mark.parametrize(
    ("column", "losses", "best"),
    [
        ("val_loss", {1: 3.0, 2: 2.0, 3: 2.5}, 2),
        ("val_loss", {1: 3.0, 2: 2.0, 3: 2.5, 4: 1.0}, 2),  # epoch 4 was not saved
        ("loss", {1: 3.0, 2: 2.0, 3: 1.5}, 3),  # nothing held out
    ],
)
def test_the_best_epoch_is_the_lowest_of_those_saved(
    run: RunDirectory, column: str, losses: dict[int, float], best: int
) -> None:
    save(run, 1, 2, 3)
    run.write_history([{"epoch": epoch, "loss": 9.0 - epoch, column: loss} for epoch, loss in losses.items()])
    assert run.best_epoch() == best


def test_no_best_epoch_before_the_first_checkpoint(run: RunDirectory) -> None:
    run.write_history([{"epoch": 1, "loss": 3.0}])
    with pytest.raises(InputError, match="has no checkpoint yet"):
        run.best_epoch()


def test_the_newest_run_is_the_one_written_last(tmp_path: Path, tiny_settings: TrainingSettings) -> None:
    runs = [RunDirectory(tmp_path / name) for name in ("b", "a", "c")]
    for age, run in enumerate(runs):
        run.create()
        run.write_json("config.json", tiny_settings)
        for path in run.path.iterdir():
            os.utime(path, (1000 - age, 1000 - age))
    os.utime(runs[1].config_path, (2000, 2000))
    assert newest_run(tmp_path) == runs[1]


def test_no_run_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no run in .*give --run DIR"):
        newest_run(tmp_path)


def test_json_of_a_run(run: RunDirectory) -> None:
    assert run.read_json("metrics.json") == {}
    run.write_json("metrics.json", {"loss": 2.5})
    assert run.read_json("metrics.json") == {"loss": 2.5}
    assert msgspec.json.decode((run.path / "metrics.json").read_bytes()) == {"loss": 2.5}


@pytest.mark.parametrize(
    ("error", "raised"), [(OSError(errno.ENOSPC, "No space left"), MissingError), (KeyError(), KeyError)]
)
def test_a_file_that_cannot_be_written_whole_is_not_written(
    run: RunDirectory, error: Exception, raised: type[Exception]
) -> None:
    path = run.path / "file.txt"
    path.write_text("before")

    def write(part: Path) -> None:
        part.write_text("half")
        raise error

    with pytest.raises(raised):
        write_run_file(path, write)
    assert path.read_text() == "before"
    assert sorted(entry.name for entry in run.path.iterdir()) == ["checkpoints", "file.txt"]


def test_a_full_disk_is_named(run: RunDirectory) -> None:
    def write(part: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(MissingError, match=r"cannot be written \(No space left on device\): make room; --resume"):
        write_run_file(run.checkpoint(1), write)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("epoch,loss\n1\n", "it has 1 figures in line 2, not 2"),
        ("epoch,loss\n1,2,3\n", "it has 3 figures in line 2, not 2"),
        ("epoch,loss\n1,x\n", "it has 'x' for loss in line 2, which is no number"),
        ("epoch,loss\n1,nan\n", "it has no loss in line 2"),
        ("epoch,loss\n1,\n", "it has no loss in line 2"),
        ("epoch,loss\n0,1\n", "it has '0' for epoch in line 2, which is no epoch"),
        ("epoch,loss\n" + "9" * 5000 + ",1\n", "for epoch in line 2, which is no number"),
        ("epoch,loss\n2,1\n1,1\n", "it has epoch 1 after epoch 2"),
        ("epoch,loss\n1,1\n1,1\n", "it has epoch 1 after epoch 1"),
        ("epoch\n1\n", "it has other columns than a history"),
        ("epoch,loss,loss\n1,1,1\n", "it has other columns than a history"),
        ("epoch,loss,\x1b[31m\n1,1,1\n", "it has other columns than a history"),
        ('epoch,loss\n1,"1', "it is no table of figures"),
        ("epoch,loss\n1," + "1" * 200_000, "it is no table of figures"),
        ("epoch,loss\n1,1\0\n", "which is no number"),
    ],
)
def test_a_history_that_is_none(run: RunDirectory, text: str, reason: str) -> None:
    run.history_path.write_text(text)
    with pytest.raises(InputError) as refusal:
        run.read_history()
    assert "history.csv cannot be read (it " in str(refusal.value)
    assert reason in str(refusal.value)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 400


def test_figures_that_are_none_are_left_out(run: RunDirectory) -> None:
    run.history_path.write_bytes(b"\xef\xbb\xbfepoch,loss,val_loss\r\n1,2.0,nan\r\n2,1.0,\r\n3,1.5,1.75\r\n")
    rows = run.read_history()
    assert rows == [{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}, {"epoch": 3, "loss": 1.5, "val_loss": 1.75}]
    run.write_history(rows)
    assert run.read_history() == rows
    save(run, 1, 2, 3)
    assert run.best_epoch() == 3


def test_a_history_with_a_gap_cannot_be_gone_on_with(run: RunDirectory) -> None:
    run.write_history([{"epoch": 1, "loss": 3.0}, {"epoch": 3, "loss": 2.0}])
    assert [row["epoch"] for row in run.history_until(1)] == [1]
    with pytest.raises(InputError, match="does not have every epoch up to 3, of which there is a checkpoint"):
        run.history_until(3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "a\x1b[31m"}, r"it names a style 'a\\x1b[31m', which is not allowed"),
        ({"name": "x" * 300}, "it names a style 'xxxx"),
        ({"name": "../../x"}, "it names a style '../../x'"),
        ({"styles": ["a", "b"]}, "it has a network of 1 styles and names 2"),
        ({"network": {"units": 10**9}}, "Expected `int` <= 4096"),
        (
            {"network": {"units": 4096, "layers": 16}},
            "it asks for too large a network (16 layers of 4096 units are 2,082 million",
        ),
        ({"network": {"styles": 0}}, "Expected `int` >= 1"),
        ({"network": {"dropout": 1.0}}, "Expected `float` < 1.0"),
        ({"preset": "later"}, "Invalid enum value 'later'"),
        ({"source": ""}, "Expected `str` of length >= 1"),
        ({"source": "a\0b"}, "it names a source that no folder can be"),
        ({"learning_rate": 0}, "Expected `float` > 0.0"),
        ({"save_every": 0}, "Expected `int` >= 1"),
    ],
)
def test_settings_that_cannot_be(
    run: RunDirectory, tiny_settings: TrainingSettings, changes: dict[str, object], reason: str
) -> None:
    run.write_json("config.json", {**msgspec.to_builtins(tiny_settings), **changes})
    with pytest.raises(InputError) as refusal:
        run.read_settings()
    assert reason in str(refusal.value)
    assert str(refusal.value).isprintable()


def test_epochs_are_those_of_files_that_a_training_names_so(run: RunDirectory) -> None:
    for name in ("epoch_1.keras", "epoch_0000.keras", "epoch_00003.keras", "epoch_\u0664\u0664\u0664\u0664.keras"):
        (run.checkpoints_path / name).touch()
    (run.checkpoints_path / ("epoch_" + "9" * 200 + ".keras")).touch()
    assert run.saved_epochs() == []


def test_a_run_beside_links_to_nowhere_is_the_newest_all_the_same(tmp_path: Path, run: RunDirectory) -> None:
    run.config_path.touch()
    (run.path / "gone").symlink_to("nowhere")
    (tmp_path / "runs" / "file").touch()
    assert newest_run(tmp_path / "runs") == run


@pytest.mark.parametrize("name", ["x" * 300, "file/run"])
def test_a_run_that_cannot_be_looked_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    for read in (RunDirectory.read_settings, RunDirectory.create):
        with pytest.raises(InputError) as refusal:
            read(RunDirectory(tmp_path / name))
        assert str(refusal.value).isprintable()


def test_two_trainings_never_share_a_folder(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "runs" / "one")
    with run.claimed():
        with pytest.raises(InputError, match=r"another training is at work in .*one: wait for its end"), run.claimed():
            pass
        with RunDirectory(tmp_path / "runs" / "two").claimed():
            pass
    with run.claimed():
        run.create()
    assert [path.name for path in run.path.iterdir()] == ["checkpoints"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match="cannot make the run directory"),
        RunDirectory(tmp_path / "file" / "x").claimed(),
    ):
        pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_place_of_a_file_is_not_written_to(run: RunDirectory) -> None:
    os.mkfifo(run.path / "report.md")
    with pytest.raises(MissingError, match=r"report\.md cannot be written \(it is no file\): move it away"):
        write_run_file(run.path / "report.md", lambda part: part.write_text("x"))
