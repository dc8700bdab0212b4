"""The loop that plays: notes from a source, through the scheduler, to a port at their time."""

import threading
from collections.abc import Sequence
from typing import Final

from lstm_composer.runtime.midi.messages import REAL_TIME, Sent
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.playback.intake import Intake, Interpretation, NoteSource
from lstm_composer.runtime.playback.midi_clock_out import ClockOut
from lstm_composer.runtime.playback.outbox import LEAVING_SECONDS, Outbox
from lstm_composer.runtime.playback.panic import Panics
from lstm_composer.runtime.playback.requests import Requests
from lstm_composer.runtime.playback.scheduler import Scheduler
from lstm_composer.runtime.transport.transport import Transport, TransportEvent, TransportEventKind

LATE_NOTE_SECONDS: Final = 0.005
"""A note that comes from the source this long after its time is counted as late."""
LOOK_SECONDS: Final = 0.02
"""How often a transport that somebody else sets is asked, if nothing wakes the dispatcher before."""
ABSENT_SECONDS: Final = 0.25
"""A dispatcher that wakes so much later than it wanted to was stopped, or the machine slept: notes whose time has come
meanwhile are not started any more."""


class Dispatcher:
    """Plays a source into a port until it ends or is stopped, and leaves nothing sounding.

    `run` belongs on a thread of its own; the properties may be read from others while it runs.

    Attributes:
        late_notes: Notes that came from the source after their time; they were played at once.
        missed_notes: Notes that came after their end, or whose time came while this program was stopped; they were left
            out.
        lost_notes: Notes that were not heard because the port was away.

    """

    def __init__(
        self,
        outbox: Outbox,
        transport: Transport,
        source: NoteSource,
        channels: Sequence[int],
        *,
        interpretation: Interpretation | None = None,
        requests: Requests | None = None,
        clock_out: ClockOut | None = None,
    ) -> None:
        """Get ready to play.

        Args:
            outbox: Where to; its clock is the one that the transport tells time by.
            transport: When.
            source: What.
            channels: MIDI channel 1..16 of each voice.
            interpretation: How; None for as it is written.
            requests: What others ask for; None where nobody asks for anything.
            clock_out: The clock that others are given; notes are then not delayed, since pulses go among them.

        """
        self._outbox = outbox
        self._clock = outbox.clock
        self._transport = transport
        self._channels = channels
        self._interpretation = interpretation or Interpretation()
        self._early_seconds = self._interpretation.early_seconds
        self._requests = requests or Requests(outbox.clock)
        self._clock_out = clock_out
        self._panics = Panics()
        self._scheduler = Scheduler()
        self._absent_before = self.position_tick()  # what started before this one started while nobody was there
        self._intake = Intake(source, self._interpretation, transport, outbox.lead_seconds, self._absent_before)
        self._awaited = 0.0  # when it was time to look
        self.late_notes = 0
        self.missed_notes = 0
        self.lost_notes = 0

    @property
    def sounding_count(self) -> int:
        """Notes that sound, a port's lead early."""
        return len(self._scheduler.sounding)

    def planned_notes(self) -> list[Note]:
        """Notes that have been taken from the source and wait for their time, in no order."""
        return self._scheduler.waiting

    def planned_ends(self) -> dict[tuple[int, int], int]:
        """Positions at which the notes that sound are to end, by channel and pitch."""
        return self._scheduler.ends

    def in_flight(self) -> list[Sent]:
        """Messages that the port has been given and that have not left, in order."""
        return self._outbox.in_flight()

    def as_played(self, notes: list[Note]) -> list[Note]:
        """Return notes of the source as they are to be played, by what is set at present."""
        return self._intake.as_played(notes)

    def due_seconds(self, tick: int) -> float:
        """Return the time at which what starts or ends at a position is due."""
        delay = self._interpretation.delay_seconds(tick) if self._clock_out is None else 0.0
        return self._transport.seconds_at(tick) + delay - self._early_seconds

    @property
    def worst_lateness_seconds(self) -> float:
        """The most that a message left after it was due."""
        return self._outbox.worst_lateness_seconds

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes a minute at present."""
        return self._transport.tempo_bpm

    def position_tick(self) -> int:
        """Return the position at present; negative before the start."""
        return self._transport.tick_at(self._clock.now())

    def run(self, stop: threading.Event) -> None:
        """Play until the source has ended and its last message is out, or until `stop` is set.

        However it ends, by an exception too, every note that sounds is ended before this returns.
        """
        self._awaited = self._clock.now()
        wake = self._requests.wake
        self._transport.begin(self._awaited)
        if self._clock_out is not None:
            self._clock_out.begin(self.position_tick() + 1)
        try:
            while not stop.is_set():
                if wake is not None:
                    wake.clear()  # before looking: what comes from now on wakes again
                for event in self._transport.moves(self._clock.now()):
                    self._follow(event)
                self._pause_if_asked()
                now = self._clock.now()
                if now - self._awaited > ABSENT_SECONDS:
                    self._leave_out_missed(now)
                self._check_port()
                self._panic_if_asked()
                if self._transport.running:
                    self._play(now)
                self._outbox.report()
                deadline = self._next_deadline()
                if deadline is None:
                    break
                self._awaited = max(deadline, now)
                self._clock.wait_until(deadline, wake or stop)
        finally:
            try:
                if self._outbox.is_away:
                    self._check_port()
                self._silence(self.position_tick())
                self._stop_clock(self.position_tick())
            finally:
                self._outbox.report_all()

    def _play(self, now: float) -> None:
        """Take the notes and send the messages whose time has come."""
        if self._intake.is_behind(now):
            self._pull()
        if self._outbox.is_away:
            self._skip_missed()
        else:
            self._send_due(now)
        self._pull()

    def _pause_if_asked(self) -> None:
        """Wait in silence if a pause has been asked for; notes whose time has passed meanwhile are left out."""
        hold = self._requests.take_pause()
        if hold is None:
            return
        self._silence(self.position_tick())
        self._outbox.wait_until_left()
        hold()
        self._scheduler.skip_to(self.position_tick())

    def _follow(self, event: TransportEvent) -> None:
        """Do what becomes of the song."""
        match event.kind:
            case TransportEventKind.STOP | TransportEventKind.LOCATE:
                self._silence(event.tick)
                self._intake.locate(event.tick)
                self._forget_notes_before(event.tick)
            case TransportEventKind.START:
                self._panics.start(max(self._clock.now(), self._transport.seconds_at(event.tick)))
                if self._intake.start(event.tick):
                    self._forget_notes_before(event.tick)
                self._intake.take_again_at(self.position_tick())  # the start may lie ahead
            case TransportEventKind.RETIME:
                self._reschedule()

    def _forget_notes_before(self, tick: int) -> None:
        """Forget the notes at hand: those from another position on are taken."""
        self._scheduler = Scheduler()
        self._absent_before = tick

    def _leave_out_missed(self, now: float) -> None:
        """Start none of the notes whose time has come while this program was stopped; their place is silent."""
        self._rewind()
        self._absent_before = self._transport.tick_at(now + self._early_seconds)
        self.missed_notes += self._scheduler.skip_to(self._absent_before)

    def _reschedule(self) -> None:
        """Take back what has not left, and give it its time by the new tempo."""
        self._rewind()
        self._intake.take_again_at(self.position_tick())

    def _rewind(self) -> None:
        """Take back what has not left: what has not begun waits again, and what has not ended sounds."""
        taken_back = self._outbox.take_back()
        if self._clock_out is not None:
            self._clock_out.take_back(taken_back)
        self._scheduler.take_back([message for message in taken_back if message.kind not in REAL_TIME])
        self._panics.take_back(taken_back)

    def _panic_if_asked(self) -> None:
        """End what had begun when a panic was asked for, with all notes off on its channels.

        Where nothing had, nothing is done: what is about to leave would be given anew, and could come late by that.
        """
        until = self._panics.due(self._requests.take_panics())
        if until is None or self._outbox.is_away:
            return
        self._rewind()
        keys, channels = self._panics.end(until, self._scheduler.sounding)
        # Behind all that has started: as early as the messages leave.
        tick = self._transport.tick_at(self._clock.now() + self._early_seconds) + 1
        self._outbox.end_notes(self._scheduler.hush(tick, keys, channels))

    def _silence(self, tick: int) -> None:
        """End what sounds: what never left is taken back first, so that only notes that were heard are ended."""
        self._rewind()
        self._panics.forget_uses()
        self._outbox.end_notes(self._scheduler.silence(tick))

    def _stop_clock(self, tick: int) -> None:
        stop = None if self._clock_out is None else self._clock_out.stop(tick)
        if stop is not None:
            self._outbox.send_now(stop, self._clock.now())

    def _check_port(self) -> None:
        """See whether the port is there, and do what becomes of the music when it goes and when it is back."""
        if not self._outbox.check_port():
            return
        if self._outbox.is_away:
            self._rewind()
            # By MIDI they cannot leave now; what sounds here, beside it, hears them.
            self._outbox.end_notes(self._scheduler.release(self.position_tick()))
        else:
            self._skip_missed()
            self._outbox.send_deferred(self.position_tick())

    def _skip_missed(self) -> None:
        """Leave out the notes whose time has come while the port is away: none is to be heard late."""
        self.lost_notes += self._scheduler.skip_to(self.position_tick())

    def _send_due(self, now: float) -> None:
        """Give the port what is due, or will be within its lead; `now` is a time that is known to be the present."""
        while (tick := self._next_tick()) is not None and self._send_seconds(tick) <= now:
            pulses = [] if self._clock_out is None else self._clock_out.due(tick)
            for sent in self._outbox.send([*pulses, *self._scheduler.due(tick)], self.due_seconds):
                self._panics.strike(sent.message, sent.sent_seconds)

    def _next_tick(self) -> int | None:
        """Return the position of the next message; pulses go on to the end, or as long as there is music."""
        tick = self._scheduler.next_tick()
        over = tick is None and self._intake.is_complete and not self._intake.has_end
        if self._clock_out is None or over:
            return tick
        pulse = self._clock_out.next_tick()
        return min((one for one in (tick, pulse) if one is not None), default=None)

    def _send_seconds(self, tick: int) -> float:
        return self.due_seconds(tick) - self._outbox.lead_seconds

    def _pull(self) -> None:
        """Take notes from the source up to the horizon, if it is time to, and have them wait for their time."""
        now = self._clock.now()
        notes = self._intake.take(now)
        sent_tick = self._transport.tick_at(now + self._early_seconds)
        in_time = [note for note in notes if note.end > sent_tick and note.onset >= self._absent_before]
        self.missed_notes += len(notes) - len(in_time)
        self.late_notes += sum(self.due_seconds(note.onset) < now - LATE_NOTE_SECONDS for note in in_time)
        for note in in_time:
            self._scheduler.add((note,), self._channels[note.voice])

    def _next_deadline(self) -> float | None:
        """Return when there is something to do again, None if everything has been played."""
        if not self._transport.running:
            return self._clock.now() + LOOK_SECONDS
        tick = self._next_tick()
        deadlines = [] if tick is None else [self._send_seconds(tick)]
        if not self._intake.is_complete:
            deadlines.append(self._transport.seconds_at(self._intake.next_tick))
        last_leaves = self._outbox.last_leaves_seconds
        if not deadlines and last_leaves is not None:
            deadlines.append(max(last_leaves, self._clock.now() + LEAVING_SECONDS))
        if deadlines and self._outbox.is_away:
            return self._clock.now() + LOOK_SECONDS
        if deadlines and self._requests.wake is not None:
            deadlines.append(self._clock.now() + LOOK_SECONDS)
        return min(deadlines, default=None)
