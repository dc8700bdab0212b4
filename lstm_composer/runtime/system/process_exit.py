"""How a command ends: by which signals, with which exit code, and with which words.

Every signal that would end the program is taken as SIGTERM is. Left alone are those that mean something else (a child
has ended, the window has another size, stop and go on) and those that Python turns into errors of writing (SIGPIPE,
SIGXFSZ). Those by which the processor says that the program is broken cannot be handled: who went on after one of them
would meet it again for ever. One that was sent from outside becomes a SIGTERM; see `faults_from_outside`.
"""

import atexit
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from lstm_composer.runtime.errors import ComposerError
from lstm_composer.runtime.system.visible_text import shortened, visible

EXIT_DONE: Final = 0
EXIT_WRONG: Final = 2
PAUSING: Final = tuple(getattr(signal, name) for name in ("SIGTSTP", "SIGTTIN", "SIGTTOU") if hasattr(signal, name))
"""Those by which a terminal stops a program for a while: Ctrl-Z, and reading or writing in the background."""

_FAULTS: Final = ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGEMT")
_OTHERS: Final = (
    *("SIGKILL", "SIGSTOP"),  # nobody can take them
    *("SIGCHLD", "SIGCONT", "SIGWINCH", "SIGURG", "SIGINFO"),
    *("SIGTSTP", "SIGTTIN", "SIGTTOU"),
    *("SIGPIPE", "SIGXFSZ"),
    *_FAULTS,
)
_MOST_SHOWN: Final = 1200

Handler = Callable[[int, FrameType | None], object]


def ending_signals() -> list[int]:
    """Signals that end the program, by number; one that was ignored at the start, as nohup has it, is none of them."""
    others = {getattr(signal, name) for name in _OTHERS if hasattr(signal, name)}
    always = (signal.SIGINT, signal.SIGTERM)
    found = sorted(int(one) for one in signal.valid_signals() - others)
    return [one for one in found if one in always or signal.getsignal(one) is not signal.SIG_IGN]


@contextmanager
def handled_by(handler: Handler, numbers: list[int]) -> Iterator[None]:
    """Have signals handled within the block; afterwards they are as before. For the main thread."""
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        for number in numbers:
            signal.signal(number, handler)
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)


def faults_from_outside() -> None:
    """Have a SIGSEGV and its like that somebody sends end the process as SIGTERM does; to be called on its only thread.

    On threads that have them blocked the system ends the process all the same at a fault of its own, but keeps one that
    was sent until somebody waits for it. Where Python is to say what it did at a fault (faulthandler) nothing is done.
    """
    if not hasattr(signal, "pthread_sigmask") or faulthandler.is_enabled():
        return
    faults = [getattr(signal, name) for name in _FAULTS if hasattr(signal, name)]
    signal.pthread_sigmask(signal.SIG_BLOCK, faults)

    def wait() -> None:
        while True:
            signal.sigwait(faults)
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="faults", daemon=True).start()


def exit_at_once(*_: object) -> None:
    """Handle a signal where nothing is lost: an import that is interrupted may answer with anything but an end."""
    os._exit(EXIT_DONE)


def ignored_at_the_very_end() -> None:
    """Have signals do nothing once Python takes itself apart: all is done by then, and the exit code stands.

    Python gives signals back to the system there, which would end the program with another exit code. A second Ctrl-C
    comes so late where who started the program passes on what the terminal has sent as well, as uvx does.
    """

    def ignore() -> None:
        for number in ending_signals():
            signal.signal(number, signal.SIG_IGN)

    atexit.register(ignore)  # before all others, so that it is called after them


@contextmanager
def loading() -> Iterator[None]:
    """Have signals end the process at once within the block, which imports and has begun nothing yet."""
    with handled_by(exit_at_once, heeded_signals()):
        yield


def heeded_signals() -> list[int]:
    """Ending signals as most commands take them: not SIGINT where it was ignored, as in the background of a script."""
    return [one for one in ending_signals() if one != signal.SIGINT or signal.getsignal(one) is not signal.SIG_IGN]


def in_words(run: Callable[[], int]) -> int:
    """Run a command and return its exit code: 0 done or ended by a signal, 2 something that the user can cure.

    What is wrong is told in a line on standard error. A command that has to finish something handles signals itself.
    What else it raises is a bug and is raised.
    """
    over = False

    def interrupt(*_: object) -> None:
        # Raised later, it would be a traceback: from the midst of giving the signals back, or from Python's own end.
        if not over:
            raise KeyboardInterrupt

    try:
        with handled_by(interrupt, heeded_signals()):
            try:
                try:
                    return run()
                finally:
                    sys.stdout.flush()  # a reader that has gone, or a full disk, is noticed here if not before
            finally:
                over = True
    except ComposerError as error:
        tell(str(error))
        return EXIT_WRONG
    except KeyboardInterrupt:
        return EXIT_DONE
    except BrokenPipeError:
        _write_nowhere()
        return EXIT_DONE
    except OSError as error:
        if error.errno is None:
            raise
        named = f" {error.filename!s}" if error.filename is not None else ""
        tell(f"the system refuses{named} ({error.strerror}): mend that, or name another place")
        return EXIT_WRONG


def tell(problem: str) -> None:
    """Say in a line on standard error what is wrong; nothing comes of it where that cannot be written to."""
    with suppress(OSError):
        sys.stderr.write(f"lstm-composer: {shortened(visible(' '.join(problem.split())), _MOST_SHOWN)}\n")
        sys.stderr.flush()


def _write_nowhere() -> None:
    """Let what is left of the output go nowhere, or Python would complain of the pipe when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            os.dup2(nowhere, stream.fileno())
