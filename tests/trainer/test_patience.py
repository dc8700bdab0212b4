import pytest

from trainer.patience import is_spent


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
    assert is_spent([{"epoch": 0, "loss": 9.0, "val_loss": loss} for loss in losses], patience) is spent


def test_nothing_held_out_is_no_reason_to_stop() -> None:
    assert not is_spent([{"epoch": 0, "loss": 9.0}] * 100, 1)
