"""What keeps other work off the dispatcher's time: priority, the interpreter's switch interval, its collector."""

import gc
import os
import sys
from typing import Final

SWITCH_INTERVAL_SECONDS: Final = 0.0005
"""How long one thread may hold the interpreter while another waits; Python's own 5 ms is heard."""
FIFO_PRIORITY: Final = 50


def raise_priority() -> str:
    """Ask for real-time priority for the calling thread, so call it on the thread that sends.

    Returns:
        A line for the user that says what was given. Being refused is no error: notes are then sent at normal
        priority, late by some tenths of a millisecond more when the machine is busy.

    """
    if sys.platform != "linux":
        return "normal priority (real-time priority is asked for on Linux only)"
    # Without RESET_ON_FORK a program started from this thread would inherit the priority.
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, policy, os.sched_param(FIFO_PRIORITY))
    except OSError as error:
        return f"normal priority (real-time priority was refused: {error.strerror}; allow rtprio in limits.conf)"
    return f"real-time priority (SCHED_FIFO {FIFO_PRIORITY})"


def prepare_interpreter() -> None:
    """Make thread switches quick and take all present objects out of the garbage collector's rounds.

    Call it once, when everything is loaded and before playing starts; it holds for the whole process.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    gc.collect()
    gc.freeze()
