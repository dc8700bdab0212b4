"""When a training has gone on long enough: the pieces held out have not become less surprising for a while."""

from collections.abc import Mapping, Sequence


def is_spent(rows: Sequence[Mapping[str, float]], patience: int | None) -> bool:
    """Tell whether the lowest held-out NLL is `patience` epochs old or older.

    Args:
        rows: The history, a row for each epoch.
        patience: Epochs, 1 or more; None for any number.

    Returns:
        Never true where nothing is held out.

    """
    losses = [row["val_loss"] for row in rows if "val_loss" in row]
    if patience is None or not losses:
        return False
    return len(losses) - 1 - losses.index(min(losses)) >= patience
