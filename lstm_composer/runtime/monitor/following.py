"""What a running `play` is doing, put together from what it says, and what time it is there. Pure: told the time."""

from collections import deque
from dataclasses import dataclass, replace
from math import floor
from typing import Final

import msgspec

from lstm_composer.runtime.monitor.protocol import Anchor, Delta, Event, FromPlay, Whole
from lstm_composer.runtime.monitor.snapshot import RollNote, Snapshot, Time
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER

PAST_BARS: Final = 2
"""Bars before the present one whose notes are kept."""
MOST_ANSWERS: Final = 32
"""Of a clock: clocks drift, by 50 millionths at the most, so that a minute of old ones does no harm."""
_MOST_TICKS: Final = 2.0**52
"""Far beyond all music; what says so is no play."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was said last; `past` ended before the `Whole` that told it."""

    snapshot: Snapshot
    anchor: Anchor


class Picture:
    """Takes what a play says, and shows what it is doing at a time of the play's clock."""

    def __init__(self) -> None:
        self._known: _Known | None = None
        self._past: list[RollNote] = []
        self._events: dict[int, Event] = {}

    @property
    def is_complete(self) -> bool:
        """Whether enough was said to show something."""
        return self._known is not None

    def take(self, message: FromPlay) -> None:
        """Take what was said."""
        match message:
            case Whole():
                self._known = _Known(message.snapshot, message.anchor)
                self._past = list(message.snapshot.past)
                self._events = {event.id: event for event in message.events}
            case Delta() if self._known is not None:
                self._change(message, self._known)

    def at(self, seconds: float) -> Snapshot | None:
        """Return what goes on at a time of the play's clock; None before enough was said."""
        if self._known is None:
            return None
        snapshot, anchor = self._known.snapshot, self._known.anchor
        tick = _tick(anchor, seconds)
        bar, rest = divmod(tick, snapshot.ticks_per_bar)
        beat = rest // snapshot.ticks_per_beat + 1
        time = Time(anchor.source, anchor.tempo_bpm, anchor.running, tick, max(0, bar + 1), beat)
        self._let_go((bar - PAST_BARS) * snapshot.ticks_per_bar, tick, seconds)
        begun = {event.id for event in self._events.values() if _has_begun(event, anchor, seconds, tick)}
        return replace(
            snapshot,
            time=time,
            past=tuple(self._past),
            sounding=tuple(_on_roll(event) for event in self._events.values() if event.id in begun),
            coming=tuple(_on_roll(event) for event in self._events.values() if event.id not in begun),
        )

    def _change(self, delta: Delta, known: _Known) -> None:
        self._events |= {event.id: event for event in delta.events}
        for number in delta.gone:
            self._events.pop(number, None)
        turned = {control.name: control for control in delta.controls}
        old = known.snapshot
        snapshot = replace(
            old,
            controls=tuple(turned.pop(control.name, control) for control in old.controls) + tuple(turned.values()),
            style=old.style if delta.style is None else delta.style,
            seed=old.seed if delta.seed is None else delta.seed,
        )
        if delta.counts is not None:
            counts = delta.counts
            snapshot = replace(snapshot, **{name: getattr(counts, name) for name in msgspec.structs.asdict(counts)})
        self._known = _Known(snapshot, known.anchor if delta.anchor is None else delta.anchor)

    def _let_go(self, first_tick: int, tick: int, seconds: float) -> None:
        """Move what has ended to what is past, and forget what is long past or of a place that was left."""
        ended = [event for event in self._events.values() if event.ends <= seconds and event.due < seconds]
        for event in ended:
            del self._events[event.id]
        self._past += [_on_roll(event) for event in ended]
        self._past = [note for note in self._past if note.onset + note.duration > first_tick and note.onset <= tick]


class ClockOffset:
    """How far a play's clock is ahead of ours, from questions that it has answered: as NTP measures it (RFC 5905).

    The answer to a question that was sent at s and answered at r, and was here at e, says that at (s + e) / 2 by our
    clock it was r by the other one, if both ways take as long. Half of the difference of the two ways is the error; it
    is at most half of what both take together, so the quickest of the last answers counts.
    """

    def __init__(self) -> None:
        self._answers: deque[tuple[float, float]] = deque(maxlen=MOST_ANSWERS)  # how long it took, and the offset

    @property
    def seconds(self) -> float | None:
        """What is added to a time of ours for one of theirs; None before the first answer."""
        return min(self._answers)[1] if self._answers else None

    @property
    def error_seconds(self) -> float | None:
        """The most that `seconds` can be wrong by; None before the first answer."""
        return min(self._answers)[0] / 2 if self._answers else None

    def add(self, sent: float, received: float, answered: float, back: float) -> None:
        """Take an answer.

        Args:
            sent: When the question left, by our clock.
            received: When it came, by theirs.
            answered: When the answer left, by theirs.
            back: When it was here, by ours.

        """
        took = (back - sent) - (answered - received)
        self._answers.append((max(0.0, took), ((received - sent) + (answered - back)) / 2))


def _tick(anchor: Anchor, seconds: float) -> int:
    if not anchor.running:
        return anchor.tick
    moved = (seconds - anchor.seconds) * anchor.tempo_bpm * TICKS_PER_QUARTER / 60.0
    return anchor.tick + floor(max(-_MOST_TICKS, min(_MOST_TICKS, moved)))


def _has_begun(event: Event, anchor: Anchor, seconds: float, tick: int) -> bool:
    return event.due <= seconds and (anchor.running or event.tick <= tick)


def _on_roll(event: Event) -> RollNote:
    return RollNote(event.tick, event.note, event.duration, event.velocity, event.channel)
