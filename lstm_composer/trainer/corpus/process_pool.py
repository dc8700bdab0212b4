"""Doing one thing to many files in processes of their own, so that a file that kills or hangs its process is alone.

Not concurrent.futures: its pool breaks as a whole when one process dies, does not say over which task, and cannot end
one that hangs. Processes are spawned, never forked: TensorFlow's threads do not survive a fork, and a forked process
would hold the pipes of the others open after the end of this one.
"""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

_SPAWN = multiprocessing.get_context("spawn")
_START_SECONDS = 60.0
_END_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class WorkerFailure:
    """A task whose process died over it or had to be ended, and why, in words that follow the task's name."""

    reason: str


class NoWorkersError(Exception):
    """No processes can be started here: the system has no more, or a script does its work while it is imported."""


def map_in_workers(
    function: Callable[[Task], Result], tasks: Sequence[Task], *, workers: int, limit_seconds: Callable[[Task], float]
) -> Generator[Result | WorkerFailure, None, None]:
    """Give `function(task)` for each task, in their order; close the iterator to end the processes early.

    Args:
        function: A function of a module, which should raise nothing: an exception counts as a death.
        tasks: What it is called with, in another process: both must be picklable.
        workers: How many processes, 1 or more.
        limit_seconds: How long a task may take.

    Raises:
        NoWorkersError: If a process ends before it is ready to work.

    """
    pool = _Pool(function, deque(enumerate(tasks)), limit_seconds)
    try:
        for _ in range(min(workers, len(tasks))):
            pool.start()
        for index in range(len(tasks)):
            while index not in pool.done:
                pool.advance()
            yield pool.done.pop(index)
    finally:
        pool.stop_all()


@dataclass(slots=True)
class _Worker:
    """One process; `task` is the number of what it is at, None before it has said that it is ready."""

    process: SpawnProcess
    connection: Connection
    deadline: float
    task: int | None = None

    def begin(self, number: int, task: object, limit_seconds: float) -> None:
        """Give the process a task, for which it has so long from now on."""
        self.task, self.deadline = number, time.monotonic() + limit_seconds
        with suppress(OSError):  # it has just died: the next answer says so
            self.connection.send(task)

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.connection.close()
        self.process.kill()
        self.process.join(_END_SECONDS)


@dataclass(slots=True)
class _Pool(Generic[Task, Result]):
    """Worker processes, the tasks that wait, and the answers so far."""

    function: Callable[[Task], Result]
    waiting: deque[tuple[int, Task]]
    limit_seconds: Callable[[Task], float]
    workers: list[_Worker] = field(default_factory=list)
    done: dict[int, Result | WorkerFailure] = field(default_factory=dict)

    def start(self) -> None:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(theirs, self.function), daemon=True)
        try:
            with _interrupts_held():
                process.start()
        except (OSError, AssertionError) as error:  # no more processes; multiprocessing lets no daemon have children
            raise NoWorkersError(str(error)) from error
        finally:
            theirs.close()
        self.workers.append(_Worker(process, ours, time.monotonic() + _START_SECONDS))

    def advance(self) -> None:
        """Wait until a worker has an answer, has died or is overdue, and act on it."""
        rest = min(worker.deadline for worker in self.workers) - time.monotonic()
        ready = wait([worker.connection for worker in self.workers], max(0.0, rest))
        for worker in list(self.workers):
            if worker.connection in ready:
                self._take_answer(worker)
            elif time.monotonic() >= worker.deadline:
                self._lose(worker, "took too long to read")

    def stop_all(self) -> None:
        for worker in self.workers:
            worker.stop()

    def _take_answer(self, worker: _Worker) -> None:
        try:
            answer = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(_END_SECONDS)
            self._lose(worker, f"ended the process that read it (exit code {worker.process.exitcode})")
            return
        if worker.task is not None:
            self.done[worker.task] = answer
        if self.waiting:
            self._give_task(worker)
        else:
            self._remove(worker)

    def _give_task(self, worker: _Worker) -> None:
        number, task = self.waiting.popleft()
        worker.begin(number, task, self.limit_seconds(task))

    def _lose(self, worker: _Worker, reason: str) -> None:
        if worker.task is None:
            raise NoWorkersError(reason)
        self.done[worker.task] = WorkerFailure(reason)
        self._remove(worker)
        if self.waiting:
            self.start()

    def _remove(self, worker: _Worker) -> None:
        self.workers.remove(worker)
        worker.stop()


def _serve(connection: Connection, function: Callable[[Task], Result]) -> None:
    """Work until the other side closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; who started this one ends it
    with suppress(EOFError, OSError):
        connection.send(None)
        while True:
            connection.send(function(connection.recv()))


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold SIGINT back, here for a moment and in the process started meanwhile for good: it would print a traceback."""
    if os.name == "nt":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
