"""The threads that bring live input (typed lines, OSC, controllers, notes) into a session while it plays."""

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from lstm_composer.runtime.session.live_control import LiveControl
from lstm_composer.runtime.session.outputs import Say
from lstm_composer.runtime.session.session import Session
from lstm_composer.runtime.system.threads import at_helper_priority, background_thread
from lstm_composer.runtime.system.typed_lines import chunks_of, lines


@contextmanager
def inputs_heard(session: Session, stop: threading.Event, say: Say) -> Iterator[None]:
    """Have what comes in take effect during the block; standard input only if asked for.

    Args:
        session: What plays.
        stop: Set when it is over.
        say: Told in a line of what is wrong on standard input.

    """
    control, inputs = session.control, session.control_inputs
    if control is None or inputs is None:
        yield
        return
    if session.settings.stdin:
        # A thread that nobody waits for: it sleeps in a read that only the writer can end.
        threading.Thread(
            target=at_helper_priority(partial(_read_lines, say=say)), args=(control,), name="stdin", daemon=True
        ).start()
    with ExitStack() as stack:
        stack.enter_context(background_thread("steering", at_helper_priority(control.run), stop))
        stack.enter_context(inputs.heard(lambda line, tell: control.submit(line, complain=tell)))
        if session.responder is not None:
            stack.enter_context(background_thread("listening", at_helper_priority(session.responder.run), stop))
        yield


def _read_lines(control: LiveControl, say: Say) -> None:
    for line in lines(chunks_of(sys.stdin), lambda problem: say(f"standard input: {problem}")):
        control.submit(line)
