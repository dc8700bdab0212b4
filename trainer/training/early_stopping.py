"""Early stopping on the validation NLL."""

from collections.abc import Mapping, Sequence


def epochs_since_best(rows: Sequence[Mapping[str, float]]) -> int:
    """How many epochs ago the held-out NLL was lowest; 0 where nothing is held out."""
    losses = [row["val_loss"] for row in rows if "val_loss" in row]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def should_stop_early(rows: Sequence[Mapping[str, float]], patience: int | None) -> bool:
    """Tell whether the lowest held-out NLL is `patience` epochs old or older.

    Args:
        rows: The history, a row for each epoch.
        patience: Epochs, 1 or more; None for any number.

    Returns:
        Never true where nothing is held out.

    """
    return patience is not None and epochs_since_best(rows) >= patience


def early_stop_message(rows: Sequence[Mapping[str, float]], patience: int | None, epochs: int) -> str | None:
    """Say in a line that patience has ended a training before its time; None if it has not.

    Args:
        rows: The history, a row for each epoch.
        patience: Epochs.
        epochs: Those that were planned.

    """
    if not should_stop_early(rows, patience) or len(rows) >= epochs:
        return None
    age = epochs_since_best(rows)
    return (
        f"no better epoch for {age} {'epoch' if age == 1 else 'epochs'}: ended at epoch {len(rows)} of {epochs}; "
        f"--resume with a --patience above {age} goes on"
    )
