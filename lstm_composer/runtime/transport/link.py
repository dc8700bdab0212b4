"""Ableton Link: tempo, beat and start/stop shared with other programs, on this machine or in the local network.

Link has no leader: every program has the same timeline of beats, and any may change its tempo. We join on a bar line
and keep our own count of bars, with the beats of our bars on Link's. Where programs share start and stop too, a stop
ends the music, and a start begins it anew on the next bar line. Needs the package aalink (extra `link`).

Source: the concepts of Link's documentation (ableton.github.io/link): tempo and beat alignment, quantum, start/stop.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any, Final, Protocol

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER
from lstm_composer.runtime.system.installation import adding
from lstm_composer.runtime.transport.clock import Clock
from lstm_composer.runtime.transport.transport import TransportEvent, TransportEventKind

SETTLE_SECONDS: Final = 1.0
"""Other programs are found within this time; until then nothing is played, and what they do is no news."""
JUMP_SECONDS: Final = 0.005
"""Link's timeline and ours differ by less than this as long as nobody moves it; by more, somebody has."""
PULL: Final = 0.1
"""Share of a difference that is taken up at each look: the port's clock may run at a sound card's speed."""
LEAST_TEMPO_CHANGE: Final = 1e-4
JOIN_TIMEOUT_SECONDS: Final = 5.0


class Session(Protocol):
    """What is read of Link; `aalink.Link` has it."""

    @property
    def beat(self) -> float:
        """Quarter notes on Link's timeline, at present."""

    @property
    def tempo(self) -> float:
        """Quarter notes a minute."""

    @property
    def playing(self) -> bool:
        """Whether those who share start and stop play."""


class LinkTransport:
    """A `runtime.transport.transport.Transport` on Link's timeline. All its methods belong on one thread."""

    def __init__(self, session: Session, clock: Clock, beats_per_bar: float) -> None:
        """Join on the first bar line after a moment for finding others.

        Args:
            session: Link.
            clock: The port's.
            beats_per_bar: Link's quantum, in quarter notes.

        """
        self._session = session
        self._clock = clock
        self._bar_beats = beats_per_bar
        self._tempo = session.tempo
        self._seconds, self._beat = self._look()
        self._settled_at = self._seconds + SETTLE_SECONDS
        self._settled = False
        self._playing = session.playing
        self._started = False
        self._origin = self._next_bar(self._beat_at(self._settled_at))

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes a minute at present."""
        return self._tempo

    @property
    def running(self) -> bool:
        """Whether the position moves on; before the first bar line it is negative."""
        return self._started

    def begin(self, now_seconds: float) -> None:
        """Link's beats go on as they do; others have been looked for since we joined."""

    def seconds_at(self, tick: int) -> float:
        """Return the time of the port's clock at which a position is reached."""
        return self._seconds + (self._origin + tick / TICKS_PER_QUARTER - self._beat) * 60.0 / self._tempo

    def tick_at(self, seconds: float) -> int:
        """Return the last position reached at a time; negative before the start."""
        nearest = round((self._beat_at(seconds) - self._origin) * TICKS_PER_QUARTER)
        return nearest if self.seconds_at(nearest) <= seconds else nearest - 1

    def moves(self, now_seconds: float) -> list[TransportEvent]:
        """Look at Link, and return what has become of the song since this was asked last."""
        seconds, beat = self._look()
        tempo, playing = self._session.tempo, self._session.playing
        found: list[TransportEvent] = []
        off_seconds = (beat - self._beat_at(seconds)) * 60.0 / self._tempo
        if abs(tempo / self._tempo - 1.0) > LEAST_TEMPO_CHANGE:
            found += self._retime(seconds, beat, tempo)
        elif abs(off_seconds) > JUMP_SECONDS:
            found += self._jump(seconds, beat)
        else:
            self._beat += PULL * (beat - self._beat_at(seconds))
        if not self._settled:
            return found + self._settle(now_seconds, playing=playing)
        return found + self._follow(now_seconds, playing=playing)

    def _settle(self, now_seconds: float, *, playing: bool) -> list[TransportEvent]:
        """Begin on a bar line once others have had time to be found."""
        self._playing = playing
        if now_seconds < self._settled_at:
            return []
        self._settled = self._started = True
        self._origin = self._next_bar(self._beat_at(now_seconds))
        return [TransportEvent(TransportEventKind.LOCATE, 0), TransportEvent(TransportEventKind.START, 0)]

    def _follow(self, now_seconds: float, *, playing: bool) -> list[TransportEvent]:
        """Stop and start with those who share it."""
        if playing == self._playing:
            return []
        self._playing = playing
        stopped = [TransportEvent(TransportEventKind.STOP, max(0, self.tick_at(now_seconds)))] if self._started else []
        self._started = playing
        if not playing:
            return stopped
        self._origin = self._next_bar(self._beat_at(now_seconds))
        return [*stopped, TransportEvent(TransportEventKind.LOCATE, 0), TransportEvent(TransportEventKind.START, 0)]

    def _retime(self, seconds: float, beat: float, tempo: float) -> list[TransportEvent]:
        """Take a new tempo; the beats go on from where they are."""
        jumped = abs(beat - self._beat_at(seconds)) * 60.0 / self._tempo > 10 * JUMP_SECONDS
        moves = self._jump(seconds, beat) if jumped else []
        self._seconds, self._beat, self._tempo = seconds, beat, tempo
        return moves or (
            [TransportEvent(TransportEventKind.RETIME, max(0, self.tick_at(seconds)))] if self._started else []
        )

    def _jump(self, seconds: float, beat: float) -> list[TransportEvent]:
        """Take another place on the timeline (a session was joined): the bar count goes on, the beats are Link's."""
        moved = self._origin + beat - self._beat_at(seconds)
        self._origin = round(moved / self._bar_beats) * self._bar_beats
        self._seconds, self._beat = seconds, beat
        if not self._started:
            return []
        tick = self.tick_at(seconds)
        if tick < 0:
            self._origin -= self._bar_beats
            tick = self.tick_at(seconds)
        return [
            TransportEvent(TransportEventKind.STOP, tick),
            TransportEvent(TransportEventKind.LOCATE, tick),
            TransportEvent(TransportEventKind.START, tick),
        ]

    def _look(self) -> tuple[float, float]:
        """Read Link's beat and the time of the port's clock at that moment."""
        before = self._clock.now()
        beat = self._session.beat
        return (before + self._clock.now()) / 2, beat

    def _beat_at(self, seconds: float) -> float:
        return self._beat + (seconds - self._seconds) * self._tempo / 60.0

    def _next_bar(self, beat: float) -> float:
        return ceil(beat / self._bar_beats) * self._bar_beats


@contextmanager
def joined(tempo_bpm: float, beats_per_bar: float) -> Iterator[Session]:
    """Take part in Link for as long as the block runs; alone, at this tempo.

    Raises:
        MissingError: If aalink is not installed, or Link cannot be started.

    """
    try:
        import aalink  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingError(
            f"Ableton Link needs the package aalink: {adding('link')}, or play with --sync midi"
        ) from error

    def make() -> Any:
        link = aalink.Link(tempo_bpm)
        link.quantum = beats_per_bar
        link.start_stop_sync_enabled = True
        link.enabled = True
        return link

    with _event_loop() as run:
        link = run(make)
        try:
            yield link
        finally:
            link.enabled = False


@contextmanager
def _event_loop() -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Run an event loop on a thread of its own, which aalink wants; gives what runs a function there."""
    import asyncio  # noqa: PLC0415 - it would make every start of `play` slower

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="link", daemon=True)
    thread.start()

    async def call(function: Callable[[], Any]) -> Any:
        return function()

    try:
        yield lambda function: asyncio.run_coroutine_threadsafe(call(function), loop).result(JOIN_TIMEOUT_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(JOIN_TIMEOUT_SECONDS)
        loop.close()
