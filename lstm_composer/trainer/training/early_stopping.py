"""When a training ends: after its last epoch, when it grows no better, or when its time is over."""

from collections.abc import Mapping, Sequence

from lstm_composer.trainer.runs.settings import TrainingSettings

Rows = Sequence[Mapping[str, float]]


def has_ended(rows: Rows, settings: TrainingSettings) -> bool:
    """Tell whether no epoch follows those of a history, a row for each."""
    return (
        len(rows) >= settings.epochs or should_stop_early(rows, settings.patience) or is_time_up(rows, settings.minutes)
    )


def epochs_since_best(rows: Rows) -> int:
    """How many epochs ago the held-out NLL was lowest; 0 where nothing is held out."""
    losses = [row["val_loss"] for row in rows if "val_loss" in row]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def should_stop_early(rows: Rows, patience: int | None) -> bool:
    """Tell whether the lowest held-out NLL is `patience` epochs old or older.

    Args:
        rows: The history, a row for each epoch.
        patience: Epochs, 1 or more; None for any number.

    Returns:
        Never true where nothing is held out.

    """
    return patience is not None and epochs_since_best(rows) >= patience


def is_time_up(rows: Rows, minutes: float | None) -> bool:
    """Tell whether the epochs of a history have taken so many minutes of training; None for any number."""
    return minutes is not None and sum(row.get("seconds", 0.0) for row in rows) >= 60.0 * minutes


def early_end_message(rows: Rows, settings: TrainingSettings) -> str | None:
    """Say in a line why a training has ended before its last epoch; None if it has not."""
    if len(rows) >= settings.epochs:
        return None
    ended = f"ended at epoch {len(rows)} of {settings.epochs}"
    if should_stop_early(rows, settings.patience):
        age = epochs_since_best(rows)
        return (
            f"no better epoch for {age} {'epoch' if age == 1 else 'epochs'}: {ended}; "
            f"--resume with a --patience above {age} goes on"
        )
    if is_time_up(rows, settings.minutes):
        return f"{settings.minutes:g} minutes are over: {ended}; --resume with more --minutes goes on"
    return None
