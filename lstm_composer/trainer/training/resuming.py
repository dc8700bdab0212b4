"""Where a training goes on: at the newest checkpoint that can be loaded."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from lstm_composer.trainer.network.checkpoints import DamagedCheckpointError
from lstm_composer.trainer.runs.run_directory import RunDirectory

T = TypeVar("T")


def last_whole(run: RunDirectory, load: Callable[[int], T], say: Callable[[str], None]) -> tuple[int, T | None]:
    """Load the newest checkpoint of a run that can be loaded, and put newer ones aside that cannot.

    A checkpoint of an epoch that history.csv does not hold is none of this training's: it is passed over, and stays.

    Args:
        run: The run.
        load: Loads the checkpoint of an epoch.
        say: Told in a sentence what was passed over or put aside, and where the training goes on.

    Returns:
        Its epoch and what `load` makes of it; 0 and None where nothing has been saved.

    Raises:
        InputError: If history.csv cannot be understood.
        DamagedCheckpointError: If none of them can be loaded. Then none is put aside: a training that is resumed once
            more would take the run for one that has saved nothing, and begin anew.
        MissingError: If one cannot be renamed.

    """
    damaged: list[tuple[int, DamagedCheckpointError]] = []
    for epoch in reversed(_own_epochs(run, say)):
        try:
            loaded = load(epoch)
        except DamagedCheckpointError as error:
            damaged.append((epoch, error))
            continue
        for bad, why in damaged:
            say(f"{why.reason}; it is called {run.put_aside(bad).name} now")
        if damaged:
            say(f"going on from epoch {epoch}, the newest whole checkpoint")
        return epoch, loaded
    if damaged:
        _, newest = damaged[0]
        cure = f"none of the {len(damaged)} checkpoints can be loaded; train again into another --run-dir"
        raise DamagedCheckpointError(newest.path, newest.why, cure=cure)
    return 0, None


def _own_epochs(run: RunDirectory, say: Callable[[str], None]) -> Sequence[int]:
    """Epochs that are saved and in the history, rising; where none is in it all that are saved."""
    saved, known = run.saved_epochs(), {int(row["epoch"]) for row in run.read_history()}
    own = [epoch for epoch in saved if epoch in known]
    if not own:  # what is missing is then the history, and whoever needs its rows says so
        return saved
    for epoch in saved:
        if epoch not in known:
            say(f"{run.checkpoint(epoch)} is passed over: history.csv has no epoch {epoch}")
    return own
