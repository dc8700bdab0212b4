"""Notes in, messages out: which note-ons and note-offs are due at a position. Pure: it knows no clock and no port."""

from collections.abc import Collection, Iterable, Sequence
from heapq import heappop, heappush

from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, SUSTAIN_PEDAL, Kind, Message
from lstm_composer.runtime.music.notes import Note

RELEASE_VELOCITY = 64
"""Value of a note-off from a sender that does not measure how fast a key is let go (MIDI 1.0)."""

_Key = tuple[int, int]  # channel, pitch


class Scheduler:
    """Holds notes until they are due and knows what sounds.

    Only the starts wait; ends are kept with the pitch that sounds. So a pitch can never overlap itself: its next
    start ends it, and no pending end is left behind. Of two notes that start together on one pitch the longer
    plays. A position that has been handed out is closed: a note that comes late starts at the first open one.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Note]] = []  # a heap of (start, channel, note)
        self._sounding: dict[_Key, int] = {}  # position at which each ends
        self._voices: dict[_Key, int] = {}  # who struck each key last
        self._channels: set[int] = set()
        self._open: int | None = None  # first position that has not been handed out; None before the first
        self._untouched: int | None = None  # first position of which nothing has left; None before the first

    @property
    def sounding(self) -> frozenset[_Key]:
        """The (channel, pitch) pairs that have been started and not ended."""
        return frozenset(self._sounding)

    @property
    def waiting(self) -> list[Note]:
        """The notes that have not been started, in no order; may be read on any thread."""
        return [note for _, _, note in self._waiting.copy()]

    @property
    def ends(self) -> dict[_Key, int]:
        """Positions at which those that sound end; may be read on any thread, since the copy is made in one step."""
        return self._sounding.copy()

    def add(self, notes: Iterable[Note], channel: int) -> None:
        """Take notes, in any order, to play on a channel 1..16.

        A note that ends at or before the first open position is left out: there is nothing left of it.
        """
        for note in notes:
            start = self._not_before_open(note.onset)
            if start < note.end:
                heappush(self._waiting, (start, channel, note))

    def next_tick(self) -> int | None:
        """Return the position of the next message, None if nothing waits and nothing sounds."""
        next_end = min(self._sounding.values(), default=None)
        if not self._waiting:
            return next_end
        next_start = self._waiting[0][0]
        return next_start if next_end is None else min(next_start, next_end)

    def due(self, tick: int) -> list[Message]:
        """Take out every message up to and including a position: by tick, ends before starts, low before high."""
        messages: list[Message] = []
        while (position := self.next_tick()) is not None and position <= tick:
            messages += self._take(position)
        return messages

    def take_back(self, messages: Sequence[Message]) -> None:
        """Undo messages that a port was given but had not sent, newest given last.

        A start that never left does not sound, and its note waits again; an end that never left leaves its note
        sounding until then.
        """
        if messages:
            self._open = messages[0].tick
            self._untouched = messages[0].tick + 1  # a part of that position may have left
        for message in reversed(messages):
            key = (message.channel, message.number)
            if message.kind is Kind.NOTE_ON:
                self._wait_again(message, self._sounding.pop(key, message.tick))
            elif message.kind is Kind.NOTE_OFF:
                self._sounding[key] = message.tick
            elif message.kind is Kind.CONTROL:
                self._channels.add(message.channel)

    def _wait_again(self, start: Message, end: int) -> None:
        if end > start.tick:
            voice = self._voices.get((start.channel, start.number), 0)
            note = Note(start.tick, start.number, end - start.tick, start.value, voice)
            heappush(self._waiting, (start.tick, start.channel, note))

    def skip_to(self, tick: int) -> int:
        """Leave out the notes that would start before a position; return how many."""
        skipped = self._pop_starts(tick - 1)
        self._open = self._not_before_open(tick)
        return len(skipped)

    def silence(self, tick: int) -> list[Message]:
        """Drop what waits and end what sounds; see `release`."""
        self._waiting.clear()
        return self.release(tick)

    def release(self, tick: int) -> list[Message]:
        """End what sounds; what waits goes on waiting.

        Returns:
            Note-offs for every sounding pitch, then sustain pedal up and all-notes-off on each channel that was
            used since the last silence, at `tick` or at the first position of which nothing has left if that is later.

        """
        position = tick if self._untouched is None else max(tick, self._untouched)
        messages = self.hush(tick=position, keys=self.sounding, channels=self._channels)
        self._open = self._untouched = position + 1
        return messages

    def hush(self, tick: int, keys: Collection[_Key], channels: Collection[int]) -> list[Message]:
        """End some of what sounds; no position is closed, and what waits starts when it would have.

        Args:
            tick: Position of the messages.
            keys: What to end, of what sounds.
            channels: Where the sustain pedal goes up and all notes off is said, if they were used.

        """
        used = sorted(self._channels.intersection(channels))
        ends = self._end(sorted(keys), tick)
        self._channels.difference_update(used)
        return ends + [
            Message(tick, Kind.CONTROL, channel, controller, 0)
            for controller in (SUSTAIN_PEDAL, ALL_NOTES_OFF)
            for channel in used
        ]

    def _not_before_open(self, tick: int) -> int:
        return tick if self._open is None else max(tick, self._open)

    def _take(self, position: int) -> list[Message]:
        self._open = self._untouched = position + 1
        starts = self._pop_starts(position)
        ends = [key for key, end in self._sounding.items() if end <= position or key in starts]
        return self._end(sorted(ends), position) + self._start(starts, position)

    def _pop_starts(self, position: int) -> dict[_Key, Note]:
        starts: dict[_Key, Note] = {}
        while self._waiting and self._waiting[0][0] <= position:
            _, channel, note = heappop(self._waiting)
            key = (channel, note.pitch)
            starts[key] = max(note, starts.get(key, note), key=lambda one: (one.end, one))
        return starts

    def _end(self, keys: Iterable[_Key], position: int) -> list[Message]:
        messages: list[Message] = []
        for channel, pitch in keys:
            del self._sounding[channel, pitch]
            messages.append(Message(position, Kind.NOTE_OFF, channel, pitch, RELEASE_VELOCITY))
        return messages

    def _start(self, starts: dict[_Key, Note], position: int) -> list[Message]:
        messages: list[Message] = []
        for (channel, pitch), note in sorted(starts.items()):
            self._sounding[channel, pitch] = note.end
            self._voices[channel, pitch] = note.voice
            self._channels.add(channel)
            messages.append(Message(position, Kind.NOTE_ON, channel, pitch, note.velocity))
        return messages
