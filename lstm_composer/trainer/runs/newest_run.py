"""Which run is meant where none is named: the one that was at work last."""

import os
from contextlib import suppress
from pathlib import Path

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.runs.run_directory import RunDirectory


def newest_run(folder: Path) -> RunDirectory:
    """The run in `folder` whose history was written last.

    Raises:
        InputError: If there is none.

    """
    runs = [path.parent for path in folder.glob("*/config.json")]
    if not runs:
        raise InputError(f"no run in {folder}: lstm-composer train FOLDER --name STYLE makes one; or give --run DIR")
    return RunDirectory(max(runs, key=_last_written))


def _last_written(folder: Path) -> float:
    """When something in a folder was written last, in seconds since 1970; links are not followed."""
    with suppress(OSError), os.scandir(folder) as entries:
        return max(entry.stat(follow_symlinks=False).st_mtime for entry in entries)
    return 0.0
