import pytest

from trainer.training.early_stopping import early_stop_message, should_stop_early


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
    line = early_stop_message(rows, patience, epochs)
    assert line is None if said is None else line and line.startswith(said)
