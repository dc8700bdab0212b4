"""What TensorBoard is given, read back from the files as it reads them."""

import math
import os
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from lstm_composer.trainer.reports.tensorboard import TensorBoardWriter


def row(epoch: int, loss: float, **figures: float) -> dict[str, float]:
    return {"epoch": epoch, "learning_rate": 0.01, "loss": loss, "val_loss": loss + 1, **figures}


def events(folder: Path) -> list[tf.compat.v1.Event]:
    """All events in the order of the files, which begin as files of events must."""
    found = []
    for path in sorted(folder.iterdir()):
        records = [tf.compat.v1.Event.FromString(data.numpy()) for data in tf.data.TFRecordDataset(str(path))]
        assert records[0].file_version == "brain.Event:2"
        found += records
    return found


def shown(folder: Path, tag: str) -> list[tuple[int, float]]:
    """The points of a curve as TensorBoard draws them: a start takes back all from its step on."""
    points: list[tuple[int, float]] = []
    for event in events(folder):
        if event.session_log.status == tf.compat.v1.SessionLog.START:
            points = [point for point in points if point[0] < event.step]
        points += [(event.step, value.simple_value) for value in event.summary.value if value.tag == tag]
    return points


def test_training_and_held_out_under_the_same_names(tmp_path: Path) -> None:
    log = TensorBoardWriter(tmp_path)
    log.write([row(1, 3.0)])
    log.write([row(1, 3.0), row(2, 2.5)])
    assert shown(tmp_path / "training", "loss") == [(1, 3.0), (2, 2.5)]
    assert shown(tmp_path / "held_out", "loss") == [(1, 4.0), (2, 3.5)]
    assert [rate for _, rate in shown(tmp_path / "training", "learning_rate")] == pytest.approx([0.01, 0.01])
    tags = {value.tag for event in events(tmp_path / "held_out") for value in event.summary.value}
    assert tags == {"loss"}


def test_every_epoch_is_there_as_soon_as_it_is_kept(tmp_path: Path) -> None:
    """Nobody closes the files of a run that is killed."""
    log = TensorBoardWriter(tmp_path)
    rows = [row(epoch, 1 / epoch) for epoch in range(1, 5)]
    for count in range(1, 5):
        log.write(rows[:count])
        assert [step for step, _ in shown(tmp_path / "training", "loss")] == list(range(1, count + 1))


def test_a_resumed_run_takes_back_what_it_trains_again(tmp_path: Path) -> None:
    TensorBoardWriter(tmp_path).write([row(1, 3.0), row(2, 2.0), row(3, 1.0)])
    TensorBoardWriter(tmp_path).write([row(1, 3.0), row(2, 2.0), row(3, 1.5)])
    assert shown(tmp_path / "training", "loss") == [(1, 3.0), (2, 2.0), (3, 1.5)]
    assert len(list((tmp_path / "training").iterdir())) == 2


def test_a_rollback_takes_back_the_epochs_that_it_undoes(tmp_path: Path) -> None:
    log = TensorBoardWriter(tmp_path)
    log.write([row(1, 3.0), row(2, 2.0)])
    log.write([row(1, 2.75)])
    log.write([row(1, 2.75), row(2, 2.25)])
    assert shown(tmp_path / "training", "loss") == [(1, 2.75), (2, 2.25)]


def test_nothing_held_out_and_a_loss_that_is_no_number(tmp_path: Path) -> None:
    TensorBoardWriter(tmp_path).write([{"epoch": 1, "loss": math.nan}])
    [(step, loss)] = shown(tmp_path / "training", "loss")
    assert step == 1
    assert math.isnan(loss)
    assert shown(tmp_path / "held_out", "loss") == []


def test_a_closed_log_begins_anew(tmp_path: Path) -> None:
    log = TensorBoardWriter(tmp_path)
    log.write([row(1, 3.0)])
    log.close()
    log.write([row(1, 3.0)])
    assert shown(tmp_path / "training", "loss") == [(1, 3.0)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes in a file's name")
def test_a_folder_whose_name_is_not_utf_8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"run\xfc")
    log = TensorBoardWriter(folder)
    log.write([row(1, 3.0)])
    log.close()
    folder.rename(tmp_path / "run")
    assert shown(tmp_path / "run" / "training", "loss") == [(1, 3.0)]
