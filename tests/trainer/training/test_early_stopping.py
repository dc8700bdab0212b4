from typing import Any

import pytest

from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.training.early_stopping import early_end_message, has_ended, is_time_up, should_stop_early


def settings(**given: Any) -> TrainingSettings:
    return TrainingSettings(name="x", source="music", **given)


@pytest.mark.parametrize(
    ("losses", "patience", "spent"),
    [
        ([], 1, False),
        ([3.0], 1, False),
        ([3.0, 2.0], 1, False),
        ([3.0, 3.0], 1, True),
        ([3.0, 2.0, 2.5], 2, False),
        ([3.0, 2.0, 2.5, 2.4], 2, True),
        ([3.0, 2.0, 2.5, 2.4, 1.9], 2, False),
        ([3.0] * 100, None, False),
    ],
)
def test_when_patience_is_spent(losses, patience, spent):
    assert should_stop_early([{"epoch": 0, "loss": 9.0, "val_loss": loss} for loss in losses], patience) is spent


def test_nothing_held_out_is_no_reason_to_stop() -> None:
    assert not should_stop_early([{"epoch": 0, "loss": 9.0}] * 100, 1)


@pytest.mark.parametrize(
    ("losses", "patience", "epochs", "said"),
    [
        ([3.0, 2.0, 2.5, 2.4], 2, 9, "no better epoch for 2 epochs: ended at epoch 4 of 9; --resume with a --patience"),
        ([3.0, 3.0], 1, 3, "no better epoch for 1 epoch: ended at epoch 2 of 3; --resume with a --patience above 1 g"),
        ([3.0, 2.0, 2.5, 2.4], 2, 4, None),
        ([3.0, 2.0, 2.5, 2.4], 3, 9, None),
        ([3.0, 2.0, 2.5, 2.4], None, 9, None),
        ([], 1, 9, None),
    ],
)
def test_what_is_said_of_an_early_end(losses, patience, epochs, said):
    rows = [{"epoch": number, "loss": 9.0, "val_loss": loss} for number, loss in enumerate(losses, start=1)]
    line = early_end_message(rows, settings(epochs=epochs, patience=patience))
    assert line is None if said is None else line and line.startswith(said)


@pytest.mark.parametrize(
    ("seconds", "minutes", "is_up"),
    [([], 1.0, False), ([59.9], 1.0, False), ([30.0, 30.0], 1.0, True), ([30.0] * 9, None, False), ([6.0], 0.1, True)],
)
def test_when_the_time_is_up(seconds, minutes, is_up):
    rows = [{"epoch": number, "loss": 9.0, "seconds": taken} for number, taken in enumerate(seconds, start=1)]
    assert is_time_up(rows, minutes) is is_up
    assert has_ended(rows, settings(epochs=9, minutes=minutes)) is (is_up or len(rows) == 9)
    line = "minutes are over: ended at epoch" if is_up else None
    said = early_end_message(rows, settings(epochs=9, minutes=minutes))
    assert said is None if line is None else said and line in said


def test_time_is_not_counted_in_a_history_that_does_not_know_it() -> None:
    assert not is_time_up([{"epoch": 1, "loss": 9.0}], 1.0)
