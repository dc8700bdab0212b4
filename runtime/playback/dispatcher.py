"""The loop that plays: notes from a source, through the scheduler, to a port at their time."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from runtime.midi.messages import REAL_TIME, Kind, Message, Sent
from runtime.music.notes import TICKS_PER_QUARTER, Note, cut_at
from runtime.playback.midi_clock_out import ClockOut
from runtime.playback.panic import Panics
from runtime.playback.scheduler import Scheduler
from runtime.ports.base import OutputPort
from runtime.transport.transport import Transport, TransportEvent, TransportEventKind

HORIZON_TICKS: Final = TICKS_PER_QUARTER // 3
"""How far ahead of sending notes are taken from the source: what is taken is no longer the engine's to change."""
PULL_TICKS: Final = TICKS_PER_QUARTER // 6
"""How often the source is asked: half the horizon, so that it is never asked for what is due already."""
LATE_NOTE_SECONDS: Final = 0.005
"""A note that comes from the source this long after its time is counted as late."""
_LEAVING_SECONDS: Final = 0.005  # how often a port is asked whether the last messages have left
LOOK_SECONDS: Final = 0.02
"""How often a transport that somebody else sets is asked, if nothing wakes the dispatcher before."""
MAKING_SECONDS: Final = 0.05
"""How long a song that starts waits for its first notes to be made."""
ABSENT_SECONDS: Final = 0.25
"""A dispatcher that wakes so much later than it wanted to was stopped, or the machine slept: notes whose time has come
meanwhile are not started any more."""


class NoteSource(Protocol):
    """Where the notes come from, made ahead on another thread or all there from the start."""

    @property
    def end_tick(self) -> int | None:
        """Position at which the performance ends whatever still sounds, None if it does not."""
        ...

    def take_before(self, tick: int) -> list[Note]:
        """Hand over the notes with an onset before `tick` that have not been taken; returns at once."""
        ...

    def finished(self) -> bool:
        """Tell whether `take_before` has given everything there will ever be."""
        ...

    def locate(self, tick: int) -> None:
        """Go on from another position; returns at once."""
        ...

    def wait_until_made(self, tick: int, timeout_seconds: float) -> bool:
        """Wait until the notes before a position can be taken; False if that took too long."""
        ...


class Dispatcher:
    """Plays a source into a port until it ends or is stopped, and leaves nothing sounding.

    `run` belongs on a thread of its own; the properties may be read from others while it runs. `on_sent` is called
    on the thread of `run`, in order, for each message that has left.

    Attributes:
        early_seconds: How long before its time each message is sent, for what comes after the port takes as long.
        delay: Tells how many seconds after its time what starts or ends at a position shall be sent.
        worst_lateness_seconds: The most that a message left after it was due.
        late_notes: Notes that came from the source after their time; they were played at once.
        missed_notes: Notes that came after their end, or whose time came while this program was stopped; they were left
            out.
        lost_notes: Notes that were not heard because the port was away.

    """

    def __init__(
        self,
        port: OutputPort,
        transport: Transport,
        source: NoteSource,
        channels: Sequence[int],
        on_sent: Callable[[Sent], None] = lambda _: None,
        wake: threading.Event | None = None,
        clock_out: ClockOut | None = None,
    ) -> None:
        """Get ready to play.

        Args:
            port: Where to; its clock is the one that the transport tells time by.
            transport: When.
            source: What.
            channels: MIDI channel 1..16 of each voice.
            on_sent: See above.
            wake: Set by whoever has news for the transport; None where nobody has.
            clock_out: The clock that others are given; notes are then not delayed, since pulses go among them.

        """
        self._port = port
        self._clock = port.clock
        self._transport = transport
        self._source = source
        self._channels = channels
        self._clock_out = clock_out
        self._on_sent = on_sent
        self._wake = wake
        self._panics = Panics()
        self._pause: Callable[[], None] | None = None
        self._away = False  # the port is
        self._owed: dict[tuple[Kind, int, int], Message] = {}  # what ends the notes that sounded when the port went
        self._scheduler = Scheduler()
        self._unsent: deque[Message] = deque()  # due, not yet given to the port
        self._on_the_way: deque[Sent] = deque()  # given to the port, not yet out
        self._latest_due = float("-inf")
        self._taken_before = 0
        self._pull_tick = self.position_tick()
        self._awaited = 0.0  # when it was time to look
        self._absent_before = self._pull_tick  # what started before this position started while nobody was there
        self.early_seconds = 0.0
        self.delay: Callable[[int], float] = lambda _: 0.0
        self.worst_lateness_seconds = 0.0
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

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes a minute at present."""
        return self._transport.tempo_bpm

    def position_tick(self) -> int:
        """Return the position at present; negative before the start."""
        return self._transport.tick_at(self._clock.now())

    def now(self) -> float:
        """Return the time of the port's clock."""
        return self._clock.now()

    def tick_at(self, seconds: float) -> int:
        """Return the last position reached at a time of the port's clock; negative before the start."""
        return self._transport.tick_at(seconds)

    def panic(self, until_seconds: float | None = None) -> None:
        """End what sounds as soon as possible, and nothing else: what has not begun is played in its time.

        May be called on any thread.

        Args:
            until_seconds: The time of the port's clock at which that was asked for; what has begun since then goes on.
                None for now.

        """
        self._panics.ask(self._clock.now() if until_seconds is None else until_seconds)
        if self._wake is not None:
            self._wake.set()

    def pause(self, hold: Callable[[], None]) -> None:
        """End what sounds and, when that has left, call `hold`, which returns when the music is to go on.

        May be called on any thread, also in the handler of a signal; returns at once.
        """
        self._pause = hold  # seen at the next look at the latest: a handler must not wait for the event's lock

    def run(self, stop: threading.Event) -> None:
        """Play until the source has ended and its last message is out, or until `stop` is set.

        However it ends, by an exception too, every note that sounds is ended before this returns.
        """
        self._awaited = self._clock.now()
        try:
            while not stop.is_set():
                if self._wake is not None:
                    self._wake.clear()  # before looking: what comes from now on wakes again
                for move in self._transport.moves(self._clock.now()):
                    self._follow(move)
                self._hold()
                now = self._clock.now()
                if now - self._awaited > ABSENT_SECONDS:
                    self._leave_out_missed(now)
                self._tend()
                self._obey_panics()
                if self._transport.running:
                    if self._is_behind(now):
                        self._pull()
                    self._let_pass() if self._away else self._send_due(now)
                    self._pull()
                self._report(self._port.pending_count())
                deadline = self._next_deadline()
                if deadline is None:
                    break
                self._awaited = max(deadline, now)
                self._clock.wait_until(deadline, self._wake or stop)
        finally:
            try:
                if self._away:
                    self._tend()
                self._silence(self.position_tick())
                self._stop_clock(self.position_tick())
            finally:
                self._report(0)

    def _hold(self) -> None:
        """Wait in silence if a pause has been asked for; notes whose time has passed meanwhile are left out."""
        hold, self._pause = self._pause, None
        if hold is None:
            return
        self._silence(self.position_tick())
        until = self._clock.now() + self._port.lead_seconds + _LEAVING_SECONDS
        while self._port.pending_count() and self._clock.now() < until:
            self._clock.wait_until(self._clock.now() + _LEAVING_SECONDS, threading.Event())
        self._report(self._port.pending_count())
        hold()
        self._scheduler.skip_to(self.position_tick())

    def _follow(self, move: TransportEvent) -> None:
        """Do what becomes of the song."""
        match move.kind:
            case TransportEventKind.STOP | TransportEventKind.LOCATE:
                self._silence(move.tick)
                self._go_to(move.tick)
            case TransportEventKind.START:
                self._panics.start(max(self._clock.now(), self._transport.seconds_at(move.tick)))
                if self._taken_before != move.tick:
                    self._go_to(move.tick)
                self._source.wait_until_made(move.tick + PULL_TICKS, MAKING_SECONDS)
                self._pull_tick = min(self._pull_tick, self.position_tick())  # the start may lie ahead
            case TransportEventKind.RETIME:
                self._give_again()

    def _go_to(self, tick: int) -> None:
        """Forget the notes at hand and take those from another position on."""
        self._scheduler = Scheduler()
        self._source.locate(tick)
        self._taken_before = self._pull_tick = self._absent_before = tick

    def _leave_out_missed(self, now: float) -> None:
        """Start none of the notes whose time has come while this program was stopped; their place is silent."""
        self._rewind()
        self._absent_before = self._transport.tick_at(now + self.early_seconds)
        self.missed_notes += self._scheduler.skip_to(self._absent_before)

    def _give_again(self) -> None:
        """Take back what has not left, and give it its time by the new tempo."""
        self._rewind()
        self._pull_tick = min(self._pull_tick, self.position_tick())

    def _rewind(self) -> None:
        """Take back what has not left: what has not begun waits again, and what has not ended sounds."""
        pending = self._port.discard_pending()
        for _ in pending:
            self._on_the_way.pop()
        taken_back = [*pending, *self._unsent]
        self._unsent.clear()
        self._latest_due = float("-inf")
        if self._clock_out is not None:
            self._clock_out.take_back(taken_back)
        self._scheduler.take_back([message for message in taken_back if message.kind not in REAL_TIME])
        self._panics.take_back(taken_back)

    def _obey_panics(self) -> None:
        """End what had begun when a panic was asked for, with all notes off on its channels.

        Where nothing had, nothing is done: what is about to leave would be given anew, and could come late by that.
        """
        until = self._panics.due()
        if until is None or self._away:
            return
        self._rewind()
        keys, channels = self._panics.end(until, self._scheduler.sounding)
        # Behind all that has started: as early as the messages leave.
        tick = self._transport.tick_at(self._clock.now() + self.early_seconds) + 1
        self._end_with([*self._owed.values(), *self._scheduler.hush(tick, keys, channels)])

    def _stop_clock(self, tick: int) -> None:
        stop = None if self._clock_out is None else self._clock_out.stop(tick)
        if stop is not None:
            self._give(stop, self._clock.now())

    def _tend(self) -> None:
        """See whether the port is there, and do what becomes of the music when it goes and when it is back."""
        away, self._away = self._away, not self._port.check_alive()
        if self._away and not away:
            self._rewind()
            # By MIDI they cannot leave now; what sounds here, beside it, hears them.
            self._end_with(self._scheduler.release(self.position_tick()))
        elif away and not self._away:
            self._let_pass()
            # A receiver that has survived still plays them; one that has not does not mind.
            self._end_with([replace(message, tick=self.position_tick()) for message in self._owed.values()])

    def _let_pass(self) -> None:
        """Leave out the notes whose time has come while the port is away: none is to be heard late."""
        self.lost_notes += self._scheduler.skip_to(self.position_tick())

    def _owe(self, messages: Iterable[Message]) -> None:
        self._owed.update({(one.kind, one.channel, one.number): one for one in messages})

    def _end_with(self, messages: list[Message]) -> None:
        """Give the messages that end notes; those that cannot leave are kept for when the port is back."""
        self._owed.clear()
        now = self._clock.now()
        self._owe([message for message in messages if self._give(message, now) is None])

    def _send_due(self, now: float) -> None:
        """Give the port what is due, or will be within its lead; `now` is a time that is known to be the present."""
        while (tick := self._next_tick()) is not None and self._send_seconds(tick) <= now:
            if self._clock_out is not None:
                self._unsent += self._clock_out.due(tick)
            self._unsent += self._scheduler.due(tick)
            self._send_unsent()

    def _next_tick(self) -> int | None:
        """Return the position of the next message; pulses go on to the end, or as long as there is music."""
        tick = self._scheduler.next_tick()
        over = tick is None and self._all_taken() and self._source.end_tick is None
        if self._clock_out is None or over:
            return tick
        pulse = self._clock_out.next_tick()
        return min((one for one in (tick, pulse) if one is not None), default=None)

    def _send_unsent(self) -> None:
        while self._unsent:
            message = self._unsent[0]
            # A tick with less delay than the one before it waits for that: the order is kept.
            self._latest_due = max(self._latest_due, self._due_seconds(message.tick))
            sent = self._give(message, self._latest_due)
            if sent is None:
                return
            self._unsent.popleft()
            self.worst_lateness_seconds = max(self.worst_lateness_seconds, sent.lateness_seconds)

    def _due_seconds(self, tick: int) -> float:
        delay = self.delay(tick) if self._clock_out is None else 0.0
        return self._transport.seconds_at(tick) + delay - self.early_seconds

    def _send_seconds(self, tick: int) -> float:
        return self._due_seconds(tick) - self._port.lead_seconds

    def _give(self, message: Message, due_seconds: float) -> Sent | None:
        """Give the port a message; None if the port is away."""
        leaves = self._port.send(message, due_seconds)
        if leaves is None:
            return None
        sent = Sent(message, due_seconds, leaves)
        self._on_the_way.append(sent)
        self._panics.strike(message, leaves)
        return sent

    def _is_behind(self, now: float) -> bool:
        """Tell whether what is due has not all been taken from the source: this thread was held up.

        What ends at a position closes it; a note that is taken only then starts a tick late.
        """
        return self._transport.tick_at(now + self._port.lead_seconds + self.early_seconds) >= self._taken_before

    def _pull(self) -> None:
        """Take notes from the source up to the horizon, if it is time to."""
        now = self._clock.now()
        position = self._transport.tick_at(now)
        if position < self._pull_tick or self._all_taken():
            return
        self._pull_tick = position + PULL_TICKS
        lead_seconds = self._port.lead_seconds + self.early_seconds
        self._taken_before = self._transport.tick_at(now + lead_seconds) + HORIZON_TICKS
        notes = self._source.take_before(self._taken_before)
        end_tick = self._source.end_tick
        self._schedule(notes if end_tick is None else cut_at(notes, end_tick), now)

    def _schedule(self, notes: list[Note], now: float) -> None:
        sent_tick = self._transport.tick_at(now + self.early_seconds)
        in_time = [note for note in notes if note.end > sent_tick and note.onset >= self._absent_before]
        self.missed_notes += len(notes) - len(in_time)
        self.late_notes += sum(self._due_seconds(note.onset) < now - LATE_NOTE_SECONDS for note in in_time)
        for note in in_time:
            self._scheduler.add((note,), self._channels[note.voice])

    def _all_taken(self) -> bool:
        end_tick = self._source.end_tick
        return self._source.finished() or (end_tick is not None and self._taken_before >= end_tick)

    def _report(self, pending_count: int) -> None:
        while len(self._on_the_way) > pending_count:
            self._on_sent(self._on_the_way.popleft())

    def _next_deadline(self) -> float | None:
        """Return when there is something to do again, None if everything has been played."""
        if not self._transport.running:
            return self._clock.now() + LOOK_SECONDS
        tick = self._next_tick()
        deadlines = [] if tick is None else [self._send_seconds(tick)]
        if not self._all_taken():
            deadlines.append(self._transport.seconds_at(self._pull_tick))
        if not deadlines and self._on_the_way:
            deadlines.append(max(self._on_the_way[-1].sent_seconds, self._clock.now() + _LEAVING_SECONDS))
        if deadlines and self._away:
            return self._clock.now() + LOOK_SECONDS
        if deadlines and self._wake is not None:
            deadlines.append(self._clock.now() + LOOK_SECONDS)
        return min(deadlines, default=None)

    def _silence(self, tick: int) -> None:
        """End what sounds: what never left is taken back first, so that only notes that were heard are ended."""
        self._rewind()
        self._panics.forget_uses()
        self._end_with([*self._owed.values(), *self._scheduler.silence(tick)])
