"""One training of a sweep: a process that ends with the worker that started it, and is alone in its run directory.

Our standard input is a pipe from the worker, in which a line of JSON says what to train. A worker that is killed takes
its end of the pipe with it, on every system; the lock is let go by the system when this process ends. So whoever takes
the run over never meets the training that it takes over from.
"""

import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Never

import msgspec
from filelock import FileLock, Timeout

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.cli.train import train_run
from lstm_composer.trainer.runs.request import TrainingRequest
from lstm_composer.trainer.runs.run_directory import RunDirectory

_STDIN = 0
_PATIENCE_SECONDS = 60
"""For the training of a killed worker to be gone; it takes milliseconds where the machine is not lost as a whole."""


def main(argv: Sequence[str]) -> int:
    """Train, or go on training where the run has been begun; takes its directory.

    Raises:
        MissingError: If another process is still training there.

    """
    run = RunDirectory(Path(argv[0]))
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):  # the worker was killed before it had said anything
        return 1
    threading.Thread(target=_end_with_the_worker, daemon=True).start()
    lock = FileLock(run.path.parent / f".{run.path.name}.lock")
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS)
    except Timeout:
        raise MissingError(f"another process is still training {run.path.name}: end it, then start again") from None
    with lock:
        resume = run.config_path.exists()
        does = "resumes" if resume else "begins"
        print(f"{_header()}: {does} {line.decode().rstrip()}", flush=True)  # noqa: T201 - into the log
        return train_run(msgspec.json.decode(line, type=TrainingRequest), run.path, resume=resume)


def _header() -> str:
    """How the line in the log begins with which a training does; both processes by their ids."""
    return f"# worker {os.getppid()}, training {os.getpid()} on {socket.gethostname()}"


def _end_with_the_worker() -> Never:
    # Not sys.stdin: its lock would be held by this thread when Python ends, which is a fatal error.
    while os.read(_STDIN, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(in_words(lambda: main(sys.argv[1:])))
