"""A resumed training goes on from the newest checkpoint that is whole; nothing of TensorFlow is needed to see that."""

from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.network.checkpoints import DamagedCheckpointError
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.training.resuming import last_whole


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    made = RunDirectory(tmp_path / "run")
    made.create()
    for epoch in (2, 4, 6, 8):
        made.checkpoint(epoch).touch()
    return made


def tried(run: RunDirectory, whole: set[int]) -> tuple[tuple[int, str | None], list[str]]:
    said: list[str] = []

    def load(epoch: int) -> str:
        if epoch not in whole:
            raise DamagedCheckpointError(run.checkpoint(epoch), "it is empty")
        return f"network {epoch}"

    return last_whole(run, load, said.append), said


def test_the_newest(run: RunDirectory) -> None:
    assert tried(run, {2, 4, 6, 8}) == ((8, "network 8"), [])
    assert run.saved_epochs() == [2, 4, 6, 8]


def test_newer_ones_that_are_damaged_are_put_aside(run: RunDirectory) -> None:
    found, said = tried(run, {4})
    assert found == (4, "network 4")
    assert run.saved_epochs() == [2, 4]  # whether epoch 2 is whole, nobody has asked
    assert sorted(path.name for path in run.checkpoints_path.iterdir())[2:] == [
        "epoch_0006.keras.damaged",
        "epoch_0008.keras.damaged",
    ]
    assert said == [
        f"checkpoint {run.checkpoint(8)} cannot be loaded (it is empty); it is called epoch_0008.keras.damaged now",
        f"checkpoint {run.checkpoint(6)} cannot be loaded (it is empty); it is called epoch_0006.keras.damaged now",
        "going on from epoch 4, the newest whole checkpoint",
    ]


def test_none_is_whole(run: RunDirectory) -> None:
    with pytest.raises(DamagedCheckpointError) as refusal:
        tried(run, set())
    assert str(refusal.value) == (
        f"checkpoint {run.checkpoint(8)} cannot be loaded (it is empty): none of the 4 checkpoints can be loaded; "
        "train again into another --run-dir"
    )
    assert run.saved_epochs() == [2, 4, 6, 8]


def test_nothing_is_saved(tmp_path: Path) -> None:
    assert tried(RunDirectory(tmp_path), set()) == ((0, None), [])


def test_a_checkpoint_of_an_epoch_that_never_was_is_passed_over(run: RunDirectory) -> None:
    run.write_history([{"epoch": epoch, "loss": 1.0} for epoch in range(1, 6)])
    run.checkpoint(99_999_999).touch()
    found, said = tried(run, {2, 4, 6, 8, 99_999_999})
    assert found == (4, "network 4")
    assert said == [
        f"{run.checkpoint(epoch)} is passed over: history.csv has no epoch {epoch}" for epoch in (6, 8, 99_999_999)
    ]
    assert run.saved_epochs() == [2, 4, 6, 8, 99_999_999]  # whatever it is, it is not ours


def test_a_history_without_any_saved_epoch_is_what_is_missing(run: RunDirectory) -> None:
    run.write_history([{"epoch": 1, "loss": 1.0}])
    assert tried(run, {8}) == ((8, "network 8"), [])
    with pytest.raises(InputError, match=r"does not have every epoch up to 8, of which there is a checkpoint"):
        run.history_until(8)
