"""Reading a running `play` off its threads."""

import os
from dataclasses import dataclass

from runtime.generation.lookahead import LookAhead
from runtime.monitor.history import History
from runtime.monitor.snapshot import Control, RollNote, Snapshot, Source, Time
from runtime.music.notes import Meter
from runtime.playback.dispatcher import Dispatcher
from runtime.session.control_inputs import ControlInputs
from runtime.session.live_control import LiveControl
from runtime.session.loading import LoadedComposer
from runtime.session.parameter_text import controls_of, style_of
from runtime.session.settings import PlaySettings
from runtime.system.visible_text import visible
from runtime.transport.external import ExternalSyncTransport
from runtime.transport.transport import Transport

PAST_BARS, COMING_BARS = 2, 4
"""Bars before and after the present one whose notes are shown."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The parts of a running `play` that a snapshot is read off; nothing of it is changed.

    Attributes:
        composer: The style.
        settings: What was asked for.
        port: Name of the MIDI port.
        transport: Who sets the time.
        dispatcher: What plays.
        lookahead: What is made ahead.
        history: What was sent; the dispatcher tells it.
        control: The parameters; None where the style has none.
        inputs: The inputs that set them; None where the style has none.

    """

    composer: LoadedComposer
    settings: PlaySettings
    port: str
    transport: Transport
    dispatcher: Dispatcher
    lookahead: LookAhead
    history: History
    control: LiveControl | None
    inputs: ControlInputs | None

    def snapshot(self) -> Snapshot:
        """Return what is going on at present."""
        tick = self.dispatcher.position_tick()
        meter, control = self.composer.meter, self.control
        self.tidy()
        return Snapshot(
            pid=os.getpid(),
            style=self._style(),
            seed=control.seed if control else self.settings.music.seed,
            port=visible(self.port),
            meter=str(meter),
            ticks_per_bar=meter.ticks_per_bar,
            ticks_per_beat=meter.ticks_per_beat,
            time=self._time(tick, meter),
            past=tuple(self.history.past),
            sounding=self._sounding(tick),
            coming=self._coming(tick),
            controls=self._controls(),
            lateness=self.history.lateness(self.dispatcher.worst_lateness_seconds),
            notes=self.history.notes,
            late_notes=self.dispatcher.late_notes,
            missed_notes=self.dispatcher.missed_notes,
            rests=self.lookahead.rests,
            ahead_ticks=self.lookahead.ticks_ahead(max(0, tick)),
        )

    def _style(self) -> str:
        """The style as it is set; of several voices, all theirs."""
        controllable = self.composer.controllable
        if self.control is None or controllable is None or controllable.ensemble.voices > 1:
            return self.composer.style
        return style_of(self.control.parameters, controllable.styles)

    def _controls(self) -> tuple[Control, ...]:
        if self.control is None or self.inputs is None or self.composer.controllable is None:
            return ()
        return controls_of(
            self.control.parameters, self.composer.controllable.styles, self.inputs.controllers_by_parameter()
        )

    def tidy(self) -> None:
        """Look at what has been sent since, and forget what is past; often enough, whether anybody looks or not."""
        tick, bar_ticks = self.dispatcher.position_tick(), self.composer.meter.ticks_per_bar
        self.history.collect()
        self.history.keep_between((tick // bar_ticks - PAST_BARS) * bar_ticks, tick)

    def _time(self, tick: int, meter: Meter) -> Time:
        bar, rest = divmod(tick, meter.ticks_per_bar)
        beat = rest // meter.ticks_per_beat + 1
        source = _source(self.settings.sync, self.transport)
        return Time(source, self.transport.tempo_bpm, self.transport.running, tick, max(0, bar + 1), beat)

    def _sounding(self, tick: int) -> tuple[RollNote, ...]:
        """The notes that have left and not ended; a planned end is known unless the note is about to end."""
        ends = self.dispatcher.planned_ends()
        return tuple(
            RollNote(onset, pitch, max(1, ends.get((channel, pitch), tick) - onset), velocity, channel)
            for (channel, pitch), (onset, velocity) in self.history.open.items()
        )

    def _coming(self, tick: int) -> tuple[RollNote, ...]:
        end = tick + COMING_BARS * self.composer.meter.ticks_per_bar
        notes = [*self.dispatcher.planned_notes(), *self.lookahead.coming()]
        channels = self.composer.channels
        return tuple(
            RollNote(note.onset, note.pitch, note.duration, note.velocity, channels[note.voice])
            for note in notes
            if tick < note.onset < end
        )


def _source(sync: str, transport: Transport) -> Source:
    if sync == "link":
        return "link"
    return "midi" if isinstance(transport, ExternalSyncTransport) and transport.following else "internal"
