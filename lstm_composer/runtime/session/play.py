"""`lstm-composer play`: the threads of a session, started in order and ended however it ends.

The main thread draws the line and writes the event log, one fills the look-ahead, one dispatches, and one for each kind
of live input (`runtime.session.input_threads`).
"""

import signal
import sys
import threading
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import IO, Final, cast

from rich.console import Console

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.monitor.server import SaidLines, published
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.playback.requests import Requests
from lstm_composer.runtime.playback.take import check_writable, save_take
from lstm_composer.runtime.session.input_threads import inputs_heard
from lstm_composer.runtime.session.loading import load_composer
from lstm_composer.runtime.session.outputs import Say
from lstm_composer.runtime.session.session import Session, build_session
from lstm_composer.runtime.session.settings import PlaySettings
from lstm_composer.runtime.session.snapshots import Watch
from lstm_composer.runtime.session.status_line import LiveLine, read
from lstm_composer.runtime.session.write import to_midi_bytes
from lstm_composer.runtime.system.process_exit import PAUSING, ending_signals, handled_by
from lstm_composer.runtime.system.realtime import prepare_interpreter, raise_priority
from lstm_composer.runtime.system.terminal import Terminal
from lstm_composer.runtime.system.threads import background_thread
from lstm_composer.runtime.system.visible_text import shortened, visible

REFRESH_SECONDS: Final = 0.1
MOST_SAID: Final = 1000
"""Characters of a line that is said: what came in wrong may be of any length."""


def play(settings: PlaySettings) -> None:
    """Play until `--bars` are over or a signal ends it; every note is ended and the take is complete.

    Raises:
        ComposerError: If something asked for is wrong or missing.

    """
    console = Console(file=cast("IO[str]", Terminal(sys.stderr)), highlight=False)
    for path in (settings.take, settings.events):
        if path is not None:
            check_writable(path)
    if settings.sound:
        # Beside the engine, which loads without holding the interpreter; whether it can sound is seen later.
        threading.Thread(target=_load_sound, name="loading").start()
    composer = load_composer(settings.music)
    stop, said = threading.Event(), SaidLines()

    def say(line: str) -> None:
        shown = shortened(visible(line), MOST_SAID)
        console.print(shown, markup=False, soft_wrap=True)
        said.append(shown)

    with _stopped_by_signals(stop) as asked, build_session(settings, composer=composer, say=say) as session:
        say(
            f"{composer.style} on {composer.device}, {composer.tempo_bpm:g} bpm, {composer.meter}, "
            f"seed {settings.music.seed}; {session.port.describe()}; Ctrl-C stops"
        )
        try:
            _perform(session, stop, console, say, said)
        finally:
            kept_in = _keep_take(session, asked)
    _report(session, kept_in, say)


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[list[int]]:
    """Have every signal that would end the process end the music instead; hands out those that have come so far."""
    asked: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        # On a thread of its own: a second signal may come while the first one's handler holds the event's lock, and a
        # handler that waited for that lock would wait for itself.
        start_new_thread(stop.set, ())

    with handled_by(handle, ending_signals()):
        yield asked


@contextmanager
def _paused_by_signals(requests: Requests) -> Iterator[None]:
    """Have what sounds ended before the terminal stops the process for a while (Ctrl-Z); `fg` goes on."""
    numbers = [number for number in PAUSING if signal.getsignal(number) is not signal.SIG_IGN]
    with handled_by(lambda *_: requests.pause(_stop_process), numbers):
        yield


def _stop_process() -> None:
    """Stop all threads until SIGCONT comes: of this one the system waits that it has stopped."""
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def _load_sound() -> None:
    with suppress(MissingError):
        import_module("lstm_composer.runtime.sound.device")


def _perform(session: Session, stop: threading.Event, console: Console, say: Say, said: SaidLines) -> None:
    """Run the threads until the music is over or stopped; raises what ended them early."""
    failures: list[BaseException] = []
    with ExitStack() as stack:
        stack.enter_context(background_thread("engine", session.lookahead.run, stop))
        refused = prepare_interpreter()
        if refused is not None:
            say(refused)
        stack.enter_context(inputs_heard(session, stop, say))
        stack.enter_context(published(Watch(session, stop), said, say))
        dispatch = partial(_dispatch, session.dispatcher, failures)
        thread = stack.enter_context(background_thread("dispatcher", dispatch, stop))
        stack.enter_context(_paused_by_signals(session.requests))
        live = stack.enter_context(LiveLine(console, session.composer))
        while thread.is_alive():
            thread.join(REFRESH_SECONDS)
            if stop.is_set():
                session.requests.look()  # it may be waiting for a time that is far away
            session.log.drain()
            live.show(read(session.dispatcher, session.lookahead))
    session.log.drain()
    if session.lookahead.rests:
        problem = session.lookahead.problem
        why = f"the engine failed: {problem}" if problem else "the engine was too slow"
        say(f"rested {session.lookahead.rests} times to the next bar ({why})")
    if failures:
        raise failures[0]


def _dispatch(dispatcher: Dispatcher, failures: list[BaseException], stop: threading.Event) -> None:
    raise_priority()
    try:
        dispatcher.run(stop)
    except BaseException as error:  # noqa: BLE001 - raised again on the main thread
        failures.append(error)


def _keep_take(session: Session, asked: list[int]) -> Path | None:
    """Write the take; returns where it is, None for nowhere.

    Args:
        session: What has been played.
        asked: The signals that have come: with one of them nobody who reads from a pipe is waited for.

    """
    outputs, music = session.outputs, session.take.music()
    # An empty file under a name that nobody has asked for would be of no use.
    if outputs.take_path is None or (outputs.claim is not None and not music.notes):
        return None
    data = to_midi_bytes(session.composer, music.notes, music.tempos)
    save_take(outputs.take_path, data, given_up=lambda: bool(asked))
    return outputs.take_path


def _report(session: Session, take_path: Path | None, say: Say) -> None:
    played, count = session.dispatcher, len(session.take.music().notes)
    where = f", take in {take_path}" if take_path is not None else ""
    late = f", {played.late_notes} late from the engine" if played.late_notes else ""
    lost = f", {played.lost_notes} lost while the port was away" if played.lost_notes else ""
    worst = f"worst lateness {played.worst_lateness_seconds * 1000:.2f} ms"
    say(f"{count} notes played, {worst}{late}{lost}{where}")
