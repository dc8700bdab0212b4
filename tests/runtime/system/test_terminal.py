"""Standard error is made quiet by one thread at a time, and what others write meanwhile is not lost."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lstm_composer.runtime.system.terminal import Terminal, quiet_stderr


@contextmanager
def stderr_into(path: Path) -> Iterator[None]:
    """Have standard error, the descriptor itself, lead into a file; pytest sets it anew for each phase of a test."""
    saved = os.dup(2)
    with path.open("w") as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def test_what_libraries_print_is_kept_off(tmp_path: Path) -> None:
    with stderr_into(tmp_path / "stderr"):
        os.write(2, b"before\n")
        with quiet_stderr():
            os.write(2, b"noise\n")
        os.write(2, b"after\n")
    assert (tmp_path / "stderr").read_text() == "before\nafter\n"


def test_many_threads_leave_it_as_it_was(tmp_path: Path) -> None:
    def make_noise() -> None:
        for _ in range(100):
            with quiet_stderr():
                os.write(2, b"noise\n")

    with stderr_into(tmp_path / "stderr"):
        threads = [threading.Thread(target=make_noise) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os.write(2, b"after\n")
    assert (tmp_path / "stderr").read_text() == "after\n"


def test_what_is_written_meanwhile_is_not_lost(tmp_path: Path) -> None:
    quiet, end = threading.Event(), threading.Event()

    def be_quiet() -> None:
        with quiet_stderr():
            quiet.set()
            end.wait()

    with stderr_into(tmp_path / "stderr"), open(2, "w", buffering=1, closefd=False) as file:
        terminal = Terminal(file)
        threads = [threading.Thread(target=be_quiet), threading.Thread(target=terminal.write, args=("news\n",))]
        threads[0].start()
        quiet.wait()
        threads[1].start()
        end.set()
        for thread in threads:
            thread.join()
    assert (tmp_path / "stderr").read_text() == "news\n"
