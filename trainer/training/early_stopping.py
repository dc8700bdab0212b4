"""When a training has gone on long enough: the pieces held out have not become less surprising for a while."""

from collections.abc import Mapping, Sequence


def best_age(rows: Sequence[Mapping[str, float]]) -> int:
    """How many epochs ago the held-out NLL was lowest; 0 where nothing is held out."""
    losses = [row["val_loss"] for row in rows if "val_loss" in row]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def is_spent(rows: Sequence[Mapping[str, float]], patience: int | None) -> bool:
    """Tell whether the lowest held-out NLL is `patience` epochs old or older.

    Args:
        rows: The history, a row for each epoch.
        patience: Epochs, 1 or more; None for any number.

    Returns:
        Never true where nothing is held out.

    """
    return patience is not None and best_age(rows) >= patience


def early_end(rows: Sequence[Mapping[str, float]], patience: int | None, epochs: int) -> str | None:
    """Say in a line that patience has ended a training before its time; None if it has not.

    Args:
        rows: The history, a row for each epoch.
        patience: Epochs.
        epochs: Those that were planned.

    """
    if not is_spent(rows, patience) or len(rows) >= epochs:
        return None
    age = best_age(rows)
    return (
        f"no better epoch for {age} {'epoch' if age == 1 else 'epochs'}: ended at epoch {len(rows)} of {epochs}; "
        f"--resume with a --patience above {age} goes on"
    )
