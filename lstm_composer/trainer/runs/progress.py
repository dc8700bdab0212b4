"""progress.json of a run: what its training is doing, for programs that show it.

It is written whole, when the state changes and at most once a second in between. A training that is killed leaves what
it said last: whether one is at work is told by the lock on `.training.lock` beside it (`runtime.system.claims`), which
`process` holds.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any, Final, Literal

import msgspec

from lstm_composer.runtime.errors import ComposerError
from lstm_composer.trainer.runs.run_directory import RunDirectory

PROGRESS: Final = "progress.json"
VERSION: Final = 1
ENDED: Final = ("done", "stopped", "failed")
"""The states in which nothing is done any more."""
_BETWEEN_SECONDS: Final = 1.0

State = Literal["reading", "training", "judging", "done", "stopped", "failed"]
Amount = Annotated[float, msgspec.Meta(ge=0)]
Whole = Annotated[int, msgspec.Meta(ge=0)]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What a training is doing.

    Attributes:
        version: Of this file's fields.
        state: What is done now: the music read, epochs trained, the saved ones listened to; or how it ended: to its
            end, before it because it was asked to, or by an error.
        line: The same in words: the file that is read, figures of the last epoch, which epoch to take, what is wrong.
        process: Which process trains.
        seconds: How long it has been at work, loading included only as far as it follows the check of the folder.
        done: Files read, epochs trained (with the part of the present one), epochs listened to.
        total: How many there will be of these; 0 where that is not known.
        pieces: That were read, 0 as long as they are.
        left_out: Files and pieces that were left out; corpus.json says why.

    """

    version: int = VERSION
    state: State = "reading"
    line: str = ""
    process: Whole = 0
    seconds: Amount = 0.0
    done: Amount = 0.0
    total: Amount = 0.0
    pieces: Whole = 0
    left_out: Whole = 0


class ProgressFile:
    """Writes progress.json as a training goes on; one that cannot be written is done without."""

    def __init__(self, run: RunDirectory, now: Callable[[], float] = time.monotonic) -> None:
        """Write into a run, whose folder is there.

        Args:
            run: The run; it need not have begun.
            now: Seconds on a clock that goes steadily.

        """
        self._run, self._now = run, now
        self._began = now()
        self._told = Progress(process=os.getpid())
        self._written_at = float("-inf")

    def tell(self, state: State, **figures: Any) -> None:
        """Say what is done now.

        Args:
            state: See `Progress`; at a new one `line`, `done` and `total` begin anew.
            figures: Fields of `Progress` that have another value now.

        """
        is_new = state != self._told.state
        fresh = {"line": "", "done": 0.0, "total": 0.0} if is_new else {}
        now = self._now()
        changed = {**fresh, **figures, "state": state, "seconds": round(now - self._began, 1)}
        self._told = msgspec.structs.replace(self._told, **changed)
        if is_new or now - self._written_at >= _BETWEEN_SECONDS:
            self._write(now)

    def tell_judged(self, done: int, total: int) -> None:
        """Say how many of the saved epochs have been listened to."""
        self.tell("judging", done=done, total=total)

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Say at the end of the block how it ended; where it has not come to a run, no file stays."""
        self._write(self._now())
        try:
            yield
            if self._told.state not in ENDED:  # it collapsed again and again, as the last line says
                self.tell("failed", line=self._told.line)
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            self.tell("stopped" if stopped else "failed", line="" if stopped else _in_words(error))
            raise
        finally:
            self._write(self._now())
            if not self._run.is_there:
                with suppress(OSError):
                    (self._run.path / PROGRESS).unlink(missing_ok=True)

    def _write(self, now: float) -> None:
        self._written_at = now
        with suppress(ComposerError, OSError):
            self._run.write_json(PROGRESS, self._told)


def _in_words(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, ComposerError) else f"{type(error).__name__}: {text}"
