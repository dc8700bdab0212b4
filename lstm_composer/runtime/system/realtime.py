"""What keeps other work off the dispatcher's time: priorities, the interpreter's switch interval, its collector.

Python's threads share one interpreter lock, and a thread may be put aside by the system while it holds it; then the
dispatcher waits too, whatever its own priority. (Measured on two busy cores, the engine at normal priority and the
dispatcher at a real-time one: 20 to 40 ms late at p99, and JACK periods missed; with both real-time below 1 ms.) So
every thread that runs Python while music plays gets a real-time priority, the one that sends the highest.
"""

import gc
import os
import sys
import threading
from typing import Final

SWITCH_INTERVAL_SECONDS: Final = 0.0001
"""How long one thread may hold the interpreter while another waits. Python's own 5 ms is heard; with 0.5 ms beside a
busy thread JACK counted 40 missed periods a second, with 0.1 ms one."""
SENDING_PRIORITY: Final = 5
"""Of the dispatcher's thread; JACK's threads start at 5, and MIDI must not hold up sound."""
HELPING_PRIORITY: Final = 1
"""Of all other threads that run Python."""
PERMIT: Final = (
    'To permit real-time priority: the line "@audio - rtprio 95" in /etc/security/limits.d/audio.conf, your user in '
    "the group audio, and log in anew"
)


def raise_priority(priority: int = SENDING_PRIORITY, thread: threading.Thread | None = None) -> str:
    """Ask for real-time priority for a thread, the calling one by default.

    Returns:
        A line for the user that says what was given. Being refused is no error: notes are then sent at normal
        priority, later when the machine is busy.

    """
    if sys.platform != "linux":
        return "normal priority (real-time priority is asked for on Linux only)"
    thread_id = 0 if thread is None else thread.native_id or 0
    # Without RESET_ON_FORK a program started from this thread would inherit the priority.
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(thread_id, policy, os.sched_param(priority))
    except OSError as error:
        return f"normal priority (real-time priority was refused: {error.strerror})"
    return f"real-time priority (SCHED_FIFO {priority})"


def refusal() -> str | None:
    """Ask for the dispatcher's priority on a thread that ends with it; limits alone do not tell, as in a container.

    Returns:
        Why it is refused and how to permit it, in a line; None where it is given, or not asked for on this system.

    """
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(raise_priority()), name="priority")
    thread.start()
    thread.join()
    if sys.platform != "linux" or said[0].startswith("real-time"):
        return None
    return f"{said[0]}: notes may leave late while other programs are busy. {PERMIT}"


def prepare_interpreter() -> str | None:
    """Raise the priority of all running threads, make switches between them quick, and spare the garbage collector.

    Call it once, when everything is loaded and the engine's thread runs, before playing starts. It holds for the
    whole process: present threads at HELPING_PRIORITY, present objects out of the collector's rounds.

    Returns:
        A line for the user where the priority that the dispatcher wants is refused and can be permitted, else None.

    """
    refused = refusal()
    for thread in threading.enumerate():
        if not isinstance(thread, threading._DummyThread):  # noqa: SLF001 - one of JACK's, which has its priority
            raise_priority(HELPING_PRIORITY, thread)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    gc.collect()
    gc.freeze()
    return refused
