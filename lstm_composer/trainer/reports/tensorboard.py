"""The history of a run for TensorBoard, while the run goes on: `tensorboard --logdir RUN/tensorboard`.

Training and held-out figures lie in two folders under the same names, so that TensorBoard draws them in one picture.
TensorFlow alone writes the files; only who looks at them needs TensorBoard itself.

A file of events cannot take anything back, but a run can: one that was killed resumes from its last checkpoint, one
that collapses goes back to an earlier one. Each time a new file is begun that tells TensorBoard to forget the ones
before, and holds all epochs that count.
"""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from lstm_composer.runtime.errors import MissingError
from lstm_composer.trainer.runs.archives import reason_of

FOLDER = "tensorboard"
"""In the run directory."""
PARTS = ("training", "held_out")
_HELD_OUT = "val_"
_VERSION = "brain.Event:2"

Row = Mapping[str, float]


class TensorBoardWriter:
    """Writes the rows of a history as scalars, a step for each epoch.

    Args:
        folder: Where the folders of PARTS go; made if it is not there.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: list[Row] = []
        self._files: dict[str, Any] = {}

    def write(self, rows: Sequence[Row]) -> None:
        """Write the rows of a history that are new, and flush them to disk.

        Args:
            rows: The whole history, as `RunDirectory.write_history` takes it; after a rollback it is shorter or other
                than the one before.

        Raises:
            MissingError: If nothing can be written there.

        """
        try:
            self._write_new(rows)
        except (OSError, tf.errors.OpError) as error:
            raise MissingError(
                f"{self._folder} cannot be written ({reason_of(error)}): make room; --resume goes on"
            ) from error

    def _write_new(self, rows: Sequence[Row]) -> None:
        if not self._files or list(rows[: len(self._kept)]) != self._kept:
            self._begin_anew()
        for row in rows[len(self._kept) :]:
            for part, scalars in zip(PARTS, _split(row), strict=True):
                if scalars:
                    self._write_event(part, step=int(row["epoch"]), summary=_summary(scalars))
        self._kept = list(rows)
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        """Close the files; the next history begins new ones."""
        for file in self._files.values():
            file.close()
        self._files, self._kept = {}, []

    def _begin_anew(self) -> None:
        self.close()
        for part in PARTS:
            folder = self._folder / part
            folder.mkdir(parents=True, exist_ok=True)
            # Numbered, because TensorBoard reads the files of a folder in the order of their names.
            number = len(list(folder.glob("events.out.tfevents.*"))) + 1
            # As bytes: of a text TensorFlow takes only what is UTF-8, which a folder's name need not be.
            self._files[part] = tf.io.TFRecordWriter(os.fsencode(folder / f"events.out.tfevents.{number:06}"))
            self._write_event(part, file_version=_VERSION)
            start = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
            self._write_event(part, step=0, session_log=start)

    def _write_event(self, part: str, **content: Any) -> None:
        event = tf.compat.v1.Event(wall_time=time.time(), **content)
        self._files[part].write(event.SerializeToString())


def _split(row: Row) -> tuple[dict[str, float], dict[str, float]]:
    """The scalars of an epoch in training and on the held-out pieces, under the same names."""
    figures = {name: value for name, value in row.items() if name != "epoch"}
    held_out = {name.removeprefix(_HELD_OUT): value for name, value in figures.items() if name.startswith(_HELD_OUT)}
    return {name: value for name, value in figures.items() if not name.startswith(_HELD_OUT)}, held_out


def _summary(scalars: Mapping[str, float]) -> Any:
    values = [tf.compat.v1.Summary.Value(tag=name, simple_value=value) for name, value in scalars.items()]
    return tf.compat.v1.Summary(value=values)
