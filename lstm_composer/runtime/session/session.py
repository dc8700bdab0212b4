"""One performance put together: the composition root of `play`, and of every test that plays.

The parts are made in an order in which each can be given what it needs, and none is changed by another's hand later:
composer, look-ahead, port, transport, parameters, responder, input, dispatcher. Nothing runs yet;
`runtime.session.play` starts the threads.
"""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.generation.lookahead import LookAhead
from lstm_composer.runtime.midi.messages import Sent
from lstm_composer.runtime.monitor.history import History
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.playback.event_log import EventLog
from lstm_composer.runtime.playback.intake import Interpretation, NoteFilter
from lstm_composer.runtime.playback.midi_clock_out import ClockOut
from lstm_composer.runtime.playback.outbox import Outbox
from lstm_composer.runtime.playback.requests import Requests
from lstm_composer.runtime.playback.take import Take
from lstm_composer.runtime.ports import OutputPort
from lstm_composer.runtime.session.call_and_response import CallAndResponse, Responder
from lstm_composer.runtime.session.control_inputs import ControlInputs, open_control_inputs
from lstm_composer.runtime.session.live_control import LiveControl
from lstm_composer.runtime.session.loading import LoadedComposer, load_composer
from lstm_composer.runtime.session.midi_input import MidiInputRouter, ignore
from lstm_composer.runtime.session.outputs import Say, SessionOutputs, open_input, open_outputs
from lstm_composer.runtime.session.settings import PlaySettings
from lstm_composer.runtime.transport.external import ClockInbox, ExternalSyncTransport
from lstm_composer.runtime.transport.link import LinkTransport, joined
from lstm_composer.runtime.transport.transport import InternalTransport, Transport

AHEAD_BARS = 2
FILL_SECONDS = 5.0
"""How long the first notes may take; what is missing then is made while it plays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The parts of a performance. A context manager that closes what was opened for it.

    Attributes:
        settings: What was asked for.
        composer: The style.
        lookahead: Makes notes ahead; its thread is to be started.
        outputs: The port, the place of the take, and what sounds here.
        transport: Who sets the time.
        requests: What others ask of the dispatcher.
        control: The parameters; None where the style has none.
        control_inputs: What sets them beside MIDI; None where the style has none.
        responder: Plays together with somebody; None where nobody is listened to.
        dispatcher: Plays the notes; its thread is to be started.
        take: What was played.
        log: What was sent.
        history: What was sent lately, for the monitor.
        opened: What is closed at the end.

    """

    settings: PlaySettings
    composer: LoadedComposer
    lookahead: LookAhead
    outputs: SessionOutputs
    transport: Transport
    requests: Requests
    control: LiveControl | None
    control_inputs: ControlInputs | None
    responder: Responder | None
    dispatcher: Dispatcher
    take: Take
    log: EventLog
    history: History
    opened: ExitStack

    @property
    def port(self) -> OutputPort:
        """What the messages are sent to."""
        return self.outputs.port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()


def build_session(
    settings: PlaySettings,
    *,
    composer: LoadedComposer | None = None,
    port: OutputPort | None = None,
    on_sent: Callable[[Sent], None] = lambda _: None,
    say: Say = print,
) -> Session:
    """Put a performance together; its first notes are made, and its port is open.

    Args:
        settings: What is asked for.
        composer: The style, where it has been loaded already.
        port: Where to play, instead of the port that the settings name; its clock is the one that time is told by. It
            is closed with the session.
        on_sent: Told of each message that has left, on the dispatcher's thread, as the take and the log are.
        say: Told in a line what the user should know.

    Raises:
        ComposerError: If something asked for is wrong or missing.

    """
    composer = composer or load_composer(settings.music)
    if settings.listen != "off" and composer.controllable is None:
        raise InputError(f"--listen {settings.listen} is not for an article's preset: choose another style")
    # Before the port is there: a DAW may start the moment that it sees it.
    lookahead = _filled_lookahead(composer)
    with ExitStack() as stack:
        opened = _open(settings, composer, port, say, stack)
        return _connected(settings, composer, lookahead, opened, on_sent, say)


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is open while it plays, and what closes it."""

    control_inputs: ControlInputs | None
    outputs: SessionOutputs
    log: EventLog
    stack: ExitStack


def _open(
    settings: PlaySettings, composer: LoadedComposer, port: OutputPort | None, say: Say, stack: ExitStack
) -> _Opened:
    """Open what sets the parameters, where the music goes and where it is logged."""
    inputs = stack.enter_context(open_control_inputs(composer.controllable, settings.map, settings.osc, say))
    outputs = open_outputs(settings, say) if port is None else SessionOutputs(port, settings.take)
    stack.enter_context(outputs)
    return _Opened(inputs, outputs, stack.enter_context(EventLog(settings.events, say)), stack)


def _connected(
    settings: PlaySettings,
    composer: LoadedComposer,
    lookahead: LookAhead,
    opened: _Opened,
    on_sent: Callable[[Sent], None],
    say: Say,
) -> Session:
    """Make the parts between the look-ahead and what was opened, each with what it needs."""
    outputs = opened.outputs
    requests = Requests(outputs.port.clock, threading.Event())
    inbox = ClockInbox(requests.wake)
    transport = _transport(settings.sync, composer, outputs.port, inbox, opened.stack)
    control = _control(settings, composer, lookahead, opened, requests, say)
    responder = None if control is None else _responder(settings, composer, outputs, transport, control)
    open_input(settings.sync, outputs.port, _router(settings, inbox, control, responder).receive, say)
    take = Take(composer.channels, composer.meter.ticks_per_bar, tempo_bpm=lambda: transport.tempo_bpm)
    history = History()
    dispatcher = Dispatcher(
        Outbox(outputs.port, _telling(take.add, opened.log.append, history.append, on_sent)),
        transport,
        lookahead,
        composer.channels,
        interpretation=_interpretation(settings, control, responder),
        requests=requests,
        clock_out=ClockOut(composer.end_tick) if settings.clock_out else None,
    )
    return Session(
        settings=settings,
        composer=composer,
        lookahead=lookahead,
        outputs=outputs,
        transport=transport,
        requests=requests,
        control=control,
        control_inputs=opened.control_inputs,
        responder=responder,
        dispatcher=dispatcher,
        take=take,
        log=opened.log,
        history=history,
        opened=opened.stack.pop_all(),
    )


def _telling(*told_of_each: Callable[[Sent], None]) -> Callable[[Sent], None]:
    """Return what tells each of them of a message, in this order."""

    def tell_all(sent: Sent) -> None:
        for tell in told_of_each:
            tell(sent)

    return tell_all


def _filled_lookahead(composer: LoadedComposer) -> LookAhead:
    """Make the look-ahead and, on this thread, its first notes."""
    lookahead = LookAhead(
        composer.advance,
        composer.cursor,
        bar_ticks=composer.meter.ticks_per_bar,
        ahead_ticks=AHEAD_BARS * composer.meter.ticks_per_bar,
        end_tick=composer.end_tick,
        rest=None if composer.controllable is None else composer.controllable.ensemble.rest_until,
        anew=composer.anew,
    )
    until = time.monotonic() + FILL_SECONDS
    while time.monotonic() < until and lookahead.make_one():
        pass
    return lookahead


def _transport(sync: str, composer: LoadedComposer, port: OutputPort, inbox: ClockInbox, stack: ExitStack) -> Transport:
    """Who sets the time."""
    tempo_bpm = composer.tempo_bpm
    if sync == "link":
        quarters = composer.meter.ticks_per_bar / TICKS_PER_QUARTER
        return LinkTransport(stack.enter_context(joined(tempo_bpm, quarters)), port.clock, quarters)
    count_in_seconds = port.count_in_seconds + port.lead_seconds
    own = InternalTransport(port.clock.now() + count_in_seconds, tempo_bpm, count_in_seconds)
    if sync == "internal":
        return own
    return ExternalSyncTransport(inbox, None if sync == "midi" else own, tempo_bpm)


def _control(
    settings: PlaySettings,
    composer: LoadedComposer,
    lookahead: LookAhead,
    opened: _Opened,
    requests: Requests,
    say: Say,
) -> LiveControl | None:
    """Make what sets the parameters; None where the style has none."""
    inputs, outputs = opened.control_inputs, opened.outputs
    if composer.controllable is None or inputs is None:
        return None
    outputs.set_volume(composer.controllable.parameters.volume)
    return LiveControl(
        composer.controllable,
        settings.music.seed,
        lookahead,
        panic=requests.panic,
        complain=say,
        read=inputs.read,
        set_volume=outputs.set_volume,
    )


def _responder(
    settings: PlaySettings,
    composer: LoadedComposer,
    outputs: SessionOutputs,
    transport: Transport,
    control: LiveControl,
) -> Responder | None:
    """Make the responder to what the player plays; None where nobody is listened to."""
    if settings.listen == "off" or composer.controllable is None:
        return None
    exchange = CallAndResponse(
        mode=settings.listen,
        bar_ticks=composer.meter.ticks_per_bar,
        beat_ticks=composer.meter.ticks_per_beat,
        turn_bars=settings.answer_bars,
        first_tick=settings.music.lead_in * composer.meter.ticks_per_bar,
    )
    after, clock = composer.controllable.ensemble.after, outputs.port.clock
    return Responder(exchange, control, after, transport.tick_at, clock.now)


def _router(
    settings: PlaySettings, inbox: ClockInbox, control: LiveControl | None, responder: Responder | None
) -> MidiInputRouter:
    """Make what hands on the messages that come in, each to who wants it."""
    return MidiInputRouter(
        None if settings.sync in ("internal", "link") else inbox,
        controllers=ignore if control is None else control.submit,
        notes=ignore if responder is None else responder.put,
    )


def _interpretation(settings: PlaySettings, control: LiveControl | None, responder: Responder | None) -> Interpretation:
    """How the notes are played: with expression, in our bars only, and as early as was asked for."""
    early_seconds = settings.latency_ms / 1000
    if control is None:
        return Interpretation(early_seconds=early_seconds)
    filters: tuple[NoteFilter, ...] = (control.shape,)
    if responder is not None:
        filters += (responder.only_our_bars,)
    return Interpretation(filters=filters, delay_seconds=control.delay, early_seconds=early_seconds)
