"""One training of a sweep: a process that ends with the worker that started it, and is alone in its run directory.

A worker that is killed takes its end of the pipe to our standard input with it, on every system; the lock is let go
by the system when this process ends. So whoever takes the run over never meets the training that it takes over from.
"""

import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Never

from filelock import FileLock, Timeout

import trainer.cli.train
from runtime.errors import MissingError
from runtime.system.process_exit import in_words
from trainer.runs.run_directory import RunDirectory

_STDIN = 0
_PATIENCE_SECONDS = 60
"""For the training of a killed worker to be gone; it takes milliseconds where the machine is not lost as a whole."""


def main(argv: Sequence[str]) -> int:
    """Train, or go on training where the run has been begun; takes its directory and the arguments of `train`.

    Raises:
        MissingError: If another process is still training there.

    """
    run = RunDirectory(Path(argv[0]))
    threading.Thread(target=_end_with_the_worker, daemon=True).start()
    lock = FileLock(run.path.parent / f".{run.path.name}.lock")
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS)
    except Timeout:
        raise MissingError(f"another process is still training {run.path.name}: end it, then start again") from None
    with lock:
        resume = ["--resume"] if run.config_path.exists() else []
        arguments = [*resume, *argv[1:]]
        print(header(os.getppid(), os.getpid(), socket.gethostname(), arguments), flush=True)  # noqa: T201 - into the log
        return trainer.cli.train.main(arguments)


def header(worker: int, training: int, host: str, arguments: Sequence[str]) -> str:
    """The line in the log with which a training begins; both processes by their ids."""
    return f"# worker {worker}, training {training} on {host}: {' '.join(arguments)}"


def _end_with_the_worker() -> Never:
    # Not sys.stdin: its lock would be held by this thread when Python ends, which is a fatal error.
    while os.read(_STDIN, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(in_words(lambda: main(sys.argv[1:])))
