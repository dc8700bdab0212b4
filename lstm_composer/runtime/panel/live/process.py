"""A `play` of its own: started so that it outlives the panel and its Ctrl-C, and ended with its notes ended.

What it says goes into a log in the user's data folder. The panel keeps nothing of it: it is found again as every play
is, by the file that it registers (`runtime.monitor.discovery`).
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.monitor.discovery import running_endpoints
from lstm_composer.runtime.panel.answers import FieldError
from lstm_composer.runtime.system.visible_text import shortened, visible

STARTING_SECONDS: Final = 90.0
"""A network is loaded meanwhile; a busy machine takes its time."""
ENDING_SECONDS: Final = 5.0
CLOSING_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 0.05
LOG_NAME: Final = "play.log"
BEFORE_NAME: Final = "play-before.log"
_MOST_LOG_BYTES: Final = 1 << 16
_MOST_SHOWN: Final = 400
_OF_A_TERMINAL: Final = re.compile(
    "^lstm-composer: (argument --(?P<flag>[a-z-]+): )?|; see lstm-composer [a-z ]*--help$"
)
"""Words of a complaint that are of use at a terminal alone."""
_FIELDS: Final = {"style": "style", "tempo": "tempo_bpm", "meter": "meter", "seed": "seed", "form": "form"} | {
    "section-bars": "section_bars"
}
"""Which field of a request has become which flag."""


def start_play(program: Sequence[str], arguments: Sequence[str], folder: Path) -> int:
    """Start `play`, and wait until it can be looked at.

    Args:
        program: The words that start `lstm-composer`.
        arguments: The words after it.
        folder: Where it runs, and its log is kept; made if it is not there.

    Returns:
        Its process.

    Raises:
        InputError: If it ends at once; the message is its own. A FieldError where that is about a field.
        MissingError: If it does not play after `STARTING_SECONDS`.

    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder / LOG_NAME
    if log.exists():
        log.replace(folder / BEFORE_NAME)
    before = {endpoint.pid for endpoint in running_endpoints()}
    with log.open("wb") as output:
        process = _started([*program, *arguments], folder, output.fileno())
    # Its end is waited for by a thread that the panel does not wait for: it would stay a zombie otherwise.
    ended = threading.Event()
    threading.Thread(target=_wait, args=(process, ended), name="play", daemon=True).start()
    for _ in range(round(STARTING_SECONDS / LOOK_SECONDS)):
        over = ended.wait(LOOK_SECONDS)
        found = [endpoint.pid for endpoint in running_endpoints() if endpoint.pid not in before]
        if process.pid in found and not over:
            return process.pid
        # A virtual environment's Python on Windows starts another one, which plays.
        if found and not over and sys.platform == "win32":
            return found[0]
        if over:
            raise _complaint(log)
    end_process(process.pid)
    raise MissingError(f"play has not begun after {STARTING_SECONDS:g} s: see {log}, and try again")


def wait_for_end(pid: int, seconds: float = ENDING_SECONDS) -> bool:
    """Wait until a play is registered no more, and then a little for its port and its log; False if it still is."""
    if not _comes(lambda: all(endpoint.pid != pid for endpoint in running_endpoints()), seconds):
        return False
    # Of a process that nobody waits for the number may stay, so this does not decide.
    _comes(lambda: not _is_there(pid), CLOSING_SECONDS)
    return True


def _comes(condition: Callable[[], bool], seconds: float) -> bool:
    pause = threading.Event()
    for _ in range(round(seconds / LOOK_SECONDS)):
        if condition():
            return True
        pause.wait(LOOK_SECONDS)
    return condition()


def _is_there(pid: int) -> bool:
    """Tell whether there is a process of a number, where that can be asked without ending it."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's by now
        return False
    return True


def end_process(pid: int) -> None:
    """Ask a process to end, as Ctrl-C does; on Windows, where that cannot be asked of it, end it."""
    with suppress(OSError):
        os.kill(pid, signal.SIGTERM)


def _started(command: Sequence[str], folder: Path, output: int) -> "subprocess.Popen[bytes]":
    if sys.platform == "win32":
        alone = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, creationflags=alone
        )
    # A session of its own: Ctrl-C and a hang-up of the panel's terminal do not reach it.
    return subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
    )


def _wait(process: "subprocess.Popen[bytes]", ended: threading.Event) -> None:
    process.wait()
    ended.set()


def _complaint(log: Path) -> InputError:
    """What the last line says that a play has left in its log."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _MOST_LOG_BYTES))
        lines = file.read().decode("utf-8", "replace").splitlines()
    last = next((line for line in reversed(lines) if line.strip()), "")
    said = shortened(visible(_OF_A_TERMINAL.sub("", last)), _MOST_SHOWN)
    found = _OF_A_TERMINAL.match(last)
    field = _FIELDS.get(found["flag"] or "") if found else None
    if said and field:
        return FieldError(field, said)
    return InputError(said or f"play has ended at once and said nothing: see {log}")
