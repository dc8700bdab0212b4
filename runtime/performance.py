"""`lstm-composer play`: engine, look-ahead, dispatcher and port put together, and taken apart again however it ends.

Threads: the main one draws the line and writes the event log, one fills the look-ahead, one dispatches.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, TypeVar, cast

from rich.console import Console

from runtime.dispatcher import Dispatcher
from runtime.ears import Ears
from runtime.errors import InputError, MissingError
from runtime.eventlog import EventLog
from runtime.listening import Listener, Together
from runtime.live_line import LiveLine, read
from runtime.lookahead import LookAhead
from runtime.messages import Sent
from runtime.monitor.history import History
from runtime.monitor.publisher import published
from runtime.monitor.watch import Watch
from runtime.notes import TICKS_PER_QUARTER, Note
from runtime.ports import NoMidiSystemError, NullPort, OutputPort, open_port
from runtime.preparation import Prepared, prepare
from runtime.realtime import HELPING_PRIORITY, prepare_interpreter, raise_priority
from runtime.settings import MusicSettings, PlaySettings
from runtime.steering.inputs import SteeringInputs, steering_inputs
from runtime.steering.steering import Steered, Steering
from runtime.sync.clock_out import ClockOut
from runtime.sync.conductor import Conductor, Inbox
from runtime.sync.link import LinkTransport, Session, joined
from runtime.take import Take, check_writable, next_take_path, save_take
from runtime.terminal import Terminal
from runtime.transport import InternalTransport, Transport
from runtime.writing import file_bytes

Given = TypeVar("Given")
AHEAD_BARS = 2
COUNT_IN_SECONDS = 1.0
"""From the port being there to the first downbeat: a patchbay or a script can connect it before a note is lost."""
FILL_SECONDS = 5.0
REFRESH_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Output:
    """Where the music goes, and what comes back."""

    port: OutputPort
    take_path: Path | None
    ears: Ears
    link: Session | None = None
    steered_by: SteeringInputs | None = None


def play(settings: PlaySettings) -> None:
    """Play until `--bars` are over or SIGINT or SIGTERM comes; every note is ended and the take is complete.

    Raises:
        ComposerError: If something asked for is wrong or missing.

    """
    console = Console(file=cast("IO[str]", Terminal(sys.stderr)), highlight=False)
    for path in (settings.take, settings.events):
        if path is not None:
            check_writable(path)
    prepared = prepare(settings.music)
    stop = threading.Event()
    take = Take(prepared.channels, prepared.meter.ticks_per_bar)

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    with ExitStack() as stack:
        stack.enter_context(_stopped_by_signals(stop))
        inputs = stack.enter_context(steering_inputs(prepared.steerable, settings.map, settings.osc, say))
        output = replace(_open_output(settings, console), steered_by=inputs)
        port = stack.enter_context(output.port)
        log = stack.enter_context(EventLog(settings.events))
        _listen(settings.sync, output, console)
        if settings.sync == "link":
            quarters = prepared.meter.ticks_per_bar / TICKS_PER_QUARTER
            output = replace(output, link=stack.enter_context(joined(prepared.tempo_bpm, quarters)))
        _announce(prepared, port, settings.music, console)
        try:
            played = _perform(prepared, output, settings, take, stop, log, console)
        finally:
            music = take.music()
            if output.take_path is not None:
                save_take(output.take_path, file_bytes(prepared, music.notes, music.tempos))
    _report(music.notes, played, output.take_path, console)


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # Started with nohup, it is to outlive its terminal.
    heeded = [one for one in numbers if (one, signal.getsignal(one)) != (getattr(signal, "SIGHUP", 0), signal.SIG_IGN)]
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open_output(settings: PlaySettings, console: Console) -> Output:
    """Open the port; with no MIDI system at all, say so and keep the music in a take."""
    try:
        port = open_port(settings.backend, settings.port_name)
    except NoMidiSystemError as error:
        take_path = settings.take or next_take_path(Path.cwd())
        console.print(f"{error}", markup=False, soft_wrap=True)
        notice = f"Playing on in real time without sound; the music goes into {take_path}"
        console.print(notice, markup=False, soft_wrap=True)
        return Output(NullPort(settings.port_name), take_path, Ears())
    say = partial(console.print, markup=False, soft_wrap=True)
    port.on_news = say
    if port.renamed is not None:
        say(f'another program is "{settings.port_name}" already: this one is "{port.renamed}"')
    return Output(port, settings.take, Ears())


def _announce(prepared: Prepared, port: OutputPort, settings: MusicSettings, console: Console) -> None:
    console.print(
        f"{prepared.style} on {prepared.device}, {prepared.tempo_bpm:g} bpm, {prepared.meter}, seed {settings.seed}; "
        f"{port.describe()}; Ctrl-C stops",
        markup=False,
        soft_wrap=True,
    )


def _perform(
    prepared: Prepared,
    output: Output,
    settings: PlaySettings,
    take: Take,
    stop: threading.Event,
    log: EventLog,
    console: Console,
) -> Dispatcher:
    """Run the threads until the music is over or stopped; raises what ended them early."""
    ahead_ticks = AHEAD_BARS * prepared.meter.ticks_per_bar
    lookahead = LookAhead(
        prepared.advance,
        prepared.cursor,
        bar_ticks=prepared.meter.ticks_per_bar,
        ahead_ticks=ahead_ticks,
        end_tick=prepared.end_tick,
        rest=None if prepared.steerable is None else prepared.steerable.ensemble.resting,
    )
    failures: list[BaseException] = []
    history = History()

    def on_sent(sent: Sent) -> None:
        take.add(sent)
        log.append(sent)
        history.append(sent)

    with _running("engine", lookahead.run, stop):
        lookahead.wait_until_filled(FILL_SECONDS)
        refused = prepare_interpreter()
        if refused is not None:
            console.print(refused, markup=False, soft_wrap=True)
        transport, wake = _transport(settings.sync, output, prepared)
        source = Steered(lookahead)
        take.tempo = lambda: transport.tempo_bpm
        clock_out = _clock_out(settings, prepared, transport, output.port)
        dispatcher = Dispatcher(output.port, transport, source, prepared.channels, on_sent, wake, clock_out)
        dispatcher.early_seconds = settings.latency_ms / 1000
        dispatch = partial(_dispatch, dispatcher, failures)
        with (
            _steered(prepared, settings, output, source, dispatcher, stop, console) as steering,
            published(
                Watch(
                    prepared,
                    settings,
                    output.port.name,
                    transport,
                    dispatcher,
                    lookahead,
                    history,
                    steering,
                    output.steered_by,
                ),
                partial(console.print, markup=False, soft_wrap=True),
            ),
            _running("dispatcher", dispatch, stop) as thread,
            LiveLine(console, prepared) as live,
        ):
            while thread.is_alive():
                thread.join(REFRESH_SECONDS)
                log.drain()
                live.show(read(dispatcher, lookahead))
    log.drain()
    if lookahead.rests:
        why = f" (the engine failed: {lookahead.problem})" if lookahead.problem else " (the engine was too slow)"
        console.print(f"rested {lookahead.rests} times to the next bar{why}", markup=False, soft_wrap=True)
    if failures:
        raise failures[0]
    return dispatcher


def _listen(sync: str, output: Output, console: Console) -> None:
    """Open the port's input, for the knobs and, unless nobody else may set the time, for a clock."""
    try:
        name = output.port.listen(output.ears.hear)
    except MissingError:
        if sync == "midi":
            raise
        return
    if sync in ("auto", "midi"):
        output.ears.inbox = Inbox()
    says = {"midi": "waits for a MIDI clock", "auto": "follows a MIDI clock"}.get(sync, "is steered by controllers")
    console.print(f'{says} sent to "{name}"', markup=False, soft_wrap=True)


def _transport(sync: str, output: Output, prepared: Prepared) -> tuple[Transport, threading.Event | None]:
    """Who sets the time, and what wakes those who wait when there is news of it; None where there never is."""
    port, tempo_bpm = output.port, prepared.tempo_bpm
    if output.link is not None:
        quarters = prepared.meter.ticks_per_bar / TICKS_PER_QUARTER
        return LinkTransport(output.link, port.clock, quarters), threading.Event()
    own = InternalTransport(port.clock.now() + COUNT_IN_SECONDS + port.lead_seconds, tempo_bpm)
    if output.ears.inbox is None:
        return own, None
    return Conductor(output.ears.inbox, None if sync == "midi" else own, tempo_bpm), output.ears.inbox.wake


def _clock_out(settings: PlaySettings, prepared: Prepared, transport: Transport, port: OutputPort) -> ClockOut | None:
    """The clock that others are given, from the count-in on."""
    if not settings.clock_out:
        return None
    return ClockOut(transport.tick_at(port.clock.now()) + 1, prepared.end_tick)


@contextmanager
def _running(name: str, run: Callable[[threading.Event], None], stop: threading.Event) -> Iterator[threading.Thread]:
    """Run a thread beside the block; when the block ends, and however it does, the thread is stopped and waited for.

    What the thread raises ends all the others, and is raised at the end of the block.
    """
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            run(stop)
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)
            stop.set()

    thread = threading.Thread(target=guarded, name=name)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join()
    if failures:
        raise failures[0]


@contextmanager
def _steered(
    prepared: Prepared,
    settings: PlaySettings,
    output: Output,
    source: Steered,
    dispatcher: Dispatcher,
    stop: threading.Event,
    console: Console,
) -> Iterator[Steering | None]:
    """Have the knobs turned by what comes in and, if asked for, by lines on standard input."""
    if prepared.steerable is None or output.steered_by is None:
        if settings.listen != "off":
            raise InputError(f"--listen {settings.listen} is not for an article's preset: choose another style")
        yield None
        return

    def complain(problem: str) -> None:
        console.print(problem, markup=False, soft_wrap=True)

    steering = Steering(
        prepared.steerable,
        settings.music.seed,
        source.stream,
        panic=dispatcher.panic,
        complain=complain,
        read=output.steered_by.read,
    )
    source.shape, dispatcher.delay = steering.shape, steering.delay
    output.ears.on_channel = steering.put
    if settings.stdin:
        # A thread that nobody waits for: it sleeps in a read that only the writer can end.
        threading.Thread(target=_helping(_read_lines), args=(steering,), name="stdin", daemon=True).start()
    with ExitStack() as stack:
        stack.enter_context(_running("steering", _helping(steering.run), stop))
        stack.enter_context(output.steered_by.heard(steering.put))
        if settings.listen != "off":
            listener = _listener(prepared, settings, source, steering, dispatcher)
            output.ears.on_note = listener.put
            stack.enter_context(_running("listening", _helping(listener.run), stop))
        yield steering


def _listener(
    prepared: Prepared, settings: PlaySettings, source: Steered, steering: Steering, dispatcher: Dispatcher
) -> Listener:
    """Have what is played into the input taken up."""
    if prepared.steerable is None:
        raise ValueError("only music that can be steered can listen")
    together = Together(
        mode=settings.listen,
        bar_ticks=prepared.meter.ticks_per_bar,
        beat_ticks=prepared.meter.ticks_per_beat,
        turn_bars=settings.answer_bars,
        first_tick=settings.music.lead_in * prepared.meter.ticks_per_bar,
    )
    source.shape = lambda notes: together.ours(steering.shape(notes))
    after = prepared.steerable.ensemble.after
    return Listener(together, source.stream, after, steering.advance, dispatcher.tick_at, dispatcher.now)


def _helping(run: Callable[[Given], None]) -> Callable[[Given], None]:
    """Have a thread that starts while music plays run at the priority that the others have (see runtime.realtime)."""

    def run_at_priority(given: Given) -> None:
        raise_priority(HELPING_PRIORITY)
        run(given)

    return run_at_priority


def _read_lines(steering: Steering) -> None:
    with suppress(OSError):  # the terminal has been closed
        for line in sys.stdin:
            if line.strip():
                steering.put(line)


def _dispatch(dispatcher: Dispatcher, failures: list[BaseException], stop: threading.Event) -> None:
    raise_priority()
    try:
        dispatcher.run(stop)
    except BaseException as error:  # noqa: BLE001 - raised again on the main thread
        failures.append(error)


def _report(notes: list[Note], played: Dispatcher, take_path: Path | None, console: Console) -> None:
    where = f", take in {take_path}" if take_path is not None else ""
    late = f", {played.late_notes} late from the engine" if played.late_notes else ""
    lost = f", {played.lost_notes} lost while the port was away" if played.lost_notes else ""
    console.print(
        f"{len(notes)} notes played, worst lateness {played.worst_lateness_seconds * 1000:.2f} ms{late}{lost}{where}",
        markup=False,
        soft_wrap=True,
    )
