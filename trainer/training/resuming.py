"""Where a training goes on: at the newest checkpoint that can be loaded."""

from collections.abc import Callable
from typing import TypeVar

from trainer.network.checkpoints import DamagedCheckpointError
from trainer.runs.run_directory import RunDirectory

T = TypeVar("T")


def last_whole(run: RunDirectory, load: Callable[[int], T], say: Callable[[str], None]) -> tuple[int, T | None]:
    """Load the newest checkpoint of a run that can be loaded, and put newer ones aside that cannot.

    Args:
        run: The run.
        load: Loads the checkpoint of an epoch.
        say: Told in a sentence what was put aside, and where the training goes on.

    Returns:
        Its epoch and what `load` makes of it; 0 and None where nothing has been saved.

    Raises:
        DamagedCheckpointError: If none of them can be loaded. Then none is put aside: a training that is resumed once
            more would take the run for one that has saved nothing, and begin anew.
        MissingError: If one cannot be renamed.

    """
    damaged: list[tuple[int, DamagedCheckpointError]] = []
    for epoch in reversed(run.saved_epochs()):
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
