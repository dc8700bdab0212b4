"""Reading a running `play` off its threads."""

import os
import threading
from collections.abc import Callable
from typing import Final

from lstm_composer.runtime.monitor.announcements import Announcements, Planned
from lstm_composer.runtime.monitor.protocol import Anchor, Counts, Delta, Whole
from lstm_composer.runtime.monitor.snapshot import Control, RollNote, Snapshot, Source, Time
from lstm_composer.runtime.music.notes import Meter, Note, tick_seconds
from lstm_composer.runtime.session.parameter_text import controls_of, style_of
from lstm_composer.runtime.session.session import Session
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.runtime.transport.external import ExternalSyncTransport
from lstm_composer.runtime.transport.transport import Transport

PAST_BARS, COMING_BARS = 2, 4
"""Bars before and after the present one whose notes are shown."""
COUNTS_SECONDS: Final = 1.0
"""How often what is counted is said."""
SAME_SECONDS: Final = 0.0005
"""A position that is reached by so much earlier or later is where it was said to be."""
NO_KNOBS: Final = "this style has no knobs, as those of the article's presets: nothing of it can be turned"


class Watch:
    """Reads a session that plays, and has command lines turn it; for one thread.

    Attributes:
        session: What plays; nothing of it is changed but its history.

    """

    def __init__(self, session: Session, stop: threading.Event) -> None:
        """Begin to watch.

        Args:
            session: What plays.
            stop: Set to end the music.

        """
        self.session = session
        self._stop = stop
        self._announced = Announcements()
        self._made: list[Note] = []
        self._shaped: tuple[object, list[Note]] = (None, [])
        self._anchor: Anchor | None = None
        self._controls: dict[str, Control] = {}
        self._named: tuple[str, int] = ("", 0)
        self._counted_at = float("-inf")

    def now(self) -> float:
        """Return the time by the port's clock."""
        return self.session.port.clock.now()

    def end(self) -> None:
        """End the music, and what sounds."""
        self._stop.set()

    def submit(self, line: str, refuse: Callable[[str], None], take: Callable[[], None]) -> None:
        """Have a command line take effect as one of standard input does; one of the two is called then."""
        if self.session.control is None:
            refuse(NO_KNOBS)
            return
        self.session.control.submit(line, complain=refuse, taken=take)

    def whole(self) -> Whole:
        """Return all that there is to know, as of the last look."""
        snapshot = self.snapshot()
        self._controls = {control.name: control for control in snapshot.controls}
        self._named = (snapshot.style, snapshot.seed)
        self._anchor = self._present_anchor(at := self.now())
        return Whole(at, self._anchor, snapshot, self._announced.events)

    def look(self) -> Delta:
        """Return what has changed since the last look."""
        at = self.now()
        self._collect()
        self._announced.look(self._planned(at))
        events, gone = self._announced.news()
        anchor, style, seed = self._moved(at), self._style(), self._seed()
        before, self._named = self._named, (style, seed)
        return Delta(
            at,
            anchor,
            events,
            gone,
            controls=self._turned(),
            style=style if style != before[0] else None,
            seed=seed if seed != before[1] else None,
            counts=self._counts(at),
        )

    def _planned(self, at: float) -> Planned:
        """What is to be sent, read in the order that notes take: on their way they are missed in one place at most."""
        dispatcher, composer = self.session.dispatcher, self.session.composer
        made = self.session.lookahead.coming()
        end = dispatcher.position_tick() + COMING_BARS * composer.meter.ticks_per_bar
        coming = [note for note in self._as_played(made) if note.onset < end]
        waiting = dispatcher.planned_notes()
        in_flight = dispatcher.in_flight()
        return Planned(
            now=at,
            notes=[*coming, *waiting],
            channels=composer.channels,
            in_flight=in_flight,
            ends=dispatcher.planned_ends(),
            due_seconds=dispatcher.due_seconds,
        )

    def _as_played(self, made: list[Note]) -> list[Note]:
        """The notes that are made, as they are to be played; made out anew only where something has changed."""
        parameters = None if self.session.control is None else self.session.control.parameters
        if made != self._made or parameters is not self._shaped[0]:
            self._made, self._shaped = made, (parameters, self.session.dispatcher.as_played(made))
        return self._shaped[1]

    def _moved(self, at: float) -> Anchor | None:
        """Where the music is, if that is not where it was said to come to."""
        said, anchor = self._anchor, self._present_anchor(at)
        if said is not None and (said.running, said.source) == (anchor.running, anchor.source):
            if not anchor.running and said.tick == anchor.tick:
                return None
            expected = said.seconds + (anchor.tick - said.tick) * tick_seconds(said.tempo_bpm)
            if anchor.running and said.tempo_bpm == anchor.tempo_bpm and abs(expected - anchor.seconds) < SAME_SECONDS:
                return None
        self._anchor = anchor
        return anchor

    def _present_anchor(self, at: float) -> Anchor:
        transport = self.session.transport
        running, tick = transport.running, self.session.dispatcher.position_tick()
        seconds = transport.seconds_at(tick) if running else at
        source = _source(self.session.settings.sync, transport)
        return Anchor(tick, round(seconds, 6), transport.tempo_bpm, running, source)

    def _turned(self) -> tuple[Control, ...]:
        """What stands elsewhere than it was said to."""
        turned = tuple(one for one in self._all_controls() if self._controls.get(one.name) != one)
        self._controls |= {control.name: control for control in turned}
        return turned

    def _counts(self, at: float) -> Counts | None:
        if at < self._counted_at + COUNTS_SECONDS:
            return None
        self._counted_at = at
        dispatcher, history, lookahead = self.session.dispatcher, self.session.history, self.session.lookahead
        return Counts(
            history.notes,
            dispatcher.late_notes,
            dispatcher.missed_notes,
            lookahead.rests,
            lookahead.ticks_ahead(max(0, dispatcher.position_tick())),
            history.lateness(dispatcher.worst_lateness_seconds),
        )

    def snapshot(self) -> Snapshot:
        """Return what is going on at present."""
        tick = self.session.dispatcher.position_tick()
        meter = self.session.composer.meter
        self._collect()
        return Snapshot(
            pid=os.getpid(),
            style=self._style(),
            seed=self._seed(),
            port=visible(self.session.port.name),
            sounds_here=self.session.outputs.player is not None,
            meter=str(meter),
            ticks_per_bar=meter.ticks_per_bar,
            ticks_per_beat=meter.ticks_per_beat,
            time=self._time(tick, meter),
            past=tuple(self.session.history.past),
            sounding=self._sounding(tick),
            coming=self._coming(tick),
            controls=self._all_controls(),
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

    def _seed(self) -> int:
        control = self.session.control
        return control.seed if control else self.session.settings.music.seed

    def _all_controls(self) -> tuple[Control, ...]:
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
        """Look at what has been sent since, and forget what is past; nobody is told what was to come."""
        self._collect()
        self._announced.forget_coming()

    def _collect(self) -> None:
        """Look at what has been sent since, and forget what is past; often enough, whether anybody looks or not."""
        tick, bar_ticks = self.session.dispatcher.position_tick(), self.session.composer.meter.ticks_per_bar
        self._announced.take_sent(self.session.history.collect())
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
