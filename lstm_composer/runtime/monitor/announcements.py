"""Which notes have been announced: what is to come and what sounds, as numbered events. Pure: told the time.

A look compares what is planned at present with what was announced, and says what is new, other or gone. On its way
from the queue to the port a note is for a moment in neither, so that one is gone only when two looks in a row do not
find it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

import msgspec

from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, Kind, Sent
from lstm_composer.runtime.monitor.protocol import NEAR_SECONDS, Event
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note

SAME_SECONDS: Final = 0.0002
"""Times that differ by less are not said again."""

Key = tuple[int, int]
"""Channel and pitch."""
_Place = tuple[int, int, int]  # position, channel, pitch


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be sent, as far as it is known at one moment.

    Attributes:
        now: The time.
        notes: Notes that have not been given to the port, as they are to be played.
        channels: Channel 1..16 of each voice.
        in_flight: Messages that the port has been given and that have not left.
        ends: Positions at which the notes that have been given end, by channel and pitch.
        due_seconds: Gives the time at which what is at a position is due.

    """

    now: float
    notes: Sequence[Note]
    channels: tuple[int, ...]
    in_flight: Sequence[Sent]
    ends: Mapping[Key, int]
    due_seconds: Callable[[int], float]

    def in_order(self) -> "Planned":
        """Return the same with the order of the messages kept: what is delayed less than the one before waits for that.

        It is so for what leaves soon; what is far away is said again when it has come nearer.
        """
        latest = max((sent.due_seconds for sent in self.in_flight), default=float("-inf"))
        dues: dict[int, float] = {}
        for tick in sorted(
            {*(note.onset for note in self.notes), *(note.end for note in self.notes), *self.ends.values()}
        ):
            dues[tick] = latest = max(latest, self.due_seconds(tick))
            if latest > self.now + 2 * NEAR_SECONDS:
                break
        given = self.due_seconds
        return replace(self, due_seconds=lambda tick: dues[tick] if tick in dues else given(tick))


class Announcements:
    """What has been announced. For one thread."""

    def __init__(self) -> None:
        self._numbers = count()
        self._coming: dict[_Place, Event] = {}
        self._sounding: dict[Key, Event] = {}
        self._missing: set[_Place] = set()  # not found at the last look
        self._changed: dict[int, Event] = {}
        self._gone: list[int] = []

    @property
    def events(self) -> tuple[Event, ...]:
        """All that sounds or is to come."""
        return (*self._sounding.values(), *self._coming.values())

    def take_sent(self, messages: Iterable[Sent]) -> None:
        """Take note of messages that have left."""
        for sent in messages:
            message = sent.message
            match message.kind:
                case Kind.NOTE_ON:
                    self._begin(sent)
                case Kind.NOTE_OFF:
                    self._end((message.channel, message.number), sent)
                case Kind.CONTROL if message.number == ALL_NOTES_OFF:
                    for key in [key for key in self._sounding if key[0] == message.channel]:
                        self._end(key, sent)

    def look(self, planned: Planned) -> None:
        """Compare what is planned with what was announced."""
        planned = planned.in_order()
        places = self._places(planned)
        for place, note in places.items():
            self._plan(place, note, planned)
        on_their_way = self._look_at_flight(planned)
        for key, event in self._sounding.items():
            self._sound_on(key, event, planned)
        self._miss(places.keys() | on_their_way)

    def news(self) -> tuple[tuple[Event, ...], tuple[int, ...]]:
        """Return what is new or other since this was asked last, and the numbers of what is gone."""
        changed, gone = tuple(self._changed.values()), tuple(self._gone)
        self._changed, self._gone = {}, []
        return changed, gone

    def forget_coming(self) -> None:
        """Forget what is to come, and what is new: nobody is told of it."""
        self._coming.clear()
        self._missing.clear()
        self.news()

    def _places(self, planned: Planned) -> dict[_Place, Note]:
        """Where the notes that have not been given are; of two at one place the longer is played."""
        places: dict[_Place, Note] = {}
        for note in planned.notes:
            place = (note.onset, planned.channels[note.voice], note.pitch)
            if place not in places or places[place].end < note.end:
                places[place] = note
        return places

    def _plan(self, place: _Place, note: Note, planned: Planned) -> None:
        known = self._coming.get(place)
        if known is None:
            self._say_coming(place, self._new(place, note, planned))
            return
        is_as_said = (known.velocity, known.duration, known.voice) == (note.velocity, note.duration, note.voice)
        if is_as_said and known.due - planned.now > NEAR_SECONDS:
            return
        due, ends = _times(note, planned)
        if not (is_as_said and _same(known.due, due) and _same(known.ends, ends)):
            said = Event(
                known.id, note.onset, due, note.pitch, note.velocity, note.duration, ends, place[1], note.voice
            )
            self._say_coming(place, said)

    def _new(self, place: _Place, note: Note, planned: Planned) -> Event:
        due, ends = _times(note, planned)
        number = next(self._numbers)
        return Event(number, note.onset, due, note.pitch, note.velocity, note.duration, ends, place[1], note.voice)

    def _look_at_flight(self, planned: Planned) -> set[_Place]:
        """Have the times of what the port was given be those that it was given."""
        found: set[_Place] = set()
        for sent in planned.in_flight:
            if sent.message.kind is not Kind.NOTE_ON:
                continue
            place = _place(sent)
            found.add(place)
            known = self._coming.get(place)
            if known is not None and not _same(known.due, sent.due_seconds):
                self._say_coming(place, msgspec.structs.replace(known, due=_rounded(sent.due_seconds)))
        return found

    def _sound_on(self, key: Key, event: Event, planned: Planned) -> None:
        """Say again when a note that sounds is to end, if it is to end otherwise than was said."""
        end = planned.ends.get(key)
        if end is None or end <= event.tick:
            return
        duration = end - event.tick
        if duration == event.duration and event.ends - planned.now > NEAR_SECONDS:
            return
        ends = _rounded(planned.due_seconds(end))
        if duration != event.duration or not _same(ends, event.ends):
            self._say_sounding(key, msgspec.structs.replace(event, duration=duration, ends=ends))

    def _begin(self, sent: Sent) -> None:
        message, place = sent.message, _place(sent)
        event = self._coming.pop(place, None)
        self._missing.discard(place)
        due = _rounded(sent.due_seconds)
        if event is None:  # nobody looked since it was made; how long it lasts is seen at the next look
            duration = TICKS_PER_QUARTER
            event = Event(
                next(self._numbers), message.tick, due, message.number, message.value, duration, due, message.channel, 0
            )
            self._changed[event.id] = event
        elif not _same(event.due, due):
            event = msgspec.structs.replace(event, due=due)
            self._changed[event.id] = event
        self._sounding[message.channel, message.number] = event

    def _end(self, key: Key, sent: Sent) -> None:
        event = self._sounding.pop(key, None)
        if event is None:
            return
        duration, ends = max(1, sent.message.tick - event.tick), _rounded(sent.due_seconds)
        if duration != event.duration or not _same(event.ends, ends):
            self._changed[event.id] = msgspec.structs.replace(event, duration=duration, ends=ends)

    def _miss(self, found: set[_Place]) -> None:
        missing = self._coming.keys() - found
        for place in missing & self._missing:
            event = self._coming.pop(place)
            self._changed.pop(event.id, None)
            self._gone.append(event.id)
        self._missing = set(missing) - self._missing

    def _say_coming(self, place: _Place, event: Event) -> None:
        self._coming[place] = self._changed[event.id] = event

    def _say_sounding(self, key: Key, event: Event) -> None:
        self._sounding[key] = self._changed[event.id] = event


def _place(sent: Sent) -> _Place:
    return (sent.message.tick, sent.message.channel, sent.message.number)


def _times(note: Note, planned: Planned) -> tuple[float, float]:
    return _rounded(planned.due_seconds(note.onset)), _rounded(planned.due_seconds(note.end))


def _rounded(seconds: float) -> float:
    """Whole microseconds: what is said of a time is short."""
    return round(seconds, 6)


def _same(first: float, second: float) -> bool:
    return abs(first - second) < SAME_SECONDS
