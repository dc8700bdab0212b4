"""The process at work for a training: it outlives the panel, and a panel that is started later finds it.

The panel takes a lock and leaves it to the process that it starts. The system lets go of the lock when that process and
its own have ended, however they end: so whether one is at work is asked of the lock, never of a process number, which
may be another's by now. Its number is that of its group as well, which no other process is given as long as one of the
group is there; signals are sent to the group, and only while the lock is held.

On Windows, where a lock is not inherited, a panel that is started later sees a training by the lock of its run alone.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from lstm_composer.runtime.errors import ComposerError, InputError, MissingError
from lstm_composer.runtime.system.atomic_files import write_bytes_atomically
from lstm_composer.runtime.system.claims import Claim, claim, is_claimed
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, read_foreign_json, read_foreign_start

Kind = Literal["look", "train", "advise", "export"]

_LOCKED: Final = "process"
_STATED: Final = "process.json"
_LOCKED_BY_A_TRAINING: Final = Path("run", "training")
_NICENESS: Final = 5
"""What a training gives way to: notes that are played meanwhile."""
_ENDING_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.02
_TRACEBACK: Final = "Traceback (most recent call last)"
_SPEAKER: Final = "lstm-composer: "
"""How the line begins in which the program says what is wrong."""


class Job(msgspec.Struct, frozen=True):
    """What is at work in a folder, and its process; 0 where that is not known."""

    kind: Kind
    pid: int


@dataclass(frozen=True, slots=True)
class Output:
    """Where a process writes to: what it finds, and what it has to say; may be one file."""

    found: Path
    said: Path


def at_work(folder: Path) -> Job | None:
    """Return what is at work in a folder."""
    try:
        if is_claimed(folder / _LOCKED):
            return read_foreign_json(folder / _STATED, Job)
        if sys.platform == "win32" and is_claimed(folder / _LOCKED_BY_A_TRAINING):
            return Job("train", 0)
    except (OSError, ComposerError):  # it is being started
        return Job("train", 0)
    return None


def start(folder: Path, kind: Kind, command: Sequence[str], output: Output) -> None:
    """Start a process in a folder, in a session of its own.

    Args:
        folder: Where it works; one process at a time does.
        kind: What it does there.
        command: Its words.
        output: Where it writes to.

    Raises:
        InputError: If one is at work there.
        MissingError: If it cannot be started.

    """
    held = claim(folder / _LOCKED)
    if held is None:
        raise InputError("this style is being worked at: wait for the end of that, or stop it")
    try:
        (folder / _STATED).unlink(missing_ok=True)
        child = _spawned(folder, command, output, held)
    except OSError as error:
        held.release()
        raise MissingError(f"lstm-composer cannot be started ({error.strerror or error}): make room") from error
    # Until it is waited for, the system keeps what is left of a process that has ended.
    threading.Thread(target=_wait, args=(child, held), name=f"wait for {kind}", daemon=True).start()
    if sys.platform != "win32":
        held.leave_to_heirs()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, child.pid, _NICENESS)
    try:
        write_bytes_atomically(folder / _STATED, msgspec.json.encode(Job(kind, child.pid)))
    except MissingError:  # nobody could stop it
        child.kill()
        raise


def ask_to_end(folder: Path) -> None:
    """Ask the process at work in a folder to end: a training finishes its epoch first, and not if asked again."""
    _signal(folder, signal.SIGTERM)


def end(folder: Path) -> None:
    """End the process at work in a folder at once, and return when it has ended.

    Raises:
        MissingError: If it does not end.

    """
    until = time.monotonic() + _ENDING_SECONDS
    while at_work(folder) is not None:
        if time.monotonic() > until:
            raise MissingError("what is at work for this style does not end: try again")
        _signal(folder, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)


def _signal(folder: Path, number: signal.Signals) -> None:
    job = at_work(folder)
    if job is None or job.pid <= 0:
        return
    with suppress(OSError):
        if sys.platform == "win32":
            os.kill(job.pid, number)
        else:
            os.killpg(job.pid, number)


def _wait(child: subprocess.Popen[bytes], held: Claim) -> None:
    child.wait()
    if sys.platform == "win32":
        held.release()


def _spawned(folder: Path, command: Sequence[str], output: Output, held: Claim) -> subprocess.Popen[bytes]:
    apart: dict[str, Any] = {"start_new_session": True, "pass_fds": (held.handle,)}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    with output.said.open("wb") as said, output.found.open("ab" if output.found == output.said else "wb") as found:
        return subprocess.Popen(  # noqa: S603 - our own program, with arguments that no shell reads
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=found, stderr=said, **apart
        )


def last_words(log: Path) -> str:
    """Return the line in which a process has said what is wrong, or the last of a traceback; nothing else."""
    try:
        text = read_foreign_start(log, MEBIBYTE).decode("utf-8", "replace")
    except InputError:
        return ""
    spoken = [line.removeprefix(_SPEAKER) for line in text.splitlines() if line.startswith(_SPEAKER)]
    if not spoken and _TRACEBACK in text:
        return f"the program has failed ({text.strip().splitlines()[-1]}): train.log in its folder has more"
    return spoken[-1] if spoken else ""
