"""What comes in while it plays is attended to: knobs that are turned, lines that are typed, notes that are played."""

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from runtime.errors import InputError
from runtime.playback.dispatcher import Dispatcher
from runtime.session.call_and_response import CallAndResponse, Responder
from runtime.session.composer import Prepared
from runtime.session.live_control import Steered, Steering
from runtime.session.outputs import Output, Say
from runtime.session.settings import PlaySettings
from runtime.session.typed_lines import chunks_of, lines
from runtime.system.threads import helping, running


@contextmanager
def attending(
    prepared: Prepared,
    settings: PlaySettings,
    output: Output,
    source: Steered,
    dispatcher: Dispatcher,
    stop: threading.Event,
    say: Say,
) -> Iterator[Steering | None]:
    """Have the knobs turned by what comes in and, if asked for, by lines on standard input."""
    if prepared.steerable is None or output.steered_by is None:
        if settings.listen != "off":
            raise InputError(f"--listen {settings.listen} is not for an article's preset: choose another style")
        yield None
        return

    steering = Steering(
        prepared.steerable,
        settings.music.seed,
        source.stream,
        panic=dispatcher.panic,
        complain=say,
        read=output.steered_by.read,
        set_volume=_set_no_volume if output.player is None else output.player.set_volume,
    )
    source.shape, dispatcher.delay = steering.shape, steering.delay
    output.ears.on_channel = steering.put
    if settings.stdin:
        # A thread that nobody waits for: it sleeps in a read that only the writer can end.
        threading.Thread(
            target=helping(partial(_read_lines, say=say)), args=(steering,), name="stdin", daemon=True
        ).start()
    with ExitStack() as stack:
        stack.enter_context(running("steering", helping(steering.run), stop))
        stack.enter_context(output.steered_by.heard(lambda line, tell: steering.put(line, complain=tell)))
        if settings.listen != "off":
            responder = _responder(prepared, settings, source, steering, dispatcher)
            output.ears.on_playing = responder.put
            stack.enter_context(running("listening", helping(responder.run), stop))
        yield steering


def _set_no_volume(_volume: float) -> None:
    """Nothing sounds here: the volume is that of another program."""


def _responder(
    prepared: Prepared, settings: PlaySettings, source: Steered, steering: Steering, dispatcher: Dispatcher
) -> Responder:
    """Have what is played into the input taken up."""
    if prepared.steerable is None:
        raise ValueError("only music that can be steered can listen")
    exchange = CallAndResponse(
        mode=settings.listen,
        bar_ticks=prepared.meter.ticks_per_bar,
        beat_ticks=prepared.meter.ticks_per_beat,
        turn_bars=settings.answer_bars,
        first_tick=settings.music.lead_in * prepared.meter.ticks_per_bar,
    )
    source.shape = lambda notes: exchange.only_our_bars(steering.shape(notes))
    after = prepared.steerable.ensemble.after
    return Responder(exchange, source.stream, after, steering.advance, dispatcher.tick_at, dispatcher.now)


def _read_lines(steering: Steering, say: Say) -> None:
    for line in lines(chunks_of(sys.stdin), lambda problem: say(f"standard input: {problem}")):
        steering.put(line)
