"""Threads that live as long as a block does, and what they raise."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from lstm_composer.runtime.system.realtime import HELPING_PRIORITY, raise_priority

Given = TypeVar("Given")


@contextmanager
def background_thread(
    name: str, run: Callable[[threading.Event], None], stop: threading.Event
) -> Iterator[threading.Thread]:
    """Run a thread beside the block; when the block ends, and however it does, the thread is stopped and waited for.

    What the thread raises ends all the others, and is raised at the end of the block.
    """
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            run(stop)
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)
            stop.set()

    thread = threading.Thread(target=guarded, name=name)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join()
    if failures:
        raise failures[0]


def at_helper_priority(run: Callable[[Given], None]) -> Callable[[Given], None]:
    """Have a thread that starts while music plays run at the priority of the others (see runtime.system.realtime)."""

    def run_at_priority(given: Given) -> None:
        raise_priority(HELPING_PRIORITY)
        run(given)

    return run_at_priority
