"""`lstm-composer play`: engine, look-ahead, dispatcher and port put together, and taken apart again however it ends.

Threads: the main one draws the line and writes the event log, one fills the look-ahead, one dispatches.
"""

import signal
import sys
import threading
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import IO, cast

from rich.console import Console

from runtime.errors import MissingError
from runtime.generation.lookahead import LookAhead
from runtime.midi.messages import Sent
from runtime.monitor.history import History
from runtime.monitor.server import published
from runtime.music.notes import TICKS_PER_QUARTER, Note
from runtime.playback.dispatcher import Dispatcher
from runtime.playback.event_log import EventLog
from runtime.playback.midi_clock_out import ClockOut
from runtime.playback.take import Take, check_writable, save_take
from runtime.ports import OutputPort
from runtime.session.control_inputs import open_control_inputs
from runtime.session.live_control import FilteredSource
from runtime.session.loading import LoadedComposer, load_composer
from runtime.session.outputs import Say, SessionOutputs, open_input, open_outputs
from runtime.session.settings import PlaySettings
from runtime.session.snapshots import Watch
from runtime.session.status_line import LiveLine, read
from runtime.session.wiring import attending
from runtime.session.write import to_midi_bytes
from runtime.system.process_exit import PAUSING, ending_signals, handled_by
from runtime.system.realtime import prepare_interpreter, raise_priority
from runtime.system.terminal import Terminal
from runtime.system.threads import background_thread
from runtime.system.visible_text import shortened, visible
from runtime.transport.external import ExternalSyncTransport
from runtime.transport.link import LinkTransport, joined
from runtime.transport.transport import InternalTransport, Transport

AHEAD_BARS = 2
COUNT_IN_SECONDS = 1.0
"""From the port being there to the first downbeat: a patchbay or a script can connect it before a note is lost."""
SOUND_COUNT_IN_SECONDS = 0.4
"""The same where nobody has to connect anything: the first samples are decoded meanwhile."""
FILL_SECONDS = 5.0
REFRESH_SECONDS = 0.1
MOST_SAID = 1000
"""Characters of a line that is said: what came in wrong may be of any length."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """Everything that a performance needs."""

    composer: LoadedComposer
    settings: PlaySettings
    output: SessionOutputs
    lookahead: LookAhead
    take: Take
    log: EventLog
    console: Console
    say: Say


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
    stop = threading.Event()
    take = Take(composer.channels, composer.meter.ticks_per_bar)

    def say(line: str) -> None:
        console.print(shortened(visible(line), MOST_SAID), markup=False, soft_wrap=True)

    with ExitStack() as stack:
        asked = stack.enter_context(_stopped_by_signals(stop))
        lookahead = _lookahead(composer)
        stack.enter_context(background_thread("engine", lookahead.run, stop))
        # Before the port is there: a DAW may start the moment that it sees it.
        lookahead.wait_until_filled(FILL_SECONDS)
        inputs = stack.enter_context(open_control_inputs(composer.controllable, settings.map, settings.osc, say))
        output = replace(open_outputs(settings, say), control_inputs=inputs)
        port = stack.enter_context(output.port)
        if output.player is not None and composer.controllable is not None:
            output.player.set_volume(composer.controllable.parameters.volume)
        if output.claim is not None:
            stack.enter_context(output.claim)
        log = stack.enter_context(EventLog(settings.events, say))
        open_input(settings.sync, output, say)
        if settings.sync == "link":
            quarters = composer.meter.ticks_per_bar / TICKS_PER_QUARTER
            output = replace(output, link=stack.enter_context(joined(composer.tempo_bpm, quarters)))
        say(
            f"{composer.style} on {composer.device}, {composer.tempo_bpm:g} bpm, {composer.meter}, "
            f"seed {settings.music.seed}; {port.describe()}; Ctrl-C stops"
        )
        try:
            played = _perform(_Stage(composer, settings, output, lookahead, take, log, console, say), stop)
        finally:
            music = take.music()
            # An empty file under a name that nobody has asked for would be of no use.
            take_path = output.take_path if music.notes or output.claim is None else None
            if take_path is not None:
                data = to_midi_bytes(composer, music.notes, music.tempos)
                save_take(take_path, data, given_up=lambda: bool(asked))
    _report(music.notes, played, take_path, say)


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
def _paused_by_signals(dispatcher: Dispatcher) -> Iterator[None]:
    """Have what sounds ended before the terminal stops the process for a while (Ctrl-Z); `fg` goes on."""
    numbers = [number for number in PAUSING if signal.getsignal(number) is not signal.SIG_IGN]
    with handled_by(lambda *_: dispatcher.pause(_stop_process), numbers):
        yield


def _stop_process() -> None:
    """Stop all threads until SIGCONT comes: of this one the system waits that it has stopped."""
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def _load_sound() -> None:
    with suppress(MissingError):
        import_module("runtime.sound.device")


def _lookahead(composer: LoadedComposer) -> LookAhead:
    return LookAhead(
        composer.advance,
        composer.cursor,
        bar_ticks=composer.meter.ticks_per_bar,
        ahead_ticks=AHEAD_BARS * composer.meter.ticks_per_bar,
        end_tick=composer.end_tick,
        rest=None if composer.controllable is None else composer.controllable.ensemble.rest_until,
        anew=composer.anew,
    )


def _perform(stage: _Stage, stop: threading.Event) -> Dispatcher:
    """Run the threads until the music is over or stopped; raises what ended them early."""
    composer, output, lookahead = stage.composer, stage.output, stage.lookahead
    history = History()

    def on_sent(sent: Sent) -> None:
        stage.take.add(sent)
        stage.log.append(sent)
        history.append(sent)

    refused = prepare_interpreter()
    if refused is not None:
        stage.say(refused)
    transport, wake = _transport(stage.settings.sync, output, composer)
    source = FilteredSource(lookahead)
    stage.take.tempo = lambda: transport.tempo_bpm
    clock_out = _clock_out(stage.settings, composer, transport, output.port)
    dispatcher = Dispatcher(output.port, transport, source, composer.channels, on_sent, wake, clock_out)
    dispatcher.early_seconds = stage.settings.latency_ms / 1000
    failures: list[BaseException] = []
    with ExitStack() as stack:
        control = stack.enter_context(attending(composer, stage.settings, output, source, dispatcher, stop, stage.say))
        port_name, control_inputs = output.port.name, output.control_inputs
        watch = Watch(
            composer, stage.settings, port_name, transport, dispatcher, lookahead, history, control, control_inputs
        )
        stack.enter_context(published(watch.snapshot, watch.tidy, stage.say))
        thread = stack.enter_context(background_thread("dispatcher", partial(_dispatch, dispatcher, failures), stop))
        stack.enter_context(_paused_by_signals(dispatcher))
        live = stack.enter_context(LiveLine(stage.console, composer))
        while thread.is_alive():
            thread.join(REFRESH_SECONDS)
            if stop.is_set():
                wake.set()  # it may be waiting for a time that is far away
            stage.log.drain()
            live.show(read(dispatcher, lookahead))
    stage.log.drain()
    if lookahead.rests:
        why = f"the engine failed: {lookahead.problem}" if lookahead.problem else "the engine was too slow"
        stage.say(f"rested {lookahead.rests} times to the next bar ({why})")
    if failures:
        raise failures[0]
    return dispatcher


def _transport(sync: str, output: SessionOutputs, composer: LoadedComposer) -> tuple[Transport, threading.Event]:
    """Who sets the time, and what wakes those who wait when there is news, of it or of a panic."""
    port, tempo_bpm = output.port, composer.tempo_bpm
    if output.link is not None:
        quarters = composer.meter.ticks_per_bar / TICKS_PER_QUARTER
        return LinkTransport(output.link, port.clock, quarters), threading.Event()
    count_in = COUNT_IN_SECONDS + port.lead_seconds if port.awaits_connection else SOUND_COUNT_IN_SECONDS
    own = InternalTransport(port.clock.now() + count_in, tempo_bpm)
    if output.router.inbox is None:
        return own, threading.Event()
    return ExternalSyncTransport(
        output.router.inbox, None if sync == "midi" else own, tempo_bpm
    ), output.router.inbox.wake


def _clock_out(
    settings: PlaySettings, composer: LoadedComposer, transport: Transport, port: OutputPort
) -> ClockOut | None:
    """The clock that others are given, from the count-in on."""
    if not settings.clock_out:
        return None
    return ClockOut(transport.tick_at(port.clock.now()) + 1, composer.end_tick)


def _dispatch(dispatcher: Dispatcher, failures: list[BaseException], stop: threading.Event) -> None:
    raise_priority()
    try:
        dispatcher.run(stop)
    except BaseException as error:  # noqa: BLE001 - raised again on the main thread
        failures.append(error)


def _report(notes: list[Note], played: Dispatcher, take_path: Path | None, say: Say) -> None:
    where = f", take in {take_path}" if take_path is not None else ""
    late = f", {played.late_notes} late from the engine" if played.late_notes else ""
    lost = f", {played.lost_notes} lost while the port was away" if played.lost_notes else ""
    worst = f"worst lateness {played.worst_lateness_seconds * 1000:.2f} ms"
    say(f"{len(notes)} notes played, {worst}{late}{lost}{where}")
