"""Reading a running `play` off its threads."""

import os
from dataclasses import dataclass

from runtime.monitor.snapshot import Control, RollNote, Snapshot, Source, Time
from runtime.music.notes import Meter
from runtime.session.parameter_text import controls_of, style_of
from runtime.session.session import Session
from runtime.system.visible_text import visible
from runtime.transport.external import ExternalSyncTransport
from runtime.transport.transport import Transport

PAST_BARS, COMING_BARS = 2, 4
"""Bars before and after the present one whose notes are shown."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Reads snapshots off a session that plays; nothing of it is changed but its history."""

    session: Session

    def snapshot(self) -> Snapshot:
        """Return what is going on at present."""
        tick = self.session.dispatcher.position_tick()
        meter, control = self.session.composer.meter, self.session.control
        self.tidy()
        return Snapshot(
            pid=os.getpid(),
            style=self._style(),
            seed=control.seed if control else self.session.settings.music.seed,
            port=visible(self.session.port.name),
            meter=str(meter),
            ticks_per_bar=meter.ticks_per_bar,
            ticks_per_beat=meter.ticks_per_beat,
            time=self._time(tick, meter),
            past=tuple(self.session.history.past),
            sounding=self._sounding(tick),
            coming=self._coming(tick),
            controls=self._controls(),
            lateness=self.session.history.lateness(self.session.dispatcher.worst_lateness_seconds),
            notes=self.session.history.notes,
            late_notes=self.session.dispatcher.late_notes,
            missed_notes=self.session.dispatcher.missed_notes,
            rests=self.session.lookahead.rests,
            ahead_ticks=self.session.lookahead.ticks_ahead(max(0, tick)),
        )

    def _style(self) -> str:
        """The style as it is set; of several voices, all theirs."""
        controllable = self.session.composer.controllable
        if self.session.control is None or controllable is None or controllable.ensemble.voices > 1:
            return self.session.composer.style
        return style_of(self.session.control.parameters, controllable.styles)

    def _controls(self) -> tuple[Control, ...]:
        if (
            self.session.control is None
            or self.session.control_inputs is None
            or self.session.composer.controllable is None
        ):
            return ()
        return controls_of(
            self.session.control.parameters,
            self.session.composer.controllable.styles,
            self.session.control_inputs.controllers_by_parameter(),
        )

    def tidy(self) -> None:
        """Look at what has been sent since, and forget what is past; often enough, whether anybody looks or not."""
        tick, bar_ticks = self.session.dispatcher.position_tick(), self.session.composer.meter.ticks_per_bar
        self.session.history.collect()
        self.session.history.keep_between((tick // bar_ticks - PAST_BARS) * bar_ticks, tick)

    def _time(self, tick: int, meter: Meter) -> Time:
        bar, rest = divmod(tick, meter.ticks_per_bar)
        beat = rest // meter.ticks_per_beat + 1
        source = _source(self.session.settings.sync, self.session.transport)
        return Time(
            source, self.session.transport.tempo_bpm, self.session.transport.running, tick, max(0, bar + 1), beat
        )

    def _sounding(self, tick: int) -> tuple[RollNote, ...]:
        """The notes that have left and not ended; a planned end is known unless the note is about to end."""
        ends = self.session.dispatcher.planned_ends()
        return tuple(
            RollNote(onset, pitch, max(1, ends.get((channel, pitch), tick) - onset), velocity, channel)
            for (channel, pitch), (onset, velocity) in self.session.history.open.items()
        )

    def _coming(self, tick: int) -> tuple[RollNote, ...]:
        end = tick + COMING_BARS * self.session.composer.meter.ticks_per_bar
        notes = [*self.session.dispatcher.planned_notes(), *self.session.lookahead.coming()]
        channels = self.session.composer.channels
        return tuple(
            RollNote(note.onset, note.pitch, note.duration, note.velocity, channels[note.voice])
            for note in notes
            if tick < note.onset < end
        )


def _source(sync: str, transport: Transport) -> Source:
    if sync == "link":
        return "link"
    return "midi" if isinstance(transport, ExternalSyncTransport) and transport.following else "internal"
