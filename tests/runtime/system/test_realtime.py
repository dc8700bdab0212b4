"""Preparing a process for playing; each in a process of its own, since it holds for all threads."""

import subprocess
import sys

PREPARED = """
import gc, sys, threading
from lstm_composer.runtime.system.realtime import SWITCH_INTERVAL_SECONDS, prepare_interpreter, raise_priority
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
prepare_interpreter()
print(abs(sys.getswitchinterval() - SWITCH_INTERVAL_SECONDS) < 1e-6, gc.get_freeze_count() > 0)
print(raise_priority())
if sys.platform == "linux":
    import os
    found = [os.sched_getparam(one).sched_priority for one in (0, thread.native_id)]
    print(found in ([5, 1], [0, 0]))
else:
    print(True)
stop.set()
thread.join()
"""


def test_threads_and_interpreter_are_prepared_or_left_as_they_are_where_that_is_refused() -> None:
    command = [sys.executable, "-W", "error", "-c", PREPARED]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    prepared, priority, priorities = done.stdout.splitlines()
    assert prepared == "True True"
    assert priority.startswith(("real-time priority (SCHED_FIFO 5)", "normal priority ("))
    assert priorities == "True"
    assert done.stderr == ""
