"""Connects live input (MIDI controllers, stdin, OSC, notes) to a running performance."""

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from runtime.errors import InputError
from runtime.playback.dispatcher import Dispatcher
from runtime.session.call_and_response import CallAndResponse, Responder
from runtime.session.live_control import FilteredSource, LiveControl
from runtime.session.loading import LoadedComposer
from runtime.session.outputs import Say, SessionOutputs
from runtime.session.settings import PlaySettings
from runtime.session.typed_lines import chunks_of, lines
from runtime.system.threads import at_helper_priority, background_thread


@contextmanager
def attending(
    composer: LoadedComposer,
    settings: PlaySettings,
    output: SessionOutputs,
    source: FilteredSource,
    dispatcher: Dispatcher,
    stop: threading.Event,
    say: Say,
) -> Iterator[LiveControl | None]:
    """Connect the inputs to the parameters during the block; standard input only if asked for."""
    if composer.controllable is None or output.control_inputs is None:
        if settings.listen != "off":
            raise InputError(f"--listen {settings.listen} is not for an article's preset: choose another style")
        yield None
        return

    control = LiveControl(
        composer.controllable,
        settings.music.seed,
        source.stream,
        panic=dispatcher.panic,
        complain=say,
        read=output.control_inputs.read,
        set_volume=_set_no_volume if output.player is None else output.player.set_volume,
    )
    source.shape, dispatcher.delay = control.shape, control.delay
    output.router.on_channel = control.submit
    if settings.stdin:
        # A thread that nobody waits for: it sleeps in a read that only the writer can end.
        threading.Thread(
            target=at_helper_priority(partial(_read_lines, say=say)), args=(control,), name="stdin", daemon=True
        ).start()
    with ExitStack() as stack:
        stack.enter_context(background_thread("steering", at_helper_priority(control.run), stop))
        stack.enter_context(output.control_inputs.heard(lambda line, tell: control.submit(line, complain=tell)))
        if settings.listen != "off":
            responder = _responder(composer, settings, source, control, dispatcher)
            output.router.on_playing = responder.put
            stack.enter_context(background_thread("listening", at_helper_priority(responder.run), stop))
        yield control


def _set_no_volume(_volume: float) -> None:
    """Nothing sounds here: the volume is that of another program."""


def _responder(
    composer: LoadedComposer,
    settings: PlaySettings,
    source: FilteredSource,
    control: LiveControl,
    dispatcher: Dispatcher,
) -> Responder:
    """Make the responder to what the player plays."""
    if composer.controllable is None:
        raise ValueError("only music that can be steered can listen")
    exchange = CallAndResponse(
        mode=settings.listen,
        bar_ticks=composer.meter.ticks_per_bar,
        beat_ticks=composer.meter.ticks_per_beat,
        turn_bars=settings.answer_bars,
        first_tick=settings.music.lead_in * composer.meter.ticks_per_bar,
    )
    source.shape = lambda notes: exchange.only_our_bars(control.shape(notes))
    after = composer.controllable.ensemble.after
    return Responder(exchange, control, after, dispatcher.tick_at, dispatcher.now)


def _read_lines(control: LiveControl, say: Say) -> None:
    for line in lines(chunks_of(sys.stdin), lambda problem: say(f"standard input: {problem}")):
        control.submit(line)
